"""What %%track adds to a cell, against MLflow by hand and against the floor, all in one real kernel."""

import os
import statistics
import tempfile
from pathlib import Path

from jupyter_client.manager import start_new_kernel
from measure import report

_HERE = Path(__file__).parent

_SETUP = f"""
import sys, os, time, warnings, logging, io, pickle, sqlite3, hashlib, json
warnings.simplefilter("ignore")
sys.path.insert(0, {str(_HERE)!r})
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np, pandas as pd, pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_score, recall_score
from frame import mixed_frame
frame = mixed_frame()
X, y = frame[["f0", "f1", "f2"]].to_numpy()[:500], (frame["f0"] > 0.5).to_numpy()[:500]
%load_ext nbops
"""

_CELL = """
model = LogisticRegression(C=0.5, tol=0.001, max_iter=200, solver="lbfgs", fit_intercept=True).fit(X, y)
p = model.predict(X)
rows = len(frame)
accuracy = accuracy_score(y, p)
f1 = f1_score(y, p)
precision = precision_score(y, p)
recall = recall_score(y, p)
loss = log_loss(y, model.predict_proba(X))
fig = plt.figure(); plt.plot([1, 2, 3]); plt.show()
"""

_MLFLOW_SETUP = """
import mlflow, mlflow.sklearn, mlflow.data
logging.getLogger("mlflow").setLevel(logging.ERROR)
mlflow.set_tracking_uri("sqlite:///" + os.environ["BENCH_FOLDER"] + "/byhand.db")
mlflow.set_experiment("by hand")
"""

_BY_HAND = """
with mlflow.start_run():
    for k, v in dict(C=0.5, tol=0.001, max_iter=200, solver="lbfgs", fit_intercept=True).items():
        mlflow.log_param(k, v)
    for k, v in dict(accuracy=accuracy, f1=f1, precision=precision, recall=recall, loss=loss).items():
        mlflow.log_metric(k, v)
    mlflow.log_figure(fig, "figure.png")
    mlflow.sklearn.log_model(model, name="model")
    mlflow.log_input(mlflow.data.from_pandas(frame, name="frame"), context="training")
"""

_FLOOR_SETUP = """
con = sqlite3.connect(os.environ["BENCH_FOLDER"] + "/floor.db", isolation_level=None)
con.execute("pragma journal_mode=wal"); con.execute("create table runs(id text, body text)")
def floor():
    image = io.BytesIO(); fig.savefig(image, format="png", bbox_inches="tight")
    data = pickle.dumps(model, protocol=5)
    h = hashlib.sha256()
    for column in pa.Table.from_pandas(frame, preserve_index=False).columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None:
                    h.update(buffer)
    body = json.dumps({"params": 5, "metrics": 5, "digest": h.hexdigest(), "image": len(image.getvalue()), "model": len(data)})
    con.execute("begin immediate"); con.execute("insert into runs values(?,?)", ("x", body)); con.execute("commit")
"""


class _Kernel:
    """A real kernel; :meth:`run` gives the seconds a cell took inside it."""

    def __init__(self, folder: str) -> None:
        self.manager, self.client = start_new_kernel(cwd=folder, env={**os.environ, "BENCH_FOLDER": folder})

    def run(self, code: str) -> float:
        busy = idle = None

        def note(message: dict) -> None:
            nonlocal busy, idle
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))
            if message["msg_type"] == "status":
                moment = message["header"]["date"]
                busy, idle = (moment, idle) if message["content"]["execution_state"] == "busy" else (busy, moment)

        self.client.execute_interactive(code, output_hook=note, timeout=600)
        assert busy is not None
        assert idle is not None
        return float((idle - busy).total_seconds())

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main(repeats: int = 9) -> bool:
    """Print the figures; give whether both goals are reached."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = _Kernel(folder)
        try:
            for code in (_SETUP, _CELL, "%%track\n" + _CELL, _MLFLOW_SETUP, _BY_HAND, _FLOOR_SETUP, "floor()"):
                kernel.run(code)
            taken: dict[str, list[float]] = {"plain": [], "tracked": [], "by hand": [], "floor": []}
            cells = {"plain": _CELL, "tracked": "%%track\n" + _CELL, "by hand": _CELL + _BY_HAND, "floor": "floor()"}
            # By hand is so slow that fewer rounds do.
            for number in range(repeats):
                for name, code in cells.items():
                    if name != "by hand" or number < 3:
                        taken[name].append(kernel.run(code))
        finally:
            kernel.stop()
    middle = {name: statistics.median(values) for name, values in taken.items()}
    added, by_hand = middle["tracked"] - middle["plain"], middle["by hand"] - middle["plain"]
    floor = middle["floor"]
    reached = by_hand / added >= 30 and added / floor <= 2
    report(
        "what tracking adds to a cell",
        {
            "plain cell, ms": middle["plain"] * 1000,
            "added by %%track, ms": added * 1000,
            "added by MLflow by hand (log_model, log_input), ms": by_hand * 1000,
            "the floor, ms": floor * 1000,
            "MLflow by hand / %%track": by_hand / added,
            "%%track / floor": added / floor,
        },
        "at least 30 times cheaper than MLflow by hand, at most 2 times the floor",
        reached,
    )
    return reached


if __name__ == "__main__":
    main()
