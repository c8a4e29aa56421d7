"""What a gate may try, and what must hold all the same: nothing outlives it, nothing reaches the registry, all is told."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

import nbops
from nbops.errors import PromotionRefused, SettingsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.verification import verify
from nbops.registry import get_model, promote, register
from nbops.registry.gates import declared, read_specs, run_gates
from nbops.registry.gates.running_kinds import read_answer
from nbops.tracking.process import is_alive
from nbops.workspace import find_workspace

META = {"kernelspec": {"name": "python3", "display_name": "P"}}
GENERATOR = np.random.default_rng(5)
ROWS = pd.DataFrame({"x": GENERATOR.normal(size=200), "group": ["a", "b"] * 100})
ROWS["truth"] = (ROWS["x"] + GENERATOR.normal(size=200) > 0).astype(int)
ROWS["text"] = ROWS["truth"].map({0: "0.", 1: "1."})
ROWS["number"] = ROWS["x"] * 2 + GENERATOR.normal(size=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a classifier ``yes``, a regressor ``much`` and rows."""
    folder = tmp_path_factory.mktemp("gates")
    ROWS.to_parquet(folder / "rows.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(folder))
        patch.setenv("NBOPS_COURIER", "false")
        for name, model, truth in (("yes", LogisticRegression(), "truth"), ("much", LinearRegression(), "number")):
            with nbops.track(name) as run:
                run.model(model.fit(ROWS[["x"]], ROWS[truth]), "model")
            register(name, run_id=run.run_id)
    return folder


@pytest.fixture
def place(folder, tmp_path, monkeypatch):
    """A copy of that folder as workspace."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    return find_workspace()


def _specs(place, *checks, model="yes", target="truth"):
    table = {"data": "rows.parquet", "target": target, "check": list(checks)}
    return read_specs(table, model, "Production", "test", root=place.root)


def _one(place, model="yes", target="truth", **check):
    (gate,) = run_gates(place, model, 1, specs=_specs(place, check, model=model, target=target)).gates
    return gate


def _book(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells], metadata=META), path)


def _gone(identity):
    for _ in range(300):
        if not is_alive(identity):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_kernel_that_hangs_ends_with_its_gate(place):
    mark = place.root / "kernel"
    _book(
        place.root / "hang.ipynb",
        "from pathlib import Path\nimport time\nfrom nbops.tracking.process import process_identity\n"
        f"Path({str(mark)!r}).write_text(process_identity())\nwhile True:\n    time.sleep(1)",
    )
    gate = _one(place, kind="notebook", notebook="hang.ipynb", timeout=25)
    assert gate.verdict == "error" and "longer than 25 s" in gate.message
    assert mark.exists() and _gone(mark.read_text())


@pytest.mark.slow
def test_gates_end_with_the_process_that_asked(place):
    mark = place.root / "worker"
    (place.root / "own.py").write_text(
        "import time\nfrom pathlib import Path\nfrom nbops.tracking.process import process_identity\n"
        f"def hangs():\n    Path({str(mark)!r}).write_text(process_identity())\n    time.sleep(600)\n"
    )
    ask = (
        "from nbops.registry.gates import read_specs, run_gates\nfrom nbops.workspace import find_workspace\n"
        "table = {'check': [{'kind': 'function', 'function': 'own.py:hangs'}]}\n"
        "run_gates(find_workspace(), 'yes', 1, specs=read_specs(table, 'yes', 'Production'))"
    )
    asking = subprocess.Popen([sys.executable, "-c", ask], env=dict(os.environ))
    try:
        for _ in range(600):
            if mark.exists() and mark.read_text():
                break
            time.sleep(0.1)
        assert is_alive(mark.read_text())
    finally:
        asking.send_signal(signal.SIGKILL)
        asking.wait()
    assert _gone(mark.read_text())
    with open_ledger(place).connect() as connection:
        assert not connection.execute(tables.gate_reports.select()).all()
    assert verify(place).ok


@pytest.mark.slow
def test_a_notebook_on_trial_cannot_change_the_registry(place, monkeypatch):
    cell = (
        "%%track\nfrom sklearn.linear_model import LogisticRegression\n"
        "X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]\n"
        "model = LogisticRegression(C=0.5).fit(X, y)\naccuracy = model.score(X, y)"
    )
    book = place.root / "train.ipynb"
    cells = ["%load_ext nbops", cell, "import nbops\nnbops.register('yes')"]
    _book(book, *cells)
    import papermill

    monkeypatch.setenv("NBOPS_NOTEBOOK", str(book))
    papermill.execute_notebook(book, None, cwd=place.root, progress_bar=False)
    monkeypatch.delenv("NBOPS_NOTEBOOK")
    assert [v.version for v in get_model(place, "yes").versions] == [2, 1]
    specs = _specs(place, {"kind": "reproduces", "tolerance": 0})
    (gate,) = run_gates(place, "yes", 2, specs=specs).gates
    assert (gate.verdict, gate.value) == ("passed", 0.0), gate.message
    assert gate.evidence["metrics"] == {"accuracy": {"then": 0.5, "now": 0.5}}
    assert [v.version for v in get_model(place, "yes").versions] == [2, 1]
    _book(book, *(text.replace("C=0.5", "C=0.6") for text in cells))
    (gate,) = run_gates(place, "yes", 2, specs=specs).gates
    assert gate.verdict == "error" and "not in it any more" in gate.message


def test_who_edits_the_judging_code_declares_another_gate(place):
    (place.root / "own.py").write_text("def fine():\n    return True\n")
    (place.root / "nbops.toml").write_text('[gates]\n[[gates.check]]\nkind = "function"\nfunction = "own.py:fine"\n')
    before = declared(place, "yes", "Production").digest
    assert run_gates(place, "yes", 1).passed
    (place.root / "own.py").write_text("def fine():\n    return False\n")
    assert declared(place, "yes", "Production").digest != before
    with pytest.raises(PromotionRefused, match="run them again"):
        promote("yes", 1, evaluate=False)
    with pytest.raises(PromotionRefused, match="gates do not pass"):
        promote("yes", 1)


def test_evidence_of_any_kind_is_kept_as_far_as_it_goes(place):
    (place.root / "own.py").write_text(
        "import numpy as np, pandas as pd\n"
        "def odd(frame):\n"
        "    frame['truth'] = 0\n"
        "    deep = []\n    deep.append(deep)\n"
        "    return {'passed': np.True_, 'value': np.float32(0.5), 'message': 'a\\ud800b' * 5000, 'evidence': {\n"
        "        'array': np.arange(3), 'nan': float('nan'), 1: {4}, 'frame': frame, 'deep': deep, 'type': int,\n"
        "        'many': list(range(10_000)), 'when': pd.Timestamp('2024-02-29')}}\n"
    )
    report = run_gates(
        place,
        "yes",
        1,
        specs=_specs(
            place,
            {"kind": "function", "function": "own.py:odd"},
            {"kind": "metric", "metric": "accuracy", "min": 0.1, "max": 0.95},
        ),
    )
    odd, after = report.gates
    assert (odd.verdict, odd.value) == ("passed", 0.5), odd.message
    assert odd.evidence["array"] == [0, 1, 2] and len(odd.evidence["many"]) == 200 and len(odd.message) <= 2000
    assert after.verdict == "passed" and after.evidence["data"] == nbops.fingerprint(ROWS)
    with open_ledger(place).connect() as connection:
        json.dumps(connection.execute(tables.gate_reports.select()).mappings().one()["content"], allow_nan=False)
    assert verify(place).ok


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (True, "passed"),
        (False, "failed"),
        (np.True_, "passed"),
        ({"passed": True}, "passed"),
        ({"value": True}, "passed"),
        ({"value": 0.5, "passed": False}, "failed"),
        ({"value": 0.5, "passed": True}, "passed"),
        ({"value": 0.5, "passed": True, "evidence": [1]}, "passed"),
    ],
)
def test_answers_that_are_verdicts(answer, verdict):
    (check,) = read_specs({"check": [{"kind": "function", "function": "a.py:b"}]}, "m", "Production").checks
    assert read_answer(check, answer).verdict == verdict


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "passed",
        1,
        {},
        {"passed": "no", "value": 1.0},
        {"passed": 1},
        {"passed": True, "value": "good"},
        {"passed": True, "value": float("nan")},
        {"passed": True, "value": float("inf")},
        [True],
        np.array([True]),
    ],
)
def test_answers_that_are_none(answer):
    (check,) = read_specs({"check": [{"kind": "function", "function": "a.py:b"}]}, "m", "Production").checks
    with pytest.raises(nbops.NbopsError):
        read_answer(check, answer)


def test_a_limit_holds_whatever_the_function_says():
    entry = {"kind": "function", "function": "a.py:b", "min": 0.5}
    (check,) = read_specs({"check": [entry]}, "m", "Production").checks
    assert read_answer(check, {"value": 0.4, "passed": True}).verdict == "failed"
    with pytest.raises(nbops.NbopsError, match="no number"):
        read_answer(check, True)


def test_labels_of_another_type_are_no_small_gap(place):
    for measure in ("accuracy", "false_positive_rate", "selection_rate"):
        gate = _one(place, target="text", kind="fairness", by="group", measure=measure, max=1)
        assert gate.verdict == "error" and "the model knows" in gate.message
    gate = _one(place, target="text", kind="metric", metric="brier", max=1)
    assert gate.verdict == "error" and "the model knows" in gate.message


def test_fairness_compares_groups_of_one_column_with_each_other(place):
    frame = ROWS.assign(all=["same"] * 199 + ["other"])
    frame.to_parquet(place.root / "rows.parquet")
    gate = _one(place, kind="fairness", by=["group", "all"], max=1)
    assert gate.verdict == "error" and "fewer than two groups of all" in gate.message
    said = nbops.load_model("yes", 1).predict(ROWS[["x"]])
    gate = _one(place, kind="fairness", by="group", max=1)
    assert gate.value == pytest.approx(abs(said[::2].mean() - said[1::2].mean()))
    gate = _one(place, model="much", target="number", kind="fairness", by="group", measure="mean_error", max=9)
    errors = nbops.load_model("much", 1).predict(ROWS[["x"]]) - ROWS["number"]
    assert gate.value == pytest.approx(abs(errors[::2].mean() - errors[1::2].mean()))


def test_the_whole_interval_can_be_asked_for(place):
    value = _one(place, kind="metric", metric="accuracy", min=0).value
    limit = value - 0.005
    assert _one(place, kind="metric", metric="accuracy", min=limit).verdict == "passed"
    gate = _one(place, kind="metric", metric="accuracy", min=limit, interval=True)
    assert gate.verdict == "failed" and "its interval is not" in gate.message
    assert _one(place, kind="metric", metric="accuracy", min=value - 0.2, interval=True).verdict == "passed"


def test_new_data_like_the_old(place):
    ROWS.assign(x=ROWS["x"] * 1000).to_parquet(place.root / "wild.parquet")
    check = {"kind": "validation", "like": "rows.parquet"}
    report = run_gates(
        place, "yes", 1, specs=_specs(place, check | {"name": "same"}, check | {"name": "wild", "data": "wild.parquet"})
    )
    assert [gate.verdict for gate in report.gates] == ["passed", "failed"]
    assert "x:" in report.gates[1].message


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "fairness", "by": [], "max": 0.1},
        {"kind": "slices", "by": [], "metric": "accuracy", "min": 0.1},
        {"kind": "card", "fields": []},
        {"kind": "card", "fields": "intended_use"},
        {"kind": "reproduces", "metrics": []},
        {"kind": "validation"},
        {"kind": "metric", "metric": "accuracy", "min": 0, "interval": "yes"},
        {"kind": "latency", "max_ms": float("inf")},
    ],
)
def test_a_gate_that_would_say_nothing_cannot_be_declared(place, check):
    with pytest.raises(SettingsError):
        _specs(place, check)


def test_gates_declared_in_a_cell(place, capsys):
    checks = [{"kind": "metric", "metric": "accuracy", "min": 0.1}]
    report = nbops.gates("yes", 1, checks, data="rows.parquet", truth="truth")
    assert report.passed and "all 1 gates pass" in capsys.readouterr().out
    assert nbops.gates("yes", 1, checks, "challenger", data="rows.parquet", truth="truth").target == "challenger"
    assert promote("yes", 1).gate_report == report.digest


def test_a_gate_that_closes_the_way_back_is_stopped(place):
    (place.root / "own.py").write_text(
        "import os, time\ndef closes():\n    os.closerange(3, 200)\n    time.sleep(60)\n"
    )
    report = run_gates(
        place,
        "yes",
        1,
        specs=_specs(
            place,
            {"kind": "function", "function": "own.py:closes", "timeout": 20},
            {"kind": "size", "max_mb": 1},
        ),
    )
    assert [gate.verdict for gate in report.gates] == ["error", "passed"], report.gates
