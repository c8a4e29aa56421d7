"""What a gate may try, and what must hold all the same: nothing outlives it, nothing reaches the registry, all is told."""

import json
import os
import shutil
import subprocess
import sys
import time

import nbformat
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import LinearRegression, LogisticRegression

import nbops
from nbops.errors import PromotionRefused, SettingsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.verification import verify
from nbops.registry import get_model, get_version, load_model, promote, register
from nbops.registry.gates import declared, read_specs, run_gates
from nbops.registry.gates.bench import Bench
from nbops.registry.gates.judging import judge
from nbops.registry.gates.running_kinds import read_answer
from nbops.registry.gates.sample import Contender
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


def _judged(place, *checks, model="yes", target="truth"):
    """Judge in this process: what is measured does not depend on who keeps watch over it."""
    contender = Contender(get_version(place, model, 1), load_model(model, 1, workspace=place))
    bench = Bench(place, contender, None)
    return [judge(check, bench) for check in _specs(place, *checks, model=model, target=target).checks]


def _asking(root, entry):
    """Start a process that runs one gate and prints what came of it."""
    ask = (
        "import json\nfrom nbops.registry.gates import read_specs, run_gates\n"
        "from nbops.workspace import find_workspace\n"
        f"specs = read_specs({{'check': [{entry!r}]}}, 'yes', 'Production')\n"
        "(gate,) = run_gates(find_workspace(), 'yes', 1, specs=specs).gates\n"
        "print(json.dumps([gate.verdict, gate.message]))"
    )
    told = {"NBOPS_WORKSPACE": str(root), "NBOPS_COURIER": "false"}
    return subprocess.Popen([sys.executable, "-c", ask], env={**os.environ, **told}, stdout=subprocess.PIPE)


@pytest.fixture(scope="module")
def hanging(folder, tmp_path_factory):
    """Gates whose notebook hangs, and where its kernel says who it is: asked early, as it takes its time."""
    root = tmp_path_factory.mktemp("hanging")
    shutil.copytree(folder, root, dirs_exist_ok=True)
    mark = root / "kernel"
    _book(
        root / "hang.ipynb",
        "from pathlib import Path\nimport time\nfrom nbops.tracking.process import process_identity\n"
        f"Path({str(mark)!r}).write_text(process_identity())\nwhile True:\n    time.sleep(1)",
    )
    asking = _asking(root, {"kind": "notebook", "notebook": "hang.ipynb", "timeout": 20})
    yield asking, mark
    asking.kill()
    asking.wait()
    asking.stdout.close()


@pytest.fixture
def shell():
    """A shell as that of a kernel, in this process."""
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


def _gone(identity):
    for _ in range(300):
        if not is_alive(identity):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.usefixtures("hanging")
def test_gates_end_with_the_process_that_asked(place):
    mark = place.root / "worker"
    (place.root / "own.py").write_text(
        "import time\nfrom pathlib import Path\nfrom nbops.tracking.process import process_identity\n"
        f"def hangs():\n    Path({str(mark)!r}).write_text(process_identity())\n    time.sleep(600)\n"
    )
    asking = _asking(place.root, {"kind": "function", "function": "own.py:hangs"})
    try:
        for _ in range(600):
            if mark.exists() and mark.read_text():
                break
            time.sleep(0.1)
        assert is_alive(mark.read_text())
    finally:
        asking.kill()
        asking.wait()
        asking.stdout.close()
    assert _gone(mark.read_text())
    with open_ledger(place).connect() as connection:
        assert not connection.execute(tables.gate_reports.select()).all()
    assert verify(place).ok


@pytest.mark.slow
def test_a_notebook_on_trial_cannot_change_the_registry(place, monkeypatch, shell):
    cell = (
        "%%track\nfrom sklearn.linear_model import LogisticRegression\n"
        "X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]\n"
        "model = LogisticRegression(C=0.5).fit(X, y)\naccuracy = model.score(X, y)"
    )
    book = place.root / "train.ipynb"
    cells = ["%load_ext nbops", cell, "import nbops\nnbops.register('yes')"]
    _book(book, *cells)
    with monkeypatch.context() as patch:
        patch.setenv("NBOPS_NOTEBOOK", str(book))
        for text in cells:
            shell.run_cell(text).raise_error()
    assert [v.version for v in get_model(place, "yes").versions] == [2, 1]
    specs = _specs(place, {"kind": "reproduces", "tolerance": 0})
    (gate,) = run_gates(place, "yes", 2, specs=specs).gates
    assert (gate.verdict, gate.value) == ("passed", 0.0), gate.message
    assert gate.evidence["metrics"] == {"accuracy": {"then": 0.5, "now": 0.5}}
    assert [v.version for v in get_model(place, "yes").versions] == [2, 1]


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


def test_gates_of_a_cell_keep_evidence_of_any_kind_as_far_as_it_goes(place, capsys):
    (place.root / "own.py").write_text(
        "import numpy as np, pandas as pd\n"
        "def odd(frame):\n"
        "    frame['truth'] = 0\n"
        "    deep = []\n    deep.append(deep)\n"
        "    return {'passed': np.True_, 'value': np.float32(0.5), 'message': 'a\\ud800b' * 5000, 'evidence': {\n"
        "        'array': np.arange(3), 'nan': float('nan'), 1: {4}, 'frame': frame, 'deep': deep, 'type': int,\n"
        "        'many': list(range(10_000)), 'when': pd.Timestamp('2024-02-29')}}\n"
    )
    checks = [
        {"kind": "function", "function": "own.py:odd"},
        {"kind": "metric", "metric": "accuracy", "min": 0.1, "max": 0.95},
    ]
    report = nbops.gates("yes", 1, checks, data="rows.parquet", truth="truth")
    assert report.target == "Production" and "all 2 gates pass" in capsys.readouterr().out
    odd, after = report.gates
    assert (odd.verdict, odd.value) == ("passed", 0.5), odd.message
    assert odd.evidence["array"] == [0, 1, 2] and len(odd.evidence["many"]) == 200 and len(odd.message) <= 2000
    assert after.verdict == "passed" and after.evidence["data"] == nbops.fingerprint(ROWS)
    with open_ledger(place).connect() as connection:
        json.dumps(connection.execute(tables.gate_reports.select()).mappings().one()["content"], allow_nan=False)
    assert promote("yes", 1).gate_report == report.digest
    with pytest.raises(nbops.NbopsError, match="Archived"):
        nbops.gates("yes", 1, checks, "Archived", data="rows.parquet", truth="truth")
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
    gaps = [
        {"name": measure, "kind": "fairness", "by": "group", "measure": measure, "max": 1}
        for measure in ("accuracy", "false_positive_rate", "selection_rate")
    ]
    for gate in _judged(place, *gaps, {"kind": "metric", "metric": "brier", "max": 1}, target="text"):
        assert gate.verdict == "error" and "the model knows" in gate.message


def test_fairness_compares_groups_of_one_column_with_each_other(place):
    ROWS.assign(all=["same"] * 199 + ["other"]).to_parquet(place.root / "rows.parquet")
    both, one = {"kind": "fairness", "by": ["group", "all"], "max": 1}, {"kind": "fairness", "by": "group", "max": 1}
    small, gate = _judged(place, both | {"name": "both"}, one)
    assert small.verdict == "error" and "fewer than two groups of all" in small.message
    said = load_model("yes", 1).predict(ROWS[["x"]])
    assert gate.value == pytest.approx(abs(said[::2].mean() - said[1::2].mean()))
    (gate,) = _judged(place, one | {"measure": "mean_error", "max": 9}, model="much", target="number")
    errors = load_model("much", 1).predict(ROWS[["x"]]) - ROWS["number"]
    assert gate.value == pytest.approx(abs(errors[::2].mean() - errors[1::2].mean()))


def test_the_whole_interval_can_be_asked_for(place):
    check = {"kind": "metric", "metric": "accuracy"}
    value = _judged(place, check | {"min": 0})[0].value
    inside, across, wide = _judged(
        place,
        check | {"name": "inside", "min": value - 0.005},
        check | {"name": "across", "min": value - 0.005, "interval": True},
        check | {"name": "wide", "min": value - 0.2, "interval": True},
    )
    assert inside.verdict == wide.verdict == "passed"
    assert across.verdict == "failed" and "its interval is not" in across.message


def test_new_data_like_the_old(place):
    ROWS.assign(x=ROWS["x"] * 1000).to_parquet(place.root / "wild.parquet")
    check = {"kind": "validation", "like": "rows.parquet"}
    same, wild = _judged(place, check | {"name": "same"}, check | {"name": "wild", "data": "wild.parquet"})
    assert (same.verdict, wild.verdict) == ("passed", "failed") and "x:" in wild.message


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


def test_a_gate_that_closes_the_way_back_is_stopped(place):
    (place.root / "own.py").write_text(
        "import os, time\ndef closes():\n    os.closerange(3, 200)\n    time.sleep(60)\n"
    )
    gate = _one(place, kind="function", function="own.py:closes")
    assert gate.verdict == "error" and "closed the way back" in gate.message


@pytest.mark.slow
def test_a_kernel_that_hangs_ends_with_its_gate(hanging):
    asking, mark = hanging
    verdict, message = json.loads(asking.communicate(timeout=120)[0])
    assert verdict == "error" and "longer than 20 s" in message
    assert mark.exists() and _gone(mark.read_text())
