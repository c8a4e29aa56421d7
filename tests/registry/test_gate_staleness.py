"""Reports and the rows they were judged on: who replaces held-out rows takes back what was judged on the old ones."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.errors import PromotionRefused
from nbops.ledger import open_ledger
from nbops.registry import get_version, promote, register
from nbops.registry.examination import newest_report
from nbops.registry.gates import run_gates
from nbops.registry.held_out import HeldOut
from nbops.registry.view import promotion_view
from nbops.workspace import find_workspace

ROWS = pd.DataFrame({"x": np.linspace(-2, 2, 120)})
ROWS["truth"] = (ROWS["x"] + np.sin(np.arange(120)) > 0).astype(int)
WRONG = ROWS.assign(truth=1 - ROWS["truth"])
GATES = """
[gates]
data = "rows.csv"
target = "truth"
[[gates.check]]
kind = "metric"
metric = "accuracy"
min = 0.6
[[gates.check]]
kind = "function"
function = "own.py:looks"
[[gates.check]]
kind = "champion"
metric = "accuracy"
"""
OWN = "from pathlib import Path\ndef looks(workspace):\n    return (workspace.root / 'rows.csv').is_file()\n"


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A folder with a version whose gates passed, one of them with evidence of its own."""
    folder = tmp_path_factory.mktemp("judged")
    ROWS.to_csv(folder / "rows.csv", index=False)
    (folder / "own.py").write_text(OWN)
    (folder / "nbops.toml").write_text(GATES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(folder))
        patch.setenv("NBOPS_COURIER", "false")
        patch.delenv("NBOPS_TOKEN", raising=False)
        with nbops.track("fit") as run:
            run.model(LogisticRegression().fit(ROWS[["x"]], ROWS["truth"]), "model")
        register("yes", run_id=run.run_id)
        assert run_gates(find_workspace(), "yes", 1).passed
    return folder


@pytest.fixture
def place(judged, tmp_path, monkeypatch):
    """A copy of that folder as workspace."""
    shutil.copytree(judged, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    return find_workspace()


def _report(place):
    with open_ledger(place).connect() as connection:
        return newest_report(connection, get_version(place, "yes", 1), "Production")


def test_a_report_names_the_bytes_it_was_judged_on(place):
    import hashlib

    digest = hashlib.sha256((place.root / "rows.csv").read_bytes()).hexdigest()
    report = _report(place)
    # The function may have opened the declared file by itself: nbops cannot know.
    assert [gate.data for gate in report.gates] == [{"rows.csv": digest}, {"rows.csv": digest}, {}]
    assert HeldOut(place).against(report) == ""
    assert promote("yes", 1, evaluate=False).gate_report == report.digest


def test_replaced_rows_make_a_report_stale(place):
    WRONG.to_csv(place.root / "rows.csv", index=False)
    with pytest.raises(PromotionRefused, match=r"held-out data changed .*\(rows.csv\); run them again") as refused:
        promote("yes", 1, evaluate=False)
    assert refused.value.kinds == ("gates",) and "\n" not in str(refused.value)
    with pytest.raises(PromotionRefused, match="held-out data changed"):
        promote("yes", 1, gate_report=_report(place).digest)
    view = promotion_view(place, "yes", 1)
    assert not view.report_current and "held-out data changed" in view.headline
    foreseen = promote("yes", 1, dry_run=True)
    assert not foreseen.changed and "held-out data changed" in foreseen.obstacles[0].message
    # The old rows are judged on already.
    ROWS.to_csv(place.root / "rows.csv", index=False)
    assert promote("yes", 1, evaluate=False).changed


def test_stale_gates_are_run_again_by_a_promotion(place):
    before = _report(place)
    WRONG.to_csv(place.root / "rows.csv", index=False)
    with pytest.raises(PromotionRefused, match="gates do not pass: metric accuracy"):
        promote("yes", 1)
    assert _report(place).digest != before.digest


def test_rows_that_are_gone_make_a_report_stale(place):
    (place.root / "rows.csv").unlink()
    with pytest.raises(PromotionRefused, match=r"cannot be read any more \(rows.csv\); run them again"):
        promote("yes", 1, evaluate=False)


def test_rows_that_were_missing_are_judged_once_they_are_there(place):
    (place.root / "rows.csv").rename(place.root / "away.csv")
    assert not run_gates(place, "yes", 1).passed
    with pytest.raises(PromotionRefused, match="gates do not pass"):
        promote("yes", 1, evaluate=False)
    (place.root / "away.csv").rename(place.root / "rows.csv")
    assert promote("yes", 1).changed


def test_gates_of_a_cell_are_refused_in_words_when_their_rows_were_replaced(place):
    (place.root / "nbops.toml").write_text("")
    WRONG.to_csv(place.root / "rows.csv", index=False)
    with pytest.raises(PromotionRefused, match="held-out data changed .*run them again"):
        promote("yes", 1)


def test_a_report_that_says_no_file_is_not_about_the_rows_of_now(place):
    report = _report(place)
    old = replace(report, gates=tuple(replace(gate, data={}) for gate in report.gates))
    assert "do not say which file" in HeldOut(place).against(old)
    own = replace(report.gates[1], data={}, evidence={"data": "what a function calls so"})
    assert HeldOut(place).against(replace(report, gates=(own,))) == ""


def test_a_transaction_reads_no_file_that_was_read_before(place):
    held, report = HeldOut(place), _report(place)
    assert held.against(report) == ""
    (place.root / "rows.csv").unlink()
    assert held.against(report) == ""
    assert json.loads(json.dumps(report.gates[0].data))


def test_the_last_report_is_shown_with_why_it_counts_no_more(place, capsys):
    promote("yes", 1, evaluate=False)
    assert main(["gates", "yes", "1", "--last"]) == 0
    assert capsys.readouterr().err == ""
    WRONG.to_csv(place.root / "rows.csv", index=False)
    assert main(["gates", "yes", "1", "--last", "--json"]) == 4
    told = capsys.readouterr()
    assert json.loads(told.out)["passed"] is True
    assert told.err.splitlines() == ["! the held-out data changed since its gates were run (rows.csv); run them again"]
