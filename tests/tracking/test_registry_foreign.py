"""What others change in MLflow's registry is found, told once, never adopted, and put back only on a decision."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace

import mlflow
import pytest
from sklearn.linear_model import LinearRegression

import nbops
from nbops.cli import main
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.records import Identity
from nbops.registry import get_model, holder, promote, register
from nbops.tracking import mlflow_store
from nbops.tracking.courier import flush
from nbops.tracking.delivery import deliver
from nbops.tracking.forwarding import Forwarder
from nbops.tracking.registry_foreign import foreign_changes
from nbops.tracking.registry_heads import audit_heads_in_mlflow
from nbops.tracking.registry_restore import restore
from nbops.tracking.registry_state import read_model
from nbops.workspace import find_workspace

_ADA = Identity(name="ada")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A workspace with MLflow's store, and a courier that goes one round when told to."""
    root = tmp_path_factory.mktemp("foreign-registry")
    (root / "nbops.toml").write_text("courier = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        workspace = find_workspace(root)
        mlflow_store.ensure(workspace)
        mlflow.set_tracking_uri(workspace.mlflow_uri)
        yield SimpleNamespace(
            workspace=workspace, forwarder=Forwarder(workspace), client=mlflow_store.client(workspace)
        )


@pytest.fixture
def courier(house):
    """Let the courier work until nothing is left and it has looked."""

    def go():
        deliver(house.workspace)
        for _ in range(6):
            house.forwarder._foreign_next = 0.0
            if not house.forwarder.round():
                return
        raise AssertionError("the courier is never done")

    return go


@pytest.fixture
def name(house, courier, request):
    """A model of two versions, the first in Production, mirrored."""
    name = request.node.name
    for number in range(2):
        with nbops.track(f"{name} {number}", workspace=house.workspace) as run:
            run.model(LinearRegression().fit([[0.0], [1.0]], [0.0, float(number + 1)]), "line")
        register(name, run_id=run.run_id, workspace=house.workspace)
    promote(name, 1, workspace=house.workspace)
    courier()
    assert foreign_changes(house.workspace, name) == ()
    return name


def _found(house, name):
    return [(c.kind, c.name, c.expected, c.found) for c in foreign_changes(house.workspace, name)]


def _told(house, name):
    return [e.action for e in read_events(house.workspace, model=name) if e.action.startswith("foreign")]


def _move_alias(client, name):
    client.set_registered_model_alias(name, "champion", "2")


def _add_alias(client, name):
    client.set_registered_model_alias(name, "backdoor", "2")


def _remove_alias(client, name):
    client.delete_registered_model_alias(name, "champion")


def _add_version(client, name):
    client.create_model_version(name, source="/tmp/evil", tags={"nbops.version": "9"})


def _copy_version(client, name):
    """With the tags of one of ours."""
    ours = client.get_model_version(name, "1")
    client.create_model_version(name, source=ours.source, run_id=ours.run_id, tags=ours.tags)


def _delete_version(client, name):
    client.delete_model_version(name, "2")


def _delete_model(client, name):
    client.delete_registered_model(name)


def _rename_model(client, name):
    client.rename_registered_model(name, f"{name}-renamed")


def _recreate_model(client, name):
    """MLflow counts from 1 again: its version 1 is another one, under our tags."""
    tags = client.get_model_version(name, "1").tags
    client.delete_registered_model(name)
    client.create_registered_model(name)
    client.create_model_version(name, source="/tmp/evil", tags=tags)


def _lie_about_stage(client, name):
    client.set_model_version_tag(name, "2", "nbops.stage", "Production")


def _lie_about_digest(client, name):
    client.set_model_version_tag(name, "1", "nbops.digest", "0" * 64)


def _remove_tag(client, name):
    client.delete_model_version_tag(name, "1", "nbops.version")


def _forge_head(client, name):
    client.set_registered_model_tag(name, "nbops.audit_head", f"1:{'f' * 64}")


def _remove_head(client, name):
    client.delete_registered_model_tag(name, "nbops.audit_head")


def _stage_by_mlflow(client, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.transition_model_version_stage(name, "2", "Production")


_CHANGES = {
    _move_alias: ("alias", "champion", "version 1", "version 2"),
    _add_alias: ("alias", "backdoor", "", "version 2"),
    _remove_alias: ("alias", "champion", "version 1", ""),
    _add_version: ("version", "MLflow 3", "", "registered from /tmp/evil"),
    _copy_version: ("version", "MLflow 3", "", None),
    _delete_version: ("version", "2", "there", ""),
    _delete_model: ("model", None, "there", ""),
    _rename_model: ("model", None, "there", ""),
    _recreate_model: ("version", "1", None, "another one, of /tmp/evil"),
    _lie_about_stage: ("tag", "nbops.stage of version 2", "None", "Production"),
    _lie_about_digest: ("tag", "nbops.digest of version 1", None, "0" * 64),
    _remove_tag: ("tag", "nbops.version of version 1", "1", ""),
    _forge_head: ("tag", "nbops.audit_head", None, f"1:{'f' * 64}"),
    _remove_head: ("tag", "nbops.audit_head", None, ""),
    _stage_by_mlflow: ("stage", "lifecycle stage of version 2", "None", "Production"),
}


@pytest.mark.parametrize("change", _CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_every_change_is_found_told_once_and_not_adopted(house, name, courier, change):
    change(house.client, name)
    courier()
    kind, which, expected, found = _CHANGES[change]
    mine = [c for c in foreign_changes(house.workspace, name) if c.kind == kind and c.name == (which or name)]
    assert len(mine) == 1, _found(house, name)
    assert expected in (None, mine[0].expected) and found in (None, mine[0].found)
    assert _told(house, name) == ["foreign-change"]
    courier()
    courier()
    # Where no head stands any more, the next one is noted as ever; nothing of theirs is overwritten by that.
    healed = change in {_remove_head, _recreate_model}
    assert _told(house, name) == ["foreign-change"] + ["foreign-gone"] * healed
    assert get_model(house.workspace, name).foreign == foreign_changes(house.workspace, name)
    # Ours is as it was, and the log says so.
    assert {v.version: v.lifecycle_stage for v in get_model(house.workspace, name).versions} == {
        1: "Production", 2: "None",
    }  # fmt: skip
    assert holder(house.workspace, name, "champion") == 1
    assert verify(house.workspace).ok
    # A crafted head is found when the log is proved; a true one is not found fault with.
    forged = change is _forge_head
    verdict = verify(house.workspace, [h for h in audit_heads_in_mlflow(house.workspace) if h[1] == "f" * 64])
    assert verdict.ok is not forged
    if forged:
        _remove_head(house.client, name)


_NOT_OURS_TO_DELETE = {_add_version, _copy_version, _recreate_model}


@pytest.mark.parametrize("change", _CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_every_change_is_put_back_on_a_decision_only(house, name, courier, change):
    before = read_model(house.client, name)
    change(house.client, name)
    courier()
    restore(house.workspace, _ADA, reason="not ours", model=name)
    courier()
    after = read_model(house.client, name)
    tags = {v.tags["nbops.version"]: v.tags for v in after.versions.values() if v.source != "/tmp/evil"}
    assert tags == {v.tags["nbops.version"]: v.tags for v in before.versions.values()}
    champion = after.versions[after.aliases["champion"]]
    assert champion.tags["nbops.version"] == "1" and champion.source == before.versions["1"].source
    assert set(after.aliases) == {"champion"}
    assert {v.stage for v in after.versions.values()} == {"None"}
    left = [(kind, expected) for kind, _, expected, _ in _found(house, name)]
    assert left == ([("version", "")] if change in _NOT_OURS_TO_DELETE else [])
    if change not in _NOT_OURS_TO_DELETE:
        assert _told(house, name)[-1] == "foreign-gone"
    if change not in {_add_version, _copy_version}:
        assert "restore-mlflow" in [e.action for e in read_events(house.workspace, model=name)]


def test_the_next_promotion_puts_ours_there_and_says_what_was(house, name, courier):
    _move_alias(house.client, name)
    # Nobody has looked since, so the courier finds it as it comes to write.
    promote(name, 2, "challenger", workspace=house.workspace)
    house.client.set_registered_model_alias(name, "challenger", "1")
    courier()
    assert read_model(house.client, name).aliases == {"champion": "2", "challenger": "2"}
    events = [e for e in read_events(house.workspace, model=name) if e.action == "foreign-change"]
    overwritten = [c for e in events if e.detail.get("overwritten") for c in e.detail["found"]]
    assert overwritten == [{"kind": "alias", "name": "challenger", "expected": "", "found": "version 1"}]
    assert _found(house, name) == [("alias", "champion", "version 1", "version 2")]
    promote(name, 2, workspace=house.workspace)
    courier()
    assert _found(house, name) == []
    assert _told(house, name)[-1] == "foreign-gone"


def test_what_somebody_puts_back_there_is_told_too(house, name, courier):
    _move_alias(house.client, name)
    courier()
    house.client.set_registered_model_alias(name, "champion", "1")
    courier()
    assert _found(house, name) == []
    assert _told(house, name) == ["foreign-change", "foreign-gone"]


def test_our_own_changes_are_never_taken_for_others(house, name, courier):
    for turn in range(6):
        promote(name, turn % 2 + 1, workspace=house.workspace)
        promote(name, (turn + 1) % 2 + 1, "challenger", workspace=house.workspace)
        courier()
    assert _told(house, name) == []


def test_models_of_others_and_many_of_ours_do_not_mix(house, name, courier, monkeypatch):
    """The listing of everything, which many models call for, finds the same as asking for each."""
    from nbops.tracking import registry_state

    house.client.create_registered_model(f"{name}-theirs")
    house.client.create_model_version(f"{name}-theirs", source="/tmp/x")
    _move_alias(house.client, name)
    monkeypatch.setattr(registry_state, "_MANY", 0)
    monkeypatch.setattr(registry_state, "_PAGE", 2)
    courier()
    assert _found(house, name) == [("alias", "champion", "version 1", "version 2")]
    assert foreign_changes(house.workspace, f"{name}-theirs") == ()


def test_the_command_looks_and_restores(house, name, courier, monkeypatch, capsys):
    monkeypatch.chdir(house.workspace.root)
    assert main(["foreign", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"foreign": [], "restoring": []}
    _move_alias(house.client, name)
    assert main(["foreign", name]) == 1
    assert f"alias champion of {name} is version 2 in MLflow, version 1 here" in capsys.readouterr().out
    assert main(["foreign", name, "--restore"]) == 1
    assert "--reason" in capsys.readouterr().err
    assert main(["foreign", name, "--restore", "--reason", "not through the gate"]) == 0
    capsys.readouterr()
    courier()
    assert main(["foreign", name]) == 0
    assert read_model(house.client, name).aliases == {"champion": "1"}
    assert main(["foreign", "nobody-knows"]) == 1


def test_a_server_that_is_away_is_one_line(house, name, monkeypatch, capsys):
    monkeypatch.chdir(house.workspace.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert main(["foreign", name]) == 1
    said = capsys.readouterr().err
    assert said.startswith("nbops: MLflow's registry does not answer") and said.count("\n") == 1


def test_flushing_looks_too(house, name):
    """The courier of the command line, a process of its own, ends only when it has seen what was changed."""
    _move_alias(house.client, name)
    assert flush(house.workspace, timeout=120), house.workspace.courier_log.read_text()
    assert _found(house, name) == [("alias", "champion", "version 1", "version 2")]
