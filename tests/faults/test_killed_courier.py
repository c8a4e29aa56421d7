"""Kill -9 of the courier at 50 points while it mirrors runs into MLflow: each arrives whole and once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import nbops
from nbops.registry import register
from nbops.tracking import courier
from nbops.tracking.search import search_runs

POINTS = 50
PER_POINT = 2
CHECK = """
import json, sys
import mlflow
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1], registry_uri=sys.argv[1])
mlflow.set_tracking_uri(sys.argv[1])
experiments = [e.experiment_id for e in client.search_experiments()]
found = []
for run in client.search_runs(experiments, max_results=5000):
    models = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'")
    found.append({
        "id": run.data.tags.get("nbops.run_id"), "status": run.info.status, "name": run.info.run_name,
        "params": run.data.params, "metrics": run.data.metrics,
        "loss": sorted([p.step, p.value] for p in client.get_metric_history(run.info.run_id, "loss")),
        "figures": [f.path for f in client.list_artifacts(run.info.run_id, "figures")],
        "models": len(models), "outputs": len(run.outputs.model_outputs) if run.outputs else 0,
        "data": len(run.inputs.dataset_inputs) if run.inputs else 0,
        "predicts": [mlflow.pyfunc.load_model(m.model_uri).predict([[1.0]]).tolist() for m in models],
    })
versions = [
    [v.name, v.tags["nbops.version"], mlflow.pyfunc.load_model(f"models:/{v.name}/{v.version}").predict([[1.0]]).tolist()]
    for v in client.search_model_versions()
]
champion = client.get_model_version_by_alias("churn", "champion").tags["nbops.version"]
print(json.dumps({"runs": found, "versions": versions, "champion": champion}))
"""


def test_everything_arrives_once(workspace, nursery, tmp_path):
    """Half of the points are moments, the other half statements to a database."""
    chance = random.Random("killed courier")
    family = nursery("nbops.tracking.courier", "nbops.tracking.mirror", "mlflow", "mlflow.sklearn", "alembic.command")
    log = tmp_path / "courier-output"
    expected, hit = {}, Counter()
    for point in range(POINTS):
        for _ in range(PER_POINT if point % 5 else 1):
            expected |= _one_run(workspace, len(expected))
        by_statement = point % 2 == 1
        statements = chance.randint(20, 900) if by_statement else 0
        pid = family.start("courier", workspace=workspace.root, log=log, statements=statements)
        if by_statement:
            _wait_until_dead(pid)
            status = family.reap(pid)
        else:
            time.sleep(chance.uniform(0.05, 1.0))
            status = family.kill(pid)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        hit[("statement" if by_statement else "moment", courier.status(workspace).pending > 0)] += 1
    print(len(expected), "runs;", dict(hit))
    pid = family.start("courier", workspace=workspace.root, log=log, statements=0)
    assert courier.flush(workspace, timeout=120), (courier.status(workspace), log.read_text()[-2000:])
    family.kill(pid)
    assert search_runs(workspace, include_mlflow=False).total == len(expected)
    assert search_runs(workspace).total == len(expected), "a run of ours came back as somebody else's"
    _compare(expected, _seen_by_mlflow(workspace))


def _one_run(workspace, number):
    from matplotlib.figure import Figure
    from sklearn.linear_model import LinearRegression

    with nbops.track(f"run {number}", workspace=workspace, params={"number": number, "kind": "x" * number}) as run:
        for step in range(5):
            run.metric("loss", number + step / 10, step)
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([1, number])
        run.figure(figure, "curve")
        with_model = number % 4 == 0
        if with_model:
            run.model(LinearRegression().fit([[0.0], [1.0]], [0.0, float(number)]), "line")
    version = None
    if with_model and number % 8 == 0:
        version = register(
            "churn", run_id=run.run_id, alias="champion" if number % 16 == 0 else None, workspace=workspace
        )
    return {run.run_id: (number, with_model, version.version if version else None)}


def _wait_until_dead(pid):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return
        # Nothing left to mirror: statements come slowly then, and the moment is as good as any.
        if time.monotonic() > end - 58:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    raise AssertionError("the courier does not die")


def _seen_by_mlflow(workspace):
    import json

    done = subprocess.run(
        [sys.executable, "-c", CHECK, workspace.mlflow_uri], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def _compare(expected, seen):
    assert Counter(run["id"] for run in seen["runs"]) == Counter(expected.keys())
    for run in seen["runs"]:
        number, with_model, _ = expected[run["id"]]
        assert run["status"] == "FINISHED"
        assert run["name"] == f"run {number}"
        assert run["params"] == {**run["params"], "number": str(number), "kind": "x" * number}
        assert run["loss"] == [[step, number + step / 10] for step in range(5)]
        assert run["figures"] == ["figures/curve.png"]
        assert run["models"] == run["outputs"] == int(with_model)
        if with_model:
            assert abs(run["predicts"][0][0] - number) < 1e-6
    versions = {str(version): number for number, _, version in expected.values() if version}
    assert Counter(version for _, version, _ in seen["versions"]) == Counter(versions.keys())
    for _, version, predicted in seen["versions"]:
        assert abs(predicted[0] - versions[version]) < 1e-6
    newest = max(number for number in versions.values() if number % 16 == 0)
    assert versions[seen["champion"]] == newest
