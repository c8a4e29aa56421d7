"""Every option of ``%drift`` and ``nbops drift``, through either door: what it changes in the report."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbops.cli import main
from nbops.errors import NotFoundError, UsageError
from nbops.magics.drift import _GRAMMAR

ROWS = 600


def _side(shift, seed, start):
    random = np.random.default_rng(seed)
    plan = random.choice(["basic", "pro"], ROWS)
    frame = pd.DataFrame(
        {
            "when": pd.date_range(start, periods=ROWS, freq="3h"),
            "plan": plan,
            "tenure": random.normal(0, 1, ROWS) + shift * (plan == "pro"),
            "age": random.normal(0, 1, ROWS),
        }
    )
    frame["bill"] = frame.tenure + random.normal(0, 0.3, ROWS)
    frame["forecast"] = frame.bill + random.normal(0, 0.1, ROWS) + shift * (plan == "pro") * random.normal(0, 2, ROWS)
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("drift")
    for name, side in (("a", _side(0.0, 1, "2024-01-01")), ("b", _side(2.0, 2, "2024-06-03"))):
        side.to_parquet(place / f"{name}.parquet")
    (place / "weights.json").write_text('{"age": 0.9, "tenure": 0.1}')
    (place / "list.json").write_text("[1]")
    (place / "rules.toml").write_text('extra = "allow"\n\n[columns.age]\nkind = "number"\nminimum = 0\n')
    return place


@pytest.fixture(scope="module")
def magic(folder):
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NBOPS_WORKSPACE", str(folder))
        environment.chdir(folder)
        shell.run_line_magic("load_ext", "nbops")
        shell.user_ns |= {name: pd.read_parquet(f"{name}.parquet") for name in "ab"} | {
            "weights": {"age": np.float64(0.75)},
            "folder": folder,
        }
        yield lambda *words: shell.run_line_magic("drift", shlex.join(["a", "b", *words])).to_dict()
        shell.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


@pytest.fixture
def command(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)

    def run(*words):
        code = main(["drift", "a.parquet", "b.parquet", *words, "--json"])
        said = capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out)

    return run


def _columns(report):
    return {column["name"]: column for column in report["columns"]}


def _plain(report):
    assert report["alpha"] == 0.05
    assert report["thresholds"] == "calibrated"
    assert not report.get("windows") and not report.get("segments") and not report.get("multivariate")
    assert set(report["drifted"]) == {"tenure", "bill", "forecast"}


def _alpha(report):
    assert report["alpha"] == 1e-9
    assert _columns(report)["tenure"]["drifted"]


def _min_effect(report):
    assert report["min_effects"] == {"number": 0.9, "category": 0.9}
    assert report["drifted"] == []


def _fixed(report):
    found = _columns(report)
    assert report["thresholds"] == "fixed"
    assert (found["age"]["measure"], found["age"]["limit"]) == ("psi", 0.3)
    assert (found["tenure"]["measure"], found["tenure"]["limit"]) == ("wasserstein", 9)
    assert not found["tenure"]["drifted"] and found["bill"]["drifted"]


def _learned(report):
    assert report["thresholds"] == "learned"
    assert "reference windows" in report["false_alarm"]
    # Of ten windows of 60 rows the limits are wide, and which of the two passes its own is close.
    assert set(report["drifted"]) & {"tenure", "bill"} and not _columns(report)["age"]["drifted"]


def _importance(report):
    found = _columns(report)
    assert (found["age"]["weight"], found["tenure"]["weight"], found["bill"]["weight"]) == (0.9, 0.1, 0.0)
    assert report["carried"] == 0.1


def _role(name, role):
    def check(report):
        assert (report["columns"][0]["name"], report["columns"][0]["role"]) == (name, role)

    return check


def _windows(by, mode, first, count):
    def check(report):
        windows = report["windows"]
        assert (windows["by"], windows["mode"], windows["labels"][0]) == (by, mode, first)
        assert len(windows["labels"]) == count

    return check


def _sliding(report):
    assert (report["windows"]["mode"], report["windows"]["against"]) == ("sliding", "previous 2")


def _tree(report):
    worst = report["segments"]["nodes"][report["segments"]["worst"]]
    assert "plan" in worst["words"] and "pro" in worst["words"]


def _table(report):
    assert {node["words"] for node in report["segments"]["nodes"]} >= {"plan is basic", "plan is pro"}


def _errors(report):
    assert "plan" in report["segments"]["nodes"][report["segments"]["worst"]]["words"]


def _multivariate(report):
    assert report["multivariate"]["classifier"]["auc"] > 0.6
    assert report["multivariate"]["pca"]["sentence"]


def _duplicates(report):
    assert report["duplicates"] == {"reference": 0.0, "current": 0.0, "rows": [0, 0], "p": 1.0, "changed": False}
    assert "repeated rows 0.0% → 0.0%" in report["note"]


def _inferred_rules(report):
    assert report["quality"]["against"] == "the reference" and not report["quality"]["passed"]
    assert {finding["column"] for finding in report["quality"]["findings"]} == {"forecast"}


def _rules_file(report):
    (finding,) = report["quality"]["findings"]
    assert (finding["column"], finding["rule"], finding["severity"]) == ("age", "minimum", "error")
    assert finding["rows"] > 0 and finding["examples"] and report["quality"]["against"] == "rules.toml"


def _concept(report):
    assert report["concept"]["target"] == "bill"
    assert {column["name"] for column in report["concept"]["columns"]} >= {"tenure", "age"}


BOTH = [
    ([], _plain),
    (["--alpha", "1e-9"], _alpha),
    (["--min-effect", "0.9"], _min_effect),
    (["--fixed", "psi=0.3,tenure.wasserstein=9"], _fixed),
    (["--learned"], _learned),
    (["--importance", "age=0.9,tenure=0.1"], _importance),
    (["--importance", "weights.json"], _importance),
    (["--prediction", "age"], _role("age", "prediction")),
    (["--target", "age"], _role("age", "target")),
    (["--by", "week"], _windows("week", "reference", "2024-06-03", 11)),
    (["--by", "200 rows"], _windows("200 rows", "reference", "rows 1–200", 3)),
    (["--by", "7d", "--time", "when"], _windows("7d", "reference", "2024-06-03", 11)),
    (["--by", "week", "--against", "first"], _windows("week", "first", "2024-06-03", 11)),
    (["--by", "week", "--against", "previous 2"], _sliding),
    (["--segments", "all"], _tree),
    (["--segments", "plan"], _table),
    (["--errors", "bill,forecast"], _errors),
    (["--multivariate"], _multivariate),
    (["--concept", "bill"], _concept),
    (["--duplicates"], _duplicates),
    (["--rules", "reference"], _inferred_rules),
    (["--rules", "rules.toml"], _rules_file),
]
WRONG = [
    (["--alpha", "often"], "alpha"),
    (["--alpha", "2"], "alpha must be a number between 0 and 1, not 2"),
    (["--min-effect", "-1"], "min_effect must be a number from 0"),
    (["--fixed", "psi"], "--fixed takes NAME=NUMBER, separated by commas, not 'psi'"),
    (["--fixed", "psi=high"], "--fixed takes NAME=NUMBER"),
    (["--fixed", "pzi=0.2"], "There is no statistic 'pzi' to set a threshold for. Did you mean psi?"),
    (["--fixed", "tenur.psi=0.2"], "Neither data set has a column 'tenur'"),
    (["--fixed", "psi=-1"], "The threshold of psi must be a number from 0 on"),
    (["--importance", "age"], "--importance takes NAME=NUMBER"),
    (["--importance", "none.json"], "none.json cannot be read"),
    (["--importance", "list.json"], "does not map columns to weights"),
    (["--prediction", "score"], "Neither data set has a column 'score'"),
    (["--target", "score"], "Neither data set has a column 'score'"),
    (["--by", "fortnight"], "cuts no windows"),
    (["--by", "week", "--time", "wen"], "Did you mean 'when'?"),
    (["--by", "week", "--against", "last"], "Windows cannot be compared against 'last'"),
    (["--segments", "plans"], "'plans' cannot tell segments apart"),
    (["--errors", "bill"], "errors takes two columns"),
    (["--concept", "bil"], "There is no target 'bil' on both sides"),
]


@pytest.mark.parametrize(("words", "check"), BOTH, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
@pytest.mark.parametrize("door", ["magic", "command"])
def test_what_an_option_does(door, words, check, request):
    check(request.getfixturevalue(door)(*words))


@pytest.mark.parametrize(("words", "said"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_makes_no_sense_is_one_line(words, said, magic, folder, monkeypatch, capsys):
    with pytest.raises(UsageError) as told:
        magic(*words)
    assert said in str(told.value) and "\n" not in str(told.value)
    monkeypatch.chdir(folder)
    assert main(["drift", "a.parquet", "b.parquet", *words]) in (1, 2)
    error = capsys.readouterr().err
    assert said.partition(" must be")[0] in error and "Traceback" not in error


def test_what_only_the_magic_has(magic):
    assert set(_columns(magic("--columns", "age, plan"))) == {"age", "plan"}
    assert _columns(magic("--importance", "{weights}"))["age"]["weight"] == 0.75
    assert _columns(magic("--importance", "{dict(weights, plan=1)}"))["plan"]["weight"] == 1.0
    assert magic("--importance", "{folder}/weights.json")["carried"] == 0.1
    with pytest.raises(UsageError, match="importance maps columns to weights; this is a int"):
        magic("--importance", "{3}")
    with pytest.raises(NotFoundError, match=r"none\.toml"):
        magic("--rules", "none.toml")
    with pytest.raises(UsageError, match="either --fixed or --learned"):
        magic("--fixed", "psi=0.2", "--learned")


def test_what_only_the_command_has(command, folder, monkeypatch, capsys):
    assert "12 reference windows" in command("--learned", "12")["false_alarm"]
    monkeypatch.chdir(folder)
    assert main(["drift", "a.parquet", "b.parquet", "--fail"]) == 1
    assert main(["drift", "a.parquet", "a.parquet", "--fail"]) == 0
    capsys.readouterr()
    assert main(["drift", "a.parquet", "b.parquet", "--fixed", "psi=0.2", "--learned"]) == 2
    assert "not allowed with" in capsys.readouterr().err
    assert main(["drift", "a.parquet", "b.parquet", "--learned", "3"]) == 1
    assert "at least 10 windows" in capsys.readouterr().err
    assert main(["drift", "a.parquet", "b.parquet", "--learned", "-3"]) == 1
    assert "reference_windows takes a number of windows" in capsys.readouterr().err


def test_no_option_goes_untested():
    tested = {word[2:] for words, _ in BOTH for word in words if word.startswith("--")}
    # The columns are tested above, the others in test_drift_magic.py.
    assert set(_GRAMMAR.options) == tested | {"columns", "html", "explore", "plotly"}
