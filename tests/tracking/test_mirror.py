"""What an unmodified MLflow client sees: everything, once, and models that load."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

import nbops
from nbops.records import DataRef, MetricPoint
from nbops.registry import promote, register
from nbops.tracking import courier
from nbops.tracking.mirror import Mirror
from nbops.tracking.mlflow_names import model_name, safe_name, safe_names
from nbops.tracking.outbox import outbox_of
from nbops.tracking.parts import file_part
from nbops.tracking.placing import Placing
from nbops.tracking.search import get_run, search_runs
from nbops.workspace import find_workspace
from nbops.workspace.blobs import put_bytes

_LONG = "x" * 10_000


def _script(workspace, text):
    """Run a script as a person would whose MLflow points at the workspace's store."""
    path = workspace.root / "script.py"
    path.write_text(textwrap.dedent(text))
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBOPS_"))}
    environ |= {"MLFLOW_TRACKING_URI": workspace.mlflow_uri, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [sys.executable, str(path)], cwd=workspace.root, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split()


def _plain(workspace):
    import pandas as pd
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b b": [1, 2, 4]})
    with nbops.track(
        "whole", workspace=workspace, tags={"team": "risk ☃"}, params={"long": _LONG, "a b/c?": "1"}
    ) as run:
        for step in range(3):
            run.metric("loss", 1 / (step + 1), step)
        run.metric("val@loss", 2.0)
        run.metric("odd", float("nan"))
        model = make_pipeline(StandardScaler(), LinearRegression()).fit(frame[["a"]], frame["b b"])
    with nbops.track("parent", workspace=workspace) as parent:
        with nbops.track("child", workspace=workspace):
            pass
    with pytest.raises(ValueError), nbops.track("failed", workspace=workspace):
        raise ValueError("no such luck")
    with pytest.raises(KeyboardInterrupt), nbops.track("killed", workspace=workspace):
        raise KeyboardInterrupt
    register("churn", run_id=run.run_id, alias="champion", workspace=workspace, description="first")
    return SimpleNamespace(run=run, parent=parent, frame=frame, model=model)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A workspace with runs of all kinds, delivered to MLflow once."""
    root = tmp_path_factory.mktemp("world")
    (root / "nbops.toml").write_text('experiment = "churn"\ncourier = false\n')
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("NBOPS_", "MLFLOW_")):
                patch.delenv(name)
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        workspace = find_workspace(root)
        made = _plain(workspace)
        assert courier.flush(workspace, timeout=240), workspace.courier_log.read_text()
        yield SimpleNamespace(workspace=workspace, **vars(made))


@pytest.fixture
def client(world):
    import mlflow

    return mlflow.MlflowClient(world.workspace.mlflow_uri, world.workspace.mlflow_uri)


def _mirrored(world, client, name):
    return client.get_run(get_run(world.workspace, name).mlflow_run_id)


def test_every_run_is_there_once(world, client):
    ids = [e.experiment_id for e in client.search_experiments(filter_string="name = 'churn'")]
    names = sorted(run.info.run_name for run in client.search_runs(ids))
    assert names == ["child", "failed", "killed", "parent", "whole"]
    assert {row.delivery for row in search_runs(world.workspace).runs} == {"delivered"}
    assert courier.status(world.workspace).pending == 0


def test_params_metrics_and_tags(world, client):
    run = _mirrored(world, client, "whole")
    assert run.data.params["long"] == _LONG[:6000]
    assert run.data.params["a b/c_"] == "1"
    assert {k: v for k, v in run.data.metrics.items() if k != "odd"} == {"loss": 1 / 3, "val_loss": 2.0}
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(p.step, p.value) for p in history] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert len(client.get_metric_history(run.info.run_id, "odd")) == 1
    tags = run.data.tags
    assert tags["team"] == "risk ☃"
    assert tags["nbops.run_id"] == world.run.run_id
    assert tags["mlflow.source.type"] == "LOCAL"
    assert tags["mlflow.source.name"].endswith("test_mirror.py")
    assert "mlflow.source.git.commit" not in tags or len(tags["mlflow.source.git.commit"]) == 40


def test_times_and_states(world, client):
    for name, status in (("whole", "FINISHED"), ("failed", "FAILED"), ("killed", "KILLED")):
        ours, theirs = get_run(world.workspace, name), _mirrored(world, client, name)
        assert theirs.info.status == status
        assert theirs.info.start_time == int(ours.started_at * 1000)
        assert theirs.info.end_time == int(ours.ended_at * 1000)
    assert "no such luck" in _mirrored(world, client, "failed").data.tags["nbops.error"]


def test_children_know_their_parent(world, client):
    parent = _mirrored(world, client, "parent")
    assert _mirrored(world, client, "child").data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_files(world, client, tmp_path):
    run_id = _mirrored(world, client, "whole").info.run_id
    assert {f.path for f in client.list_artifacts(run_id, "source")} == {"source/cell.py", "source/test_mirror.py"}
    code = client.download_artifacts(run_id, "source/cell.py", str(tmp_path))
    assert "make_pipeline(StandardScaler()" in Path(code).read_text(encoding="utf-8")
    failed = _mirrored(world, client, "failed").info.run_id
    traceback = client.download_artifacts(failed, "output/traceback.txt", str(tmp_path))
    assert "ValueError: no such luck" in Path(traceback).read_text(encoding="utf-8")


def test_data_have_our_identity(world, client):
    ours = {ref.name: ref for ref in get_run(world.workspace, "whole").data}
    inputs = _mirrored(world, client, "whole").inputs.dataset_inputs
    assert {i.dataset.name for i in inputs} == set(ours) == {"frame"}
    dataset = inputs[0].dataset
    assert dataset.digest == ours["frame"].fingerprint[:36] == nbops.fingerprint(world.frame)[:36]
    assert {tag.key: tag.value for tag in inputs[0].tags} == {
        "mlflow.data.context": "read",
        "nbops.fingerprint": ours["frame"].fingerprint,
    }
    assert '"name": "b b"' in dataset.schema


def test_the_model_loads_by_run_and_by_id_and_predicts(world, client):
    import mlflow

    mlflow.set_tracking_uri(world.workspace.mlflow_uri)
    run = _mirrored(world, client, "whole")
    (output,) = run.outputs.model_outputs
    expected = world.model.predict(world.frame[["a"]])
    for uri in (f"runs:/{run.info.run_id}/model", f"models:/{output.model_id}"):
        assert list(mlflow.pyfunc.load_model(uri).predict(world.frame[["a"]])) == list(expected)
    assert type(mlflow.sklearn.load_model(f"models:/{output.model_id}")).__name__ == "Pipeline"
    logged = client.get_logged_model(output.model_id)
    assert (logged.status.value, logged.source_run_id) == ("READY", run.info.run_id)


def test_registered_versions_and_aliases(world, client):
    import mlflow

    mlflow.set_tracking_uri(world.workspace.mlflow_uri)
    version = client.get_model_version_by_alias("churn", "champion")
    assert version.tags["nbops.version"] == "1"
    assert version.description == "first"
    assert version.run_id == get_run(world.workspace, "whole").mlflow_run_id
    loaded = mlflow.pyfunc.load_model("models:/churn@champion")
    assert list(loaded.predict(world.frame[["a"]])) == list(world.model.predict(world.frame[["a"]]))


def test_a_second_version_moves_the_alias(world, client):
    from sklearn.linear_model import Ridge

    with nbops.track("second", workspace=world.workspace) as run:
        run.model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), "model")
    second = register("churn", run_id=run.run_id, workspace=world.workspace)
    promote("churn", second.version, "champion", workspace=world.workspace)
    assert courier.flush(world.workspace, timeout=240)
    assert client.get_model_version_by_alias("churn", "champion").tags["nbops.version"] == "2"
    assert len(client.search_model_versions("name = 'churn'")) == 2


def test_runs_of_the_users_own_mlflow_are_ours(world, client):
    """The first becomes the run's own, further ones its children; what was said there first stays."""
    ids = _script(
        world.workspace,
        """
        import mlflow
        import nbops
        with nbops.track("by hand", params={"depth": 3, "C": 1}) as run:
            mlflow.set_experiment("elsewhere")
            with mlflow.start_run(run_name="theirs") as first:
                mlflow.log_param("depth", 5)
                mlflow.log_metric("theirs", 0.5)
            with mlflow.start_run() as second:
                mlflow.log_metric("more", 1.0)
            run.metric("ours", 0.75)
        print(first.info.run_id, second.info.run_id, run.run_id)
        """,
    )
    first, second, ours = ids
    assert courier.flush(world.workspace, timeout=240), world.workspace.courier_log.read_text()
    run = get_run(world.workspace, ours)
    assert run.mlflow_run_id == first
    theirs = client.get_run(first)
    assert theirs.data.params == {"depth": "5", "C": "1"}
    assert theirs.data.tags["nbops.param.depth"] == "3"
    assert theirs.data.metrics == {"theirs": 0.5, "ours": 0.75}
    assert theirs.info.status == "FINISHED"
    assert client.get_run(second).data.tags["mlflow.parentRunId"] == first
    assert client.get_experiment(theirs.info.experiment_id).name == "elsewhere"


def test_a_notebook_is_named_as_the_source(world, client, make_run):
    run = make_run("in a notebook", notebook="/w/a b.ipynb", kind="cell", author="ann")
    many = tuple(DataRef(name=f"f{i}", fingerprint=f"{i:064d}", rows=1, columns=1) for i in range(3))
    outbox_of(world.workspace).finish(run.__class__(**{**_fields(run), "data": many}))
    assert courier.flush(world.workspace, timeout=240)
    found = _mirrored(world, client, "in a notebook")
    tags = found.data.tags
    assert (tags["mlflow.source.type"], tags["mlflow.source.name"]) == ("NOTEBOOK", "/w/a b.ipynb")
    assert tags["mlflow.user"] == "ann"
    assert len(found.inputs.dataset_inputs) == 3


def _fields(run):
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("loss", "loss"),
        ("a/b", "a/b"),
        ("/a//b/", "a/b"),
        ("../x", "_/x"),
        ("é@", "é_"),
        ("", "_"),
        ("x" * 300, "x" * 250),
    ],
)
def test_names_that_mlflow_takes(name, safe):
    assert safe_name(name) == safe


def test_model_names():
    assert model_name("a/b:c.d%e\"f'g") == "a_b_c_d_e_f_g"


@pytest.mark.parametrize(
    "name", ["..b", "x" * 249 + "/y", "y" * 249 + " /z", ".", "...", "a/.", "/..", "a/../b", "z" * 248 + "/..", "\n"]
)
def test_odd_names_are_made_fit_by_mlflows_own_rule(name):
    from mlflow.utils.validation import _validate_length_limit, _validate_param_name

    _validate_param_name(safe_name(name))
    _validate_length_limit("name", 250, safe_name(name))


def test_names_that_become_one_stay_apart():
    names = ["loss (a)", "loss [a]", "loss _a_", "plain"]
    found = safe_names(names)
    assert len(set(found.values())) == 4
    assert (found["loss _a_"], found["plain"]) == ("loss _a_", "plain")
    assert safe_names(reversed(names)) == found


def test_what_mlflow_would_refuse_arrives_under_another_name(world, client, make_run):
    files = {
        "source": b"a file",
        "source/cell.py": b"mine",
        "n" * 300 + ".txt": b"long",
        "ü" * 200 + "/x": b"deep",
        "ok": b"1",
    }
    parts = [file_part(data, path) for path, data in files.items()]
    run = make_run(
        name="r" * 400,
        experiment="e" * 600,
        code="x = 1",
        params={"loss (a)": "1", "loss [a]": "2", "q" * 249 + "/r": "3"},
        metrics={"..b": 1.0},
        tags={"k(": "1", "k[": "2"},
        artifacts=tuple(ref for ref, _ in parts),
    )
    for _, data in parts:
        put_bytes(world.workspace, data)
    points = [MetricPoint(name="..b", value=1.0, step=0, timestamp=run.started_at)]
    mirror = Mirror(world.workspace)
    run_id, experiment = mirror.deliver(run, points, "")
    assert mirror.deliver(run, points, "") == (run_id, experiment)
    found = client.get_run(run_id)
    assert sorted(found.data.params.values()) == ["1", "2", "3"]
    assert list(found.data.metrics.values()) == [1.0]
    assert {k: v for k, v in found.data.tags.items() if k.startswith("k_")}.keys() > {"k_"}
    assert len(client.get_experiment(experiment).name) <= 250
    folder = Path(client.download_artifacts(run_id, ""))
    there = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert there["source/cell.py"] == b"x = 1"
    assert {b"a file", b"mine", b"long", b"deep", b"1"} <= set(there.values())


def test_a_file_that_cannot_be_placed_is_named_and_left_out(tmp_path):
    placing = Placing(tmp_path)
    placing.put("a\0b", b"1")
    placing.put("good", b"2")
    placing.note()
    assert (tmp_path / "good").read_bytes() == b"2"
    assert "a\\x00b" in (tmp_path / "output" / "not-delivered.txt").read_text()
