"""MLflow's registry follows ours: versions, aliases, stages and the head of the audit log, also after a kill."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from sklearn.linear_model import LinearRegression

import nbops
from nbops.cli import main
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited, head, read_events
from nbops.ledger.verification import verify
from nbops.records import Identity
from nbops.registry import archive, get_version, promote, register, vacate_target
from nbops.tracking import courier, mlflow_store
from nbops.tracking.delivery import deliver
from nbops.tracking.forwarding import Forwarder
from nbops.tracking.registry_foreign import foreign_changes
from nbops.tracking.registry_heads import audit_heads_in_mlflow
from nbops.tracking.registry_state import read_model
from nbops.workspace import find_workspace
from nbops.workspace.blobs import put_bytes


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A workspace with MLflow's store, and a courier that goes one round when told to."""
    root = tmp_path_factory.mktemp("mirror")
    (root / "nbops.toml").write_text("courier = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("NBOPS_WORKSPACE", str(root))
        workspace = find_workspace(root)
        mlflow_store.ensure(workspace)
        yield SimpleNamespace(
            workspace=workspace, forwarder=Forwarder(workspace), client=mlflow_store.client(workspace)
        )


@pytest.fixture
def name(request):
    return request.node.name


@pytest.fixture
def mirror(house, name):
    """Deliver everything; give the model as MLflow then has it."""

    def go(deliverer=None):
        deliver(house.workspace)
        for _ in range(5):
            if not (deliverer or house.forwarder).round():
                return read_model(house.client, name)
        raise AssertionError("the courier is never done")

    return go


@pytest.fixture
def make(house, name):
    """Train and register so many versions of a model named as the test."""

    def versions(count):
        for number in range(count):
            with nbops.track(f"{name} {number}", workspace=house.workspace) as run:
                run.model(LinearRegression().fit([[0.0], [1.0]], [0.0, float(number + 1)]), "line")
            register(name, run_id=run.run_id, author="ada", workspace=house.workspace)

    return versions


def _tags(theirs):
    return {number: v.tags.get("nbops.stage") for number, v in theirs.versions.items()}


def test_versions_come_with_their_tags_and_load(house, name, mirror, make):
    make(2)
    theirs = mirror()
    first = get_version(house.workspace, name, 1)
    assert set(theirs.versions) == {"1", "2"}
    assert theirs.versions["1"].tags == {
        "nbops.version": "1",
        "nbops.digest": first.digest,
        "nbops.stage": "None",
        "nbops.author": "ada",
    }
    assert first.mlflow_version == "1"
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/2")
    assert loaded.predict([[3.0]]).tolist() == pytest.approx([6.0])


def test_stages_and_aliases_follow(house, name, mirror, make):
    make(3)
    promote(name, 1, workspace=house.workspace)
    promote(name, 2, "challenger", workspace=house.workspace)
    theirs = mirror()
    assert theirs.aliases == {"champion": "1", "challenger": "2"}
    assert _tags(theirs) == {"1": "Production", "2": "None", "3": "None"}
    promote(name, 3, workspace=house.workspace)
    vacate_target(name, "challenger", reason="experiment over", workspace=house.workspace)
    archive(name, 2, reason="no use", workspace=house.workspace)
    theirs = mirror()
    assert theirs.aliases == {"champion": "3"}
    assert _tags(theirs) == {"1": "Archived", "2": "Archived", "3": "Production"}
    assert foreign_changes(house.workspace, name) == ()


def test_the_head_of_the_audit_log_is_noted_and_read_back(house, name, mirror, make):
    make(1)
    mirror()
    promote(name, 1, workspace=house.workspace)
    theirs = mirror()
    seq, mac = head(house.workspace)
    assert theirs.tags["nbops.audit_head"] == f"{seq}:{mac}"
    assert (seq, mac) in audit_heads_in_mlflow(house.workspace)


def test_a_head_the_log_does_not_have_is_never_overwritten(house, name, mirror, make):
    """It is what proves that the log was cut."""
    make(1)
    mirror()
    lost = f"{head(house.workspace)[0] + 50}:{'a' * 64}"
    house.client.set_registered_model_tag(name, "nbops.audit_head", lost)
    promote(name, 1, workspace=house.workspace)
    assert mirror().tags["nbops.audit_head"] == lost
    assert [(c.kind, c.name) for c in foreign_changes(house.workspace, name)] == [("tag", "nbops.audit_head")]
    assert (head(house.workspace)[0], "a" * 64) not in audit_heads_in_mlflow(house.workspace)
    assert "a" * 64 in {mac for _, mac in audit_heads_in_mlflow(house.workspace)}
    house.client.delete_registered_model_tag(name, "nbops.audit_head")


def test_a_cut_log_is_found_by_the_head_in_mlflow(house, name, mirror, make, capsys):
    """Events, rows, the ledger's own head and the file beside it are all put back; MLflow remembers."""
    make(1)
    mirror()
    path, heads = Path(house.workspace.ledger_uri.removeprefix("sqlite:///")), house.workspace.data / "audit-heads"
    old, new, old_heads = path.with_suffix(".old"), path.with_suffix(".new"), heads.read_bytes()
    with sqlite3.connect(path) as source, sqlite3.connect(old) as target:
        source.backup(target)
    promote(name, 1, workspace=house.workspace)
    mirror()
    assert main(["audit", "verify", "-C", str(house.workspace.root)]) == 0
    with sqlite3.connect(path) as now, sqlite3.connect(new) as kept:
        now.backup(kept)
    new_heads = heads.read_bytes()
    with sqlite3.connect(old) as source, sqlite3.connect(path) as target:
        source.backup(target)
    heads.write_bytes(old_heads)
    try:
        assert verify(house.workspace).ok, "the cut is one that the log alone cannot show"
        capsys.readouterr()
        assert main(["audit", "verify", "-C", str(house.workspace.root)]) == 1
        assert "its end was cut off" in capsys.readouterr().out
        # The next courier sees it as well, and does not write over the proof.
        there = read_model(house.client, name).tags["nbops.audit_head"]
        mirror(Forwarder(house.workspace))
        assert read_model(house.client, name).tags["nbops.audit_head"] == there
        assert ("tag", "nbops.audit_head") in {(c.kind, c.name) for c in foreign_changes(house.workspace, name)}
    finally:
        with sqlite3.connect(new) as source, sqlite3.connect(path) as target:
            source.backup(target)
        heads.write_bytes(new_heads)


def test_a_version_of_several_files_loads_from_its_safe_one(house, name, mirror, make):
    """The logged model is the version's own, not the pickle of its run."""
    import skops.io
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(3, random_state=0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    with nbops.track("forest", workspace=house.workspace) as run:
        run.model(forest, "forest")
    register(name, run_id=run.run_id, workspace=house.workspace)
    parts = {"model.skops": skops.io.dumps(forest), "requirements.txt": b"scikit-learn==0.1\n", "signature.json": b"{}"}
    files = [
        {"path": path, "digest": put_bytes(house.workspace, data), "size": len(data)} for path, data in parts.items()
    ]
    v = tables.model_versions
    with audited(house.workspace, Identity(name="ada"), "register", model=name, version=1) as change:
        values = {"files": files, "digest": "d" * 64, "serialization": "skops"}
        change.connection.execute(v.update().where(v.c.model == name).values(**values))
        change.row(v, (name, 1))
    theirs = mirror()
    assert theirs.versions["1"].tags["nbops.digest"] == "d" * 64
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1"))
    assert (folder / "nbops" / "requirements.txt").read_bytes() == parts["requirements.txt"]
    assert not (folder / "model.pkl").exists()
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert loaded.predict([[0.2], [1.9]]).tolist() == forest.predict([[0.2], [1.9]]).tolist()
    assert mlflow.sklearn.load_model(f"models:/{name}/1").n_estimators == 3


def test_doing_it_again_changes_nothing(house, name, mirror, make):
    make(2)
    promote(name, 2, workspace=house.workspace)
    before = mirror()
    for table in (tables.version_mirrors, tables.alias_mirrors):
        with open_ledger(house.workspace).begin() as connection:
            connection.execute(table.delete().where(table.c.model == name))
    after = mirror()
    assert (after.versions, after.aliases) == (before.versions, before.aliases)
    assert foreign_changes(house.workspace, name) == ()


@pytest.mark.parametrize("step", range(14))
def test_a_courier_that_dies_at_any_call_is_no_stranger(house, name, mirror, make, step, monkeypatch):
    """After each call that writes into MLflow in turn, the state moves on before the next courier comes."""
    make(2)
    promote(name, 1, workspace=house.workspace)
    promote(name, 1, "challenger", workspace=house.workspace)
    mirror()
    promote(name, 2, workspace=house.workspace)
    vacate_target(name, "challenger", reason="over", workspace=house.workspace)
    calls = 0
    dying = Forwarder(house.workspace)
    made = dying._opened().client
    for call in ("set_model_version_tag", "set_registered_model_alias", "delete_registered_model_alias"):
        real = getattr(made, call)

        def die(*args, real=real, before=step % 2 == 0, **options):
            nonlocal calls
            calls += 1
            if calls != step // 2 + 1:
                return real(*args, **options)
            if not before:
                real(*args, **options)
            raise SystemExit

        monkeypatch.setattr(made, call, die)
    with contextlib.suppress(SystemExit):
        dying.round()
    promote(name, 1, workspace=house.workspace)
    promote(name, 1, "challenger", workspace=house.workspace)
    theirs = mirror()
    assert theirs.aliases == {"champion": "1", "challenger": "1"}
    assert _tags(theirs) == {"1": "Production", "2": "Archived"}
    assert "foreign-change" not in {e.action for e in read_events(house.workspace, model=name)}


def test_a_version_waits_for_an_earlier_one_so_that_both_count_alike(house, name, mirror, make):
    make(1)
    with nbops.track("late", workspace=house.workspace) as run:
        run.model(LinearRegression().fit([[0.0], [1.0]], [0.0, 9.0]), "line")
    runs = tables.runs
    deliver(house.workspace)
    ledger = open_ledger(house.workspace)
    with ledger.begin() as connection:
        first = connection.scalar(
            tables.model_versions.select()
            .with_only_columns(tables.model_versions.c.run_id)
            .where(tables.model_versions.c.model == name)
        )
        # As long as the first run is under way the second has to wait, though it could go.
        connection.execute(runs.update().where(runs.c.run_id == first).values(status="RUNNING"))
    register(name, run_id=run.run_id, workspace=house.workspace)
    house.forwarder.round()
    assert read_model(house.client, name) is None
    assert courier.status(house.workspace).pending
    with ledger.begin() as connection:
        connection.execute(runs.update().where(runs.c.run_id == first).values(status="FINISHED"))
    theirs = mirror()
    assert {v.number: v.tags["nbops.version"] for v in theirs.versions.values()} == {"1": "1", "2": "2"}


def test_another_store_gets_everything_with_the_next_change(house, name, mirror, make, tmp_path, monkeypatch):
    make(2)
    promote(name, 2, workspace=house.workspace)
    mirror()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    other = find_workspace(house.workspace.root)
    promote(name, 1, "challenger", workspace=other)
    try:
        mirror(Forwarder(other))
    finally:
        # A courier knows one store in its life; this process goes on with the first.
        mlflow.set_tracking_uri(house.workspace.mlflow_uri)
    theirs = read_model(mlflow_store.client(other), name)
    assert theirs.aliases == {"champion": "2", "challenger": "1"}
    assert _tags(theirs) == {"1": "None", "2": "Production"}
    assert foreign_changes(house.workspace, name) == ()


def test_one_courier_at_a_time_mirrors_a_shared_registry(tmp_path, monkeypatch, postgres_url):
    monkeypatch.setenv("NBOPS_LEDGER_URI", postgres_url)
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(tmp_path)
    with nbops.track("shared", workspace=workspace) as run:
        run.model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), "line")
    register("churn", run_id=run.run_id, alias="champion", workspace=workspace)
    deliver(workspace)
    client = mlflow_store.client(workspace)
    try:
        with open_ledger(workspace).connect() as other:
            other.exec_driver_sql("SELECT pg_advisory_lock(5276102)")
            assert Forwarder(workspace).round()
            assert read_model(client, "churn") is None
            other.exec_driver_sql("SELECT pg_advisory_unlock(5276102)")
        assert not Forwarder(workspace).round()
    finally:
        mlflow.set_tracking_uri(None)
    assert read_model(client, "churn").aliases == {"champion": "1"}
