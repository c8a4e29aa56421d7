"""``nbops.track`` in scripts."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import nbops
from nbops.errors import NotFoundError, UsageError
from nbops.tracking import active
from nbops.tracking.search import get_run, metric_series, search_runs
from nbops.workspace import find_workspace
from nbops.workspace.blobs import read


@pytest.fixture(autouse=True)
def _here(workspace, monkeypatch):
    monkeypatch.chdir(workspace.root)


def test_a_block_is_captured_like_a_cell(workspace):
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score

    with nbops.track("fit", experiment="churn", tags={"team": "risk"}, params={"seed": 7}) as run:
        depth = 3
        model = LogisticRegression(C=0.5).fit([[0.0], [1.0]], [0, 1])
        accuracy = accuracy_score([0, 1], model.predict([[0.0], [1.0]]))
    found = get_run(workspace, run.run_id)
    assert (found.name, found.experiment, found.kind, found.status) == ("fit", "churn", "script", "FINISHED")
    assert found.params == {"depth": "3", "C": "0.5", "seed": "7"}
    assert found.metrics == {"accuracy": accuracy}
    assert found.metric_functions == {"accuracy": "accuracy_score"}
    assert [model.name for model in found.models] == ["model"]
    assert found.tags == {"team": "risk"}
    assert found.code.startswith("depth = 3\nmodel = ")
    assert found.cell.notebook == __file__.replace(os.sep, "/")
    assert found.duration is not None and found.cpu is not None and depth == 3


def test_what_is_said_is_added(workspace, tmp_path):
    from matplotlib.figure import Figure

    (tmp_path / "notes.txt").write_text("as it was")
    figure = Figure()
    figure.subplots().plot([1, 2])
    with nbops.track("said") as run:
        run.param("depth", 6)
        run.tag("stage", "test")
        run.metric("loss", 0.5)
        run.metric("loss", 0.25)
        run.metric("odd", math.nan, step=10)
        run.artifact(tmp_path / "notes.txt")
        run.artifact(tmp_path / "notes.txt", "../../deep/er.txt")
        run.figure(figure, "curve")
        run.model({"not": "an estimator"}, "lookup")
        (tmp_path / "notes.txt").write_text("changed")
    found = get_run(workspace, run.run_id)
    assert (found.params["depth"], found.tags) == ("6", {"stage": "test"})
    assert found.metrics["loss"] == 0.25 and math.isnan(found.metrics["odd"])
    assert [(p.name, p.step) for p in metric_series(workspace, run.run_id)] == [("loss", 0), ("loss", 1), ("odd", 10)]
    files = {ref.path: read(workspace, ref.digest) for ref in found.artifacts}
    assert files["notes.txt"] == files["deep/er.txt"] == b"as it was"
    assert files["figures/curve.png"].startswith(b"\x89PNG")
    assert b"test_what_is_said_is_added" in files["source/test_tracker.py"]
    assert [(m.name, m.class_name) for m in found.models] == [("lookup", "dict")]


def test_an_exception_goes_on_and_the_run_has_failed(workspace):
    with pytest.raises(ZeroDivisionError), nbops.track("bad") as run:
        1 / 0
    found = get_run(workspace, run.run_id)
    assert found.status == "FAILED"
    assert found.error is not None
    assert (found.error.type, "1 / 0" in found.error.traceback) == ("ZeroDivisionError", True)
    assert active.current() is None


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "KILLED"), (SystemExit(0), "FINISHED"), (SystemExit(3), "FAILED")]
)
def test_ways_to_end(workspace, error, status):
    with pytest.raises(type(error)), nbops.track("ended") as run:
        raise error
    assert get_run(workspace, run.run_id).status == status


def test_runs_nest_also_through_a_pool_and_from_the_environment(workspace, monkeypatch):
    def trial(number):
        with nbops.track(f"trial-{number}") as run:
            run.metric("loss", number)

    with nbops.track("outer") as outer:
        with nbops.track("inner") as inner:
            pass
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(trial, range(6)))
    assert get_run(workspace, inner.run_id).parent_id == outer.run_id
    assert search_runs(workspace, parent_id=outer.run_id).total == 7
    monkeypatch.setenv("NBOPS_PARENT_RUN", outer.run_id)
    with nbops.track("from a stage") as stage:
        pass
    assert get_run(workspace, stage.run_id).parent_id == outer.run_id


def test_a_name_makes_a_family(workspace):
    runs = []
    for number in range(3):
        with nbops.track("nightly") as run:
            run.metric("loss", number)
        runs.append(run)
    with nbops.track("weekly"):
        pass
    assert [get_run(workspace, run.run_id).attempt for run in runs] == [1, 2, 3]
    assert get_run(workspace, "weekly").attempt == 1


def test_points_of_many_threads_are_all_kept(workspace):
    with nbops.track("threads") as run:
        threads = [
            threading.Thread(target=lambda: [run.metric("loss", step, step=0) for step in range(50)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(metric_series(workspace, run.run_id)) == 200


@pytest.mark.parametrize(("value", "step"), [("high", 0), (None, 0), ([1, 2], 0), (1.0, "x"), (1.0, 2**70)])
def test_what_is_no_number_is_told(value, step):
    with pytest.raises(UsageError, match="must be a number"), nbops.track("wrong") as run:
        run.metric("loss", value, step)


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(NotFoundError), nbops.track("wrong") as run:
        run.artifact("nowhere.txt")


def test_a_point_that_comes_too_late_is_one_line(workspace, capsys):
    with nbops.track("over") as run:
        run.metric("loss", 1.0)
    for _ in range(3):
        run.metric("loss", 2.0)
    assert capsys.readouterr().err.count("is over") == 1
    assert get_run(workspace, run.run_id).metrics == {"loss": 1.0}


def test_secrets_of_the_script_are_replaced(workspace):
    with nbops.track("secret", params={"password": "hunter2!"}) as run:
        api_key = "sk-abcdefghijklmnopqrstuvwxyz123456"
    found = get_run(workspace, run.run_id)
    kept = repr(found) + "".join(str(read(workspace, ref.digest)) for ref in found.artifacts)
    assert "hunter2!" not in found.params.values()
    assert api_key not in kept
    assert found.redactions > 0


def test_nothing_of_the_block_is_kept_alive():
    class Large:
        pass

    def block():
        large = Large()
        with nbops.track("light") as run:
            value = 1.5
        return weakref.ref(large), run, value

    gone, run, _ = block()
    gc.collect()
    assert gone() is None
    assert run.name == "light"


def test_where_nothing_can_be_written_the_block_runs(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    place = find_workspace(tmp_path)
    blocked = type(place)(root=tmp_path / "file", origin="folder", settings=place.settings)
    with nbops.track("x", workspace=blocked) as run:
        run.metric("loss", 1.0)
        run.param("a", 1)
        ran = True
    said = capsys.readouterr().err.splitlines()
    assert ran and len(said) == 1 and said[0].startswith("nbops: this block is not tracked:")
    assert run.run_id == ""


_SCRIPT = """
import sys
import nbops

def main():
    rate = 0.1
    with nbops.track(
        "from a script",
        params={"rate": rate},
    ) as run:
        layers = 4
        for step in range(3):
            run.metric("loss", 1 / (step + 1))

main()
heavy = [name for name in ("sqlalchemy", "mlflow", "pandas", "numpy") if name in sys.modules]
print(heavy)
"""


def test_a_script_imports_nothing_heavy(workspace):
    path = workspace.root / "train.py"
    path.write_text(_SCRIPT)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
    found = get_run(workspace, "from a script")
    assert found.params == {"rate": "0.1", "layers": "4"}
    assert found.cell.notebook.endswith("/train.py")
    assert {ref.path for ref in found.artifacts} >= {"source/train.py"}


def test_without_a_source_file_it_still_tracks(workspace):
    code = "import nbops\nwith nbops.track('typed') as run:\n    run.metric('loss', 1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert get_run(workspace, "typed").metrics == {"loss": 1.0}
