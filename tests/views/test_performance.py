"""Performance as people see it: in a notebook, on the command line, on a page."""

from __future__ import annotations

import json
import shlex
from html.parser import HTMLParser

import numpy as np
import pytest

from nbops import performance
from nbops.cli import main
from nbops.monitoring.predictions import PredictionLog, record_labels
from nbops.workspace import find_workspace

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def logged(workspace):
    """Three weeks of predictions of a model that gets worse; the labels of the last are not there yet."""
    return _log(workspace)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The same, for those who only read."""
    root = tmp_path_factory.mktemp("performance")
    (root / "nbops.toml").write_text("courier = false\n")
    return _log(find_workspace(root))


def _log(workspace):
    generator = np.random.default_rng(5)
    scores = generator.random(3000)
    truth = (generator.random(3000) < scores).astype(int)
    truth[1000:2000] = generator.integers(0, 2, 1000)
    at = T0 + np.arange(3000) * 7 * DAY / 1000
    with PredictionLog(workspace, "churn") as log:
        ids = log.log(
            rows={"shop": ["north", HOSTILE, "south"] * 1000},
            outputs=(scores > 0.5).astype(int),
            scores=scores,
            version=3,
            at=at,
        )
    record_labels(workspace, "churn", ids[:2000], truth[:2000], at=at[:2000] + 3 * DAY)
    return workspace


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_a_report_shows_itself_as_text_as_a_picture_and_as_data(logged):
    report = performance("churn", window="7d", by="shop", start=T0, costs={"fp": 1, "fn": 3}, workspace=logged)
    bundle = report._repr_mimebundle_()
    text, html = bundle["text/plain"], bundle["text/html"]
    data = bundle["application/vnd.nbops.performance.v1+json"]
    assert "It is worse in" in text and "calibration error" in text and "have cost" in text
    assert [window["n"] for window in data["windows"]] == [1000, 1000, 1000]
    assert data["windows"][2]["realised"] is None and data["windows"][2]["estimated"] is not None
    assert json.loads(json.dumps(data)) == data
    tags = _Tags(html)
    assert "script" not in tags.seen and tags.seen.count("svg") == 3 and HOSTILE not in html
    assert 'stroke-dasharray="5 4"' in html and len(html) < 40_000


def test_the_command_line_measures_writes_a_page_and_gives_json(logged, capsys, tmp_path):
    folder = ["-C", str(logged.root)]
    assert main(["performance", "churn", "--window", "7d", "--html", str(tmp_path / "p.html"), *folder]) == 0
    assert "accuracy of churn is" in capsys.readouterr().out
    assert "<h1>Performance of churn</h1>" in (tmp_path / "p.html").read_text()
    assert main(["performance", "churn", "--window", "all", "--metric", "roc_auc", "--json", *folder]) == 0
    assert json.loads(capsys.readouterr().out)["metric"] == "roc_auc"
    assert main(["performance", "churn", "--costs", "cheap", *folder]) == 1
    assert "--costs must be JSON" in capsys.readouterr().err


def test_labels_come_from_a_file_and_strangers_are_counted(logged, capsys, tmp_path):
    from nbops.monitoring.predictions import read_predictions

    ids = read_predictions(logged, "churn", columns=["prediction_id"])["prediction_id"]
    (tmp_path / "labels.csv").write_text(f"id,label,at\n{ids.iloc[2500]},1,2024-01-31\nnobody,0,2024-01-31\n")
    folder = ["-C", str(logged.root)]
    assert main(["labels", "churn", str(tmp_path / "labels.csv"), *folder]) == 0
    assert "2 labels recorded; 1 of all" in capsys.readouterr().out
    assert main(["labels", "churn", str(tmp_path / "labels.csv"), "--label", "truth", *folder]) == 1
    assert "no column 'truth'" in capsys.readouterr().err
    assert main(["predictions", "churn", "--json", *folder]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["labels"], found["unknown_labels"]) == (3000, 2001, 1)
    assert main(["predictions", *folder]) == 0
    assert "3: 3,000" in capsys.readouterr().out


def test_the_magic_takes_costs_as_an_expression(logged, monkeypatch):
    from nbops.magics.performance import performance as magic

    monkeypatch.chdir(logged.root)
    report = magic('churn --window 7d --metric f1 --costs "{dict(fp=1, fn=20)}"')
    assert report.metric == "f1" and report.costs["total"] > 0


@pytest.mark.parametrize("door", ["command", "magic"])
@pytest.mark.parametrize(
    ("words", "check"),
    [
        ([], lambda report: len(report["windows"]) == 21),
        (
            ["--window", "7d"],
            lambda report: len(report["windows"]) == 4 and sum(one["n"] for one in report["windows"]) == 3000,
        ),
        (["--start", "2023-11-21"], lambda report: report["windows"][0]["label"] >= "2023-11-21"),
        (["--end", "2023-11-21"], lambda report: report["windows"][-1]["label"] < "2023-11-21"),
        (["--as-of", "2023-11-20"], lambda report: report["windows"][-1]["label"] <= "2023-11-20"),
        (["--window", "1000 rows", "--newest", "2"], lambda report: len(report["windows"]) == 2),
        (["--by", "shop"], lambda report: {one["label"] for one in report["segments"]} >= {"north", "south"}),
        (["--metric", "f1"], lambda report: report["metric"] == "f1"),
        (["--metric", "f1", "--positive", "0"], lambda report: report["positive"] == "0"),
        (["--model-version", "3"], lambda report: len(report["windows"]) == 21),
        (["--model-version", "9"], lambda report: report["windows"] == []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_an_option_does(kept, capsys, monkeypatch, door, words, check):
    from nbops.magics.performance import performance as magic

    monkeypatch.chdir(kept.root)
    if door == "command":
        assert main(["performance", "churn", *words, "--json"]) == 0
        assert check(json.loads(capsys.readouterr().out))
    else:
        assert check(magic(shlex.join(["churn", *words])).to_dict())


def test_labels_of_columns_with_other_names(logged, capsys, tmp_path):
    (tmp_path / "labels.csv").write_text("number,truth,when\nnobody,1,2024-01-31\n")
    folder = ["-C", str(logged.root)]
    named = ["--id", "number", "--label", "truth", "--at", "when"]
    assert main(["labels", "churn", str(tmp_path / "labels.csv"), *named, *folder]) == 0
    assert "1 labels recorded" in capsys.readouterr().out
