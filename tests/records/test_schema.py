"""The generated schema and interfaces agree with the records and with what is committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from nbops.records import Card, Change, HistoryPoint, Run, RunPage, schema, to_wire

ROOT = Path(__file__).parents[2]


def _validator(name: str) -> Draft202012Validator:
    whole = schema.json_schema()
    return Draft202012Validator({**whole, "$ref": f"#/$defs/{name}"})


def test_committed_interfaces_agree() -> None:
    committed = (ROOT / schema.TYPESCRIPT).read_text(encoding="utf-8")
    assert committed == schema.typescript(), "run: python -m nbops.records.schema --write"


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.json_schema())


def test_a_card_on_the_wire_is_valid() -> None:
    run = Run(run_id="r1", name="brisk-heron", experiment="churn", metrics={"auc": float("nan"), "recall": 0.5})
    earlier = HistoryPoint(run_id="r0", name="calm-otter", metrics={"auc": float("-inf")})
    change = Change(kind="param", name="depth", before=None, after="6")
    card = Card(run=run, previous=earlier, history=(earlier,), changes=(change,), warnings=("a",))
    _validator("Card").validate(to_wire(card))


def test_a_wrong_status_is_found() -> None:
    wire = to_wire(Run(run_id="r1", name="brisk-heron", experiment="churn"))
    assert not list(_validator("Run").iter_errors(wire))
    assert list(_validator("Run").iter_errors({**wire, "status": "DONE"}))
    assert list(_validator("Run").iter_errors({**wire, "duration": "long"}))


def test_an_empty_page_is_valid() -> None:
    _validator("RunPage").validate(to_wire(RunPage(runs=(), total=0, offset=0, limit=50)))


def test_interfaces_name_literals_and_nulls() -> None:
    text = schema.typescript()
    assert "export type RunStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';" in text
    assert "  readonly status: RunStatus;" in text
    assert "  readonly ended_at: WireNumber | null;" in text
    assert "  readonly metrics: Readonly<Record<string, WireNumber>>;" in text
    assert "  readonly history: readonly HistoryPoint[];" in text


def test_command_line_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main([]) == 0
    assert json.loads(capsys.readouterr().out) == schema.json_schema()


def test_command_line_prints_the_interfaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main(["--typescript"]) == 0
    assert "export interface Card {" in capsys.readouterr().out
