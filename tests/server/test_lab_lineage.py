"""Lineage and model cards over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

from nbops import registry
from nbops.data.fingerprint import fingerprint
from nbops.data.reading import read_table
from nbops.ledger.audit import read_events
from nbops.records import DataRef, Lineage, ModelCard, from_wire
from nbops.workspace import Workspace


@pytest.fixture
def promoted(workspace: Workspace, tracked: Any) -> Workspace:
    """A version from a file, in Production."""
    file = workspace.root / "train.csv"
    pandas.DataFrame({"age": [1, 2, 3]}).to_csv(file, index=False)
    data = DataRef(
        name="rows", fingerprint=fingerprint(read_table(file)), rows=3, columns=1, context="read", origin=str(file)
    )
    registry.register("churn", run_id=tracked(1, data=(data,)).run_id, workspace=workspace)
    registry.promote("churn", 1, workspace=workspace)
    return workspace


@pytest.mark.parametrize(
    "start", ["churn", "churn@1", "churn:champion", "version:churn@1", "train.csv", "calm-otter-1"]
)
async def test_from_data_to_promotion_wherever_one_starts(call: Any, promoted: Workspace, start: str) -> None:
    reply = await call("lineage", start=start)
    assert reply.code == 200, reply.body
    found = from_wire(Lineage, reply.json())
    kinds = {node.kind for node in found.nodes}
    assert {"data", "run", "version", "promotion"} <= kinds
    known = {node.id for node in found.nodes}
    assert found.start in known
    assert all({edge.source, edge.target} <= known for edge in found.edges)


async def test_what_is_not_there(call: Any, workspace: Workspace, tracked: Any) -> None:
    assert (await call("lineage", start="churn")).code == 404
    assert not workspace.data.exists(), "a look must not create a ledger"
    tracked(1)
    assert (await call("lineage", start="nothing")).code == 404
    assert (await call("lineage")).code == 400


@pytest.mark.parametrize(
    "start", ["/etc/hostname", "../outside.csv", "~/outside.csv", "a/../../outside.csv", "link.csv"]
)
async def test_no_file_outside_is_read(
    call: Any, promoted: Workspace, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = promoted.root.parent / "outside.csv"
    pandas.DataFrame({"secret": [1]}).to_csv(outside, index=False)
    (promoted.root / "link.csv").symlink_to(outside)
    monkeypatch.setattr("nbops.data.reading.read_table", lambda path: pytest.fail(f"{path} was read"))
    reply = await call("lineage", start=start)
    assert reply.code == 403, reply.body
    assert str(Path(outside).parent) not in reply.body.decode()


async def test_the_card_is_read_and_written(call: Any, promoted: Workspace) -> None:
    card = from_wire(ModelCard, (await call("models/churn/versions/1/card")).json())
    assert "intended_use" in card.missing
    reply = await call("models/churn/versions/1/card", method="POST", body={"intended_use": "call who leaves"})
    assert reply.code == 200, reply.body
    written = from_wire(ModelCard, reply.json())
    assert "intended_use" not in written.missing
    assert written.revision == 1
    assert read_events(promoted)[-1].action == "card"
    assert (await call("models/churn/versions/1/card", method="POST", body={"metrics": "auc 1"})).code == 400
    assert (await call("models/churn/versions/7/card")).code == 404
