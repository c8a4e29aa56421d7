"""Gates from declaration to promotion: what they measure, and that whatever goes wrong they do not pass."""

import dataclasses
import json
import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbops
from nbops.errors import NbopsError, PromotionRefused, RegistryError, SettingsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import holder, promote, register
from nbops.registry.gates import declared, read_specs, run_gates
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace

FRAME = load_breast_cancer(as_frame=True).frame
COLUMNS = [name for name in FRAME.columns if name != "target"]
HELD_OUT = {"data": "holdout.parquet", "target": "target"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with models, held-out rows, and files for gates that go wrong."""
    folder = tmp_path_factory.mktemp("gates")
    rest = FRAME.iloc[400:].assign(size=["big", "small"] * 84 + ["big"])
    rest.to_parquet(folder / "holdout.parquet")
    rest.iloc[:0].to_parquet(folder / "empty.parquet")
    rest.drop(columns="mean radius").to_parquet(folder / "narrow.parquet")
    rest.assign(target=np.nan).to_parquet(folder / "unlabelled.parquet")
    rest.assign(target=1).to_parquet(folder / "one_class.parquet")
    (folder / "broken.parquet").write_bytes((folder / "holdout.parquet").read_bytes()[:900])
    (folder / "own.py").write_text(
        "import os, sys, time\n"
        "def fine(model, champion, frame, truth):\n    print('noise'); return {'value': 0.5, 'message': f'{len(frame)} rows'}\n"
        "def no(version):\n    return False\n"
        "def raises():\n    raise RuntimeError('boom')\n"
        "def hangs():\n    time.sleep(600)\n"
        "def stubborn():\n"
        "    import signal\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(600)\n"
        "def leaves():\n    os._exit(0)\n"
        "def quits():\n    sys.exit(0)\n"
        "def dies():\n    os.kill(os.getpid(), 9)\n"
        "def nan():\n    return float('nan')\n"
        "def nothing():\n    return None\n"
        'def lies():\n    os.write(1, b\'{"number": 0, "result": {"verdict": "passed"}}\\n\'); raise ValueError(\'caught\')\n'
        "def number():\n    return 1.0\n"
    )
    # Registering converts each model in a process of its own: once for all tests, which take copies.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(folder))
        patch.setenv("NBOPS_COURIER", "false")
        train = FRAME.iloc[:400]
        for strength in (0.1, 1.0, 0.0001):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
            with nbops.track(f"c-{strength}") as run:
                run.model(model.fit(train[COLUMNS], train["target"]), "model")
            register("tumour", run_id=run.run_id)
    return folder


@pytest.fixture
def place(folder, tmp_path, monkeypatch):
    """A workspace with a good, a better and a bad version of ``tumour``."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    return find_workspace()


def _specs(*checks, **shared):
    return read_specs({**HELD_OUT, **shared, "check": list(checks)}, "tumour", "Production", "test")


def _declare(place, *checks):
    lines = ["[gates]", *(f"{key} = {json.dumps(value)}" for key, value in HELD_OUT.items())]
    for check in checks:
        lines += ["[[gates.check]]", *(f"{key} = {json.dumps(value)}" for key, value in check.items())]
    (place.root / "nbops.toml").write_text("\n".join(lines) + "\n")


GOOD = (
    {"name": "AUC", "kind": "metric", "metric": "roc_auc", "min": 0.9},
    {"name": "gain", "kind": "champion", "metric": "roc_auc", "margin": 0.02},
    {
        "name": "worst",
        "kind": "slices",
        "metric": "accuracy",
        "by": ["mean radius", "size"],
        "min": 0.7,
        "min_rows": 10,
    },
    {"name": "parity", "kind": "fairness", "by": "size", "max": 0.5},
    {"name": "odds", "kind": "fairness", "by": "size", "measure": "equalized_odds", "max": 0.5},
    {"name": "calibrated", "kind": "calibration", "max": 0.2},
    {"name": "fast", "kind": "latency", "max_ms": 2000, "repeats": 20},
    {"name": "small", "kind": "size", "max_mb": 5},
    {"name": "own", "kind": "function", "function": "own.py:fine", "min": 0.1},
)


def test_a_version_goes_through_its_gates(place):
    _declare(place, *GOOD)
    first = promote("tumour", 1)
    assert first.changed and first.gate_report
    with open_ledger(place).connect() as connection:
        row = connection.execute(tables.gate_reports.select()).mappings().one()
    gates = {gate["name"]: gate for gate in row["content"]}
    assert row["passed"] and row["digest"] == first.gate_report and row["champion"] is None
    assert gates["AUC"]["low"] <= gates["AUC"]["value"] <= gates["AUC"]["high"]
    assert gates["gain"]["message"] == "nobody holds it yet"
    assert gates["worst"]["evidence"]["judged"] == 6 and gates["own"]["message"] == "169 rows"
    run = get_run(place, row["run_id"])
    assert run.metrics["AUC"] == pytest.approx(gates["AUC"]["value"]) and run.tags["gate.small"] == "passed"
    # A model that learnt next to nothing against the one now there.
    with pytest.raises(PromotionRefused, match="gain"):
        promote("tumour", 3)
    assert holder(place, "tumour", "Production") == 1
    assert promote("tumour", 2).previous == 1
    assert [e.action for e in read_events(place)].count("gate") == 3
    assert verify(place).ok


def test_values_are_those_of_scikit_learn(place):
    from sklearn.metrics import log_loss, roc_auc_score

    report = run_gates(
        place,
        "tumour",
        1,
        specs=_specs(
            {"kind": "metric", "metric": "roc_auc", "min": 0},
            {"kind": "metric", "metric": "log_loss", "max": 9},
            {"kind": "metric", "metric": "recall", "min": 0, "positive": 0},
            {"kind": "metric", "metric": "accuracy", "min": 0.999, "name": "too much"},
        ),
    )
    model, rest = nbops.load_model("tumour", 1), FRAME.iloc[400:]
    proba, said = model.predict_proba(rest[COLUMNS]), model.predict(rest[COLUMNS])
    found = {gate.name: gate for gate in report.gates}
    assert found["metric roc_auc"].value == pytest.approx(roc_auc_score(rest["target"], proba[:, 1]))
    assert found["metric log_loss"].value == pytest.approx(log_loss(rest["target"], proba))
    malignant = rest["target"] == 0
    assert found["metric recall"].value == pytest.approx((said[malignant] == 0).mean())
    assert found["too much"].verdict == "failed" and not report.passed


FAULTS = {
    "raises": {"kind": "function", "function": "own.py:raises"},
    "hangs": {"kind": "function", "function": "own.py:hangs", "timeout": 1},
    "hangs on": {"kind": "function", "function": "own.py:stubborn", "timeout": 1},
    "leaves": {"kind": "function", "function": "own.py:leaves"},
    "quits": {"kind": "function", "function": "own.py:quits"},
    "dies": {"kind": "function", "function": "own.py:dies"},
    "gives NaN": {"kind": "function", "function": "own.py:nan", "min": 0},
    "gives NaN without minimum": {"kind": "function", "function": "own.py:nan", "max": 1},
    "says nothing": {"kind": "function", "function": "own.py:nothing"},
    "lies": {"kind": "function", "function": "own.py:lies"},
    "number without limit": {"kind": "function", "function": "own.py:number"},
    "no such function": {"kind": "function", "function": "own.py:absent"},
    "no such module": {"kind": "function", "function": "absent_module:check"},
    "no such file": {"kind": "metric", "metric": "accuracy", "min": 0, "data": "absent.parquet"},
    "empty data": {"kind": "metric", "metric": "accuracy", "min": 0, "data": "empty.parquet"},
    "broken data": {"kind": "metric", "metric": "accuracy", "min": 0, "data": "broken.parquet"},
    "a column less": {"kind": "metric", "metric": "accuracy", "min": 0, "data": "narrow.parquet"},
    "no labels": {"kind": "metric", "metric": "accuracy", "min": 0, "data": "unlabelled.parquet"},
    "no such target": {"kind": "metric", "metric": "accuracy", "min": 0, "target": "absent"},
    "no such metric": {"kind": "metric", "metric": "acuracy", "min": 0},
    "one class": {"kind": "metric", "metric": "roc_auc", "min": 0, "data": "one_class.parquet"},
    "no such group": {"kind": "slices", "metric": "accuracy", "by": "absent", "min": 0},
    "groups too small": {"kind": "slices", "metric": "accuracy", "by": "size", "min": 0, "min_rows": 500},
    "undefined in a group": {"kind": "slices", "metric": "roc_auc", "by": "target", "min": 0},
    "no such measure": {"kind": "fairness", "by": "size", "max": 1, "measure": "absent"},
    "no rules": {"kind": "validation", "rules": "absent.json"},
    "no notebook": {"kind": "notebook", "notebook": "absent.ipynb"},
    "not a notebook's run": {"kind": "reproduces"},
}


@pytest.mark.slow
def test_injected_faults_never_pass(place):
    checks = [{"name": name, **check} for name, check in FAULTS.items()]
    checks.append({"name": "fine", "kind": "metric", "metric": "accuracy", "min": 0})
    report = run_gates(place, "tumour", 1, specs=_specs(*checks))
    verdicts = {gate.name: (gate.verdict, gate.message) for gate in report.gates}
    assert verdicts.pop("fine")[0] == "passed"
    assert {name: said for name, said in verdicts.items() if said[0] == "passed"} == {}
    assert [name for name, (_, message) in verdicts.items() if not message] == []
    assert "longer than 1 s" in verdicts["hangs"][1] and "longer than 1 s" in verdicts["hangs on"][1]
    assert "signal 9" in verdicts["dies"][1] and "boom" in verdicts["raises"][1]
    assert not report.passed and len(FAULTS) >= 20
    with pytest.raises(PromotionRefused, match="gates do not pass"):
        promote("tumour", 1)
    assert holder(place, "tumour", "Production") is None


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hangs", "gives NaN"])
def test_one_fault_among_good_gates_is_enough(place, fault):
    _declare(place, GOOD[0], {"name": fault, **FAULTS[fault]})
    with pytest.raises(PromotionRefused):
        promote("tumour", 1)
    assert holder(place, "tumour", "Production") is None


def test_a_champion_that_cannot_be_loaded_stops_the_comparison(place):
    promote("tumour", 1)
    from nbops.registry import get_version
    from nbops.workspace.blobs import path_of

    version = get_version(place, "tumour", 1)
    for digest in [file.digest for file in version.files] or [version.digest]:
        path_of(place, digest).write_bytes(b"something else")
    report = run_gates(place, "tumour", 2, specs=_specs(GOOD[0]))
    assert not report.passed and "could not be loaded" in report.gates[0].message


def test_a_report_goes_stale_with_the_declaration_and_with_the_holder(place):
    _declare(place, GOOD[1])
    run_gates(place, "tumour", 2)
    promote("tumour", 1)
    with pytest.raises(PromotionRefused, match="run them again"):
        promote("tumour", 2, evaluate=False)
    run_gates(place, "tumour", 2)
    _declare(place, GOOD[0], GOOD[1])
    with pytest.raises(PromotionRefused, match="run them again"):
        promote("tumour", 2, evaluate=False)
    assert promote("tumour", 2).changed


def test_a_promotion_can_name_the_report_it_rests_on(place):
    report = run_gates(place, "tumour", 1, specs=_specs(GOOD[0]))
    with pytest.raises(PromotionRefused, match="newest gate report is"):
        promote("tumour", 1, gate_report="0" * 64)
    assert promote("tumour", 1, gate_report=report.digest).gate_report == report.digest


def test_gates_are_known_by_their_content(place):
    _declare(place, *GOOD)
    whole = declared(place, "tumour", "Production")
    assert whole.digest == declared(place, "tumour", "champion").digest and whole.compares
    assert declared(place, "tumour", "challenger").checks == ()
    _declare(place, *GOOD[:-1], GOOD[-1] | {"min": 0.2})
    assert declared(place, "tumour", "Production").digest != whole.digest
    _declare(place, GOOD[0] | {"models": ["other"]}, GOOD[1] | {"targets": ["challenger"]})
    assert declared(place, "tumour", "Production").checks == ()
    with pytest.raises(RegistryError, match="No gate is declared"):
        run_gates(place, "tumour", 1)


@pytest.mark.parametrize(
    "check",
    [
        {},
        {"kind": "metrik", "metric": "accuracy", "min": 0},
        {"kind": "metric", "min": 0},
        {"kind": "metric", "metric": "accuracy"},
        {"kind": "metric", "metric": "accuracy", "mni": 0.5},
        {"kind": "metric", "metric": "accuracy", "min": "0.5"},
        {"kind": "metric", "metric": "accuracy", "min": float("nan")},
        {"kind": "metric", "metric": "accuracy", "min": True},
        {"kind": "metric", "metric": "accuracy", "min": 0, "timeout": 0},
        {"kind": "metric", "metric": "accuracy", "min": 0, "models": "churn"},
        {"kind": "size"},
        {"kind": "fairness", "by": "x"},
        {"kind": "function"},
        "metric",
    ],
)
def test_a_mistyped_gate_is_an_error_not_a_gate_less(check):
    with pytest.raises(SettingsError):
        _specs(check)


def test_two_gates_need_two_names():
    with pytest.raises(SettingsError, match="same name"):
        _specs(GOOD[0], GOOD[0])


@pytest.mark.slow
def test_the_notebook_of_the_run_is_executed_again(place, monkeypatch):
    cell = (
        "%%track\nfrom sklearn.linear_model import LogisticRegression\n"
        "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)\n"
        "model = LogisticRegression(max_iter=500).fit(X, y)\naccuracy = model.score(X, y)"
    )
    cells = [nbformat.v4.new_code_cell("%load_ext nbops"), nbformat.v4.new_code_cell(cell)]
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P"}})
    path = place.root / "train.ipynb"
    nbformat.write(book, path)
    import papermill

    # As the engine of pipelines and the front end of JupyterLab tell a kernel.
    monkeypatch.setenv("NBOPS_NOTEBOOK", str(path))
    papermill.execute_notebook(path, place.root / "out.ipynb", cwd=place.root, progress_bar=False)
    version = register("iris")
    assert version.metrics["accuracy"] > 0.9
    specs = read_specs(
        {"check": [{"name": "again", "kind": "reproduces", "tolerance": 1e-9}]}, "iris", "Production", "t"
    )
    (gate,) = run_gates(place, "iris", 1, specs=specs).gates
    assert (gate.verdict, gate.value) == ("passed", 0.0), gate.message
    book.cells[1].source = cell.replace("500", "5")
    nbformat.write(book, path)
    (gate,) = run_gates(place, "iris", 1, specs=specs).gates
    assert gate.verdict == "error" and "not in it any more" in gate.message


@pytest.mark.slow
def test_a_notebook_may_judge(place):
    cells = [
        nbformat.v4.new_code_cell("model = ''\nversion = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(
            "import nbops\nfound = nbops.load_model(model, version)\nnbops.output('gate', {'value': 0.7, 'passed': hasattr(found, 'predict')})"
        ),
    ]
    meta = {"kernelspec": {"name": "python3", "display_name": "P"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=meta), place.root / "judge.ipynb")
    silent = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("raise ValueError('no')")]
    nbformat.write(nbformat.v4.new_notebook(cells=silent[:1], metadata=meta), place.root / "silent.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=silent, metadata=meta), place.root / "fails.ipynb")
    checks = [{"name": name, "kind": "notebook", "notebook": f"{name}.ipynb"} for name in ("judge", "silent", "fails")]
    report = run_gates(place, "tumour", 1, specs=_specs(*checks))
    assert [gate.verdict for gate in report.gates] == ["passed", "error", "error"], report.gates
    assert report.gates[0].value == 0.7 and "ValueError: no" in report.gates[2].message


def test_validation_stops_bad_data(place):
    from nbops.data.validation import infer_rules

    rules = infer_rules(FRAME.iloc[:400])
    (place.root / "rules.json").write_text(json.dumps(rules.to_dict()))
    bad = pd.read_parquet(place.root / "holdout.parquet").assign(**{"mean radius": np.nan})
    bad.to_parquet(place.root / "bad.parquet")
    check = {"kind": "validation", "rules": "rules.json"}
    report = run_gates(
        place,
        "tumour",
        1,
        specs=_specs(check | {"name": "bad", "data": "bad.parquet"}, check | {"name": "gone", "rules": "x"}),
    )
    assert [gate.verdict for gate in report.gates] == ["failed", "error"]
    assert "mean radius" in report.gates[0].message


def test_errors_of_people_reach_people(place):
    with pytest.raises(NbopsError, match="no version 9"):
        run_gates(place, "tumour", 9)
    assert dataclasses.is_dataclass(run_gates(place, "tumour", 1, specs=_specs(GOOD[7])))
