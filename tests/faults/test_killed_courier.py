"""Kill -9 of the courier at 50 points while it mirrors runs into MLflow: each arrives whole and once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import nbops
from nbops.ledger.audit import read_events
from nbops.registry import register
from nbops.tracking import courier, mlflow_store
from nbops.tracking.search import search_runs

POINTS = 50 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 16
# Points that fall before and into the making of MLflow's tables.
EARLY = 8
WARM = (
    "alembic.command",
    "alembic.runtime.migration",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracking.client",
    "nbops.tracking.courier",
    "nbops.tracking.mirror",
)
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
    """Points fall into the start, into the making of MLflow's tables, and most into the mirroring of runs."""
    chance = random.Random("killed courier")
    family = nursery(*WARM)
    expected, mirrored = {}, 0
    for point in range(POINTS):
        for _ in range(1 + point % 3 // 2):
            expected |= _one_run(workspace, len(expected))
        acks = tmp_path / f"acks-{point}"
        acks.touch()
        if point == EARLY:
            _let_make_tables(workspace, family, acks)
        within = point >= EARLY and point % 4 < 3
        statements = chance.randint(1, 250) if within and point % 2 else 0
        pid = family.start("courier", workspace=workspace.root, acks=acks, statements=statements)
        if within:
            _wait(lambda acks=acks: acks.stat().st_size, acks)
        if statements:
            status = _reap_soon(family, pid)
        else:
            time.sleep(chance.uniform(0.0, 0.5) if within else chance.uniform(0.05, 1.0))
            status = family.kill(pid)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        mirrored += acks.stat().st_size > 0
    print(f"{len(expected)} runs, {mirrored} kills while mirroring, {courier.status(workspace).pending} left")
    assert mirrored >= (POINTS - EARLY) // 2
    pid = family.start("courier", workspace=workspace.root, acks=acks, statements=0)
    assert courier.flush(workspace, timeout=120), (courier.status(workspace), _log(acks))
    family.kill(pid)
    assert search_runs(workspace, include_mlflow=False).total == len(expected)
    assert search_runs(workspace).total == len(expected), "a run of ours came back as somebody else's"
    _compare(expected, _seen_by_mlflow(workspace))
    # What a killed courier left half done is no change by somebody else.
    assert [e for e in read_events(workspace, limit=10_000) if e.action.startswith("foreign")] == []


def _let_make_tables(workspace, family, acks):
    pid = family.start("courier", workspace=workspace.root, acks=acks.with_suffix(".early"), statements=0)
    _wait(lambda: mlflow_store.exists(workspace), acks.with_suffix(".early"))
    family.kill(pid)


def _wait(for_what, acks):
    end = time.monotonic() + 60
    while not for_what():
        assert time.monotonic() < end, _log(acks)
        time.sleep(0.005)


def _log(acks):
    return acks.with_suffix(".log").read_text(errors="replace")[-3000:]


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


def _reap_soon(family, pid):
    end = time.monotonic() + 2
    while time.monotonic() < end:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            if file.read().rpartition(")")[2].split()[0] == "Z":
                return family.reap(pid)
        time.sleep(0.005)
    # It had less to do than that many statements.
    return family.kill(pid)


def _seen_by_mlflow(workspace):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, workspace.mlflow_uri], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def _compare(expected, seen):
    assert Counter(run["id"] for run in seen["runs"]) == Counter(expected.keys())
    for run in seen["runs"]:
        number, with_model, version = expected[run["id"]]
        assert run["status"] == "FINISHED"
        assert run["name"] == f"run {number}"
        assert run["params"] == {**run["params"], "number": str(number), "kind": "x" * number}
        assert run["loss"] == [[step, number + step / 10] for step in range(5)]
        assert run["figures"] == ["figures/curve.png"]
        # A registered version has files of its own, and MLflow a model of its own for them.
        assert (run["models"], run["outputs"]) == (with_model + (version is not None), with_model)
        if with_model:
            assert abs(run["predicts"][0][0] - number) < 1e-6
    versions = {str(version): number for number, _, version in expected.values() if version}
    assert Counter(version for _, version, _ in seen["versions"]) == Counter(versions.keys())
    for _, version, predicted in seen["versions"]:
        assert abs(predicted[0] - versions[version]) < 1e-6
    newest = max(number for number in versions.values() if number % 16 == 0)
    assert versions[seen["champion"]] == newest
