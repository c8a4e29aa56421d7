"""Drift reports as cells and pages: words first, whole, small, and safe whatever the data are called."""

import json
from html.parser import HTMLParser

import nbformat
import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.display.drift_report import ShownDriftReport, described, report_json
from nbops.views.drift import drift_html, drift_page, drift_text
from nbops.views.drift.words import figure, title

_EVIL = [
    "<script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
    "</style><img src=x onerror=alert(1)>",
    "\u202eevil\u2066 \u0645\u0631\u062d\u0628\u0627",
    "bell\x07 escape\x1b[31m null\x00",
    "half \ud800 a character",
    "very long " * 5000,
    "</svg><a href=javascript:alert(1)>",
    "{{7*7}} ${x} &amp; &lt;",
    " ",
]
_ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "div",
        "span",
        "p",
        "b",
        "small",
        "br",
        "wbr",
        "bdi",
        "a",
        "code",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "section", "footer", "ul", "li"),
    *("h1", "h2", "h3", "svg", "symbol", "defs", "use", "path", "polyline", "rect", "circle", "text", "polygon"),
}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.handlers: list[str] = []
        self.text: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        for key, value in attrs:
            if key.startswith("on") or (key in {"href", "src"} and not (value or "").startswith("#")):
                self.handlers.append(f"{tag} {key}={value}")
        if tag not in {"meta", "br", "wbr", "use", "path", "polyline", "rect", "circle", "polygon"}:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}>")

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.text.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    html.encode("utf-8")
    reader.feed(html)
    reader.close()
    assert reader.problems == [] and reader._open == []
    assert reader.elements <= _ELEMENTS
    assert reader.handlers == []
    return reader


def _full(names, windows=12):
    """A report with every part that the contracts name."""
    random = np.random.default_rng(5)
    columns = [
        {
            "name": name,
            "kind": "number",
            "status": ("drift", "quality", "steady", "steady")[i % 4],
            "drifted": i % 4 == 0,
            "reason": f"shifted up by 0.{i} σ",
            "effect": 0.4 / (i + 1),
            "p": 1e-5,
            "statistics": {
                key: float(random.random())
                for key in (
                    "ks",
                    "ks_p",
                    "wasserstein",
                    "psi",
                    "psi_critical",
                    "jensen_shannon",
                    "hellinger",
                    "energy",
                    "mean_shift",
                    "spread",
                )
            },
            "findings": [f"nulls 0.1% → {i}.0%"],
            "picture": {
                "edges": [0, 1],
                "reference": random.random(24).tolist(),
                "current": random.random(24).tolist(),
            },
            "nulls": [0.001, 0.02],
            "means": [1.0, 2.0],
            "weight": 1 / len(names),
            "aspects": [{"name": "hour", "effect": 0.2, "p": 0.001, "reason": "nights"}],
            "sentinels": {"99999999": [0, 34]},
        }
        for i, name in enumerate(names)
    ]
    labels = [f"2026-W{i:02}" for i in range(windows)]
    effects = {
        name: {
            "effects": [None, *random.random(windows - 1).tolist()],
            "drifted": [i > 8 for i in range(windows)],
            "limit": 0.3,
            "onset": labels[-1],
        }
        for name in names
    }
    return {
        "sentence": "Some have drifted.",
        "title": "churn v3",
        "rows": {"reference": 5634, "current": 9812},
        "alpha": 0.01,
        "min_effect": 0.03,
        "detectable": 0.02,
        "note": "profile only, no reference rows kept",
        "false_alarm": "at most one report in a hundred",
        "about": {
            "reference": "the training data",
            "current": "week.parquet",
            "command": "nbops drift a b",
            "version": "0.1.0",
        },
        "columns": columns,
        "windows": {
            "by": "week",
            "mode": "reference",
            "labels": labels,
            "rows": [100] * windows,
            "drifted": list(range(windows)),
            "columns": effects,
            "onset": {"label": labels[-1], "column": names[0], "words": f"it began in {labels[-1]}"},
        },
        "segments": {
            "nodes": [
                {
                    "id": 0,
                    "parent": None,
                    "words": "all rows",
                    "rows": 100,
                    "share": 1.0,
                    "effect": 0.1,
                    "column": names[0],
                    "drifted": True,
                },
                {
                    "id": 1,
                    "parent": 0,
                    "words": f"{names[0]} <= 3",
                    "rows": 40,
                    "share": 0.4,
                    "effect": 0.3,
                    "column": names[0],
                    "drifted": True,
                },
            ],
            "worst": 1,
            "sentence": f"It is worst where {names[0]} is small.",
        },
        "multivariate": {
            "classifier": {
                "auc": 0.8,
                "low": 0.7,
                "high": 0.9,
                "drifted": True,
                "columns": [{"name": n, "weight": 0.2} for n in names[:5]],
                "sentence": "A classifier tells them apart.",
            },
            "pca": {"drifted": False, "sentence": "The joint shape stayed."},
        },
        "concept": {
            "labels": labels,
            "columns": [{"name": names[0], "effect": 0.2, "p": 0.001, "words": "weaker"}],
            "sentence": "The relation changed.",
        },
        "quality": {
            "passed": False,
            "findings": [
                {
                    "column": names[0],
                    "rule": "maximum",
                    "severity": "error",
                    "message": "12 above 122",
                    "rows": 12,
                    "examples": ["1e+09", names[-1]],
                }
            ],
            "sentence": "One rule fails.",
        },
        "performance": {
            "sentence": "AUC fell.",
            "metric": "auc",
            "windows": [
                {
                    "label": labels[0],
                    "n": 100,
                    "labelled": 0.12,
                    "realised": 0.87,
                    "low": 0.8,
                    "high": 0.9,
                    "estimated": 0.88,
                }
            ],
        },
    }


def test_the_first_screen_says_what_changed_and_whether_it_matters():
    report = _full([f"feature_{i}" for i in range(19)])
    text = "".join(_read(drift_page(report)).text)
    assert "churn v3: five features have drifted, and it matters" in text
    assert "week.parquet (9,812 rows) against the training data (5,634 rows)" in text
    assert "Together they carry 26% of the model's weight." in text
    assert text.index("it matters") < text.index("Over time") < text.index("Column by column")


def test_whether_it_matters_goes_by_the_weight_else_by_the_size():
    report = _full(["a", "b"])
    report["columns"][1].update(status="steady", drifted=False)
    for weights, end in (((0.01, 0.99), "but it hardly matters"), ((0.5, 0.5), "and it matters")):
        for column, weight in zip(report["columns"], weights, strict=True):
            column["weight"] = weight
        assert title(report) == f"churn v3: one feature has drifted, {end}"
    for column in report["columns"]:
        column.update(weight=None, effect=0.05)
    assert title(report).endswith("one column has drifted, but only a little")


def test_a_report_against_a_model_is_called_by_it():
    for reference, subject in (("models:/churn/3", "churn v3"), ("models:/churn@champion", "churn@champion")):
        about = described(reference, "week.parquet")
        report = {**_full(["a"]), "title": "", "about": about}
        assert title(report).startswith(f"{subject}: one feature has drifted")
        assert about["command"] == f"nbops drift {reference} week.parquet"


def test_what_is_said_of_a_column_reads_as_a_sentence():
    before = pd.DataFrame({"gone": [1.0, 2.0] * 200, " ": ["1"] * 399 + ["2"], "kept": np.arange(400) % 7})
    after = pd.DataFrame({" ": ["2"] * 400, "kept": np.arange(400) % 7})
    text = drift_text(nbops.drift(before, after).to_dict())
    assert '"␣": 1 in 100% → 0% of rows' in text
    assert "gone is missing from the current data." in text
    html = drift_html(nbops.drift(before[["gone", "kept"]], after[["kept"]]).to_dict())
    assert "<b>gone</b> is missing from the current data." in html
    # Else JupyterLab sets a name with $…$ as a formula.
    assert 'class="nbops mathjax_ignore' in html


def test_the_target_is_called_so_and_a_segment_that_is_not_worse_is_not_told():
    report = _full(["x", "y", "z", "w"])
    report["columns"][0].update(role="target", reason="shifted up by 1.00 σ")
    report["segments"]["worst"] = -1
    first = drift_page(report).split('<div class="counts')[0]
    assert "The target <b>x</b> rose from 1.000 to 2.000 (1.00 σ)" in first
    assert "worst where" not in first


@pytest.mark.parametrize("width", [20, 35])
def test_words_and_figures_stand_in_the_first_100_kb_and_pictures_after_them(width):
    report = _full([f"a feature {i}" for i in range(width)])
    page = drift_page(report)
    first = page.encode()[:100_000].decode()
    assert "</footer>" in first
    for words in (
        "Over time",
        "A classifier tells",
        "The relation changed.",
        "One rule fails.",
        "AUC fell.",
        "2026-W11",
        f"a feature {width - 1}",
    ):
        assert words in first.split("</footer>")[0]
    assert "<polyline" not in first.split("</footer>")[0]
    shown = "".join(_read(page).text)
    # Every figure of every column is there, once.
    assert shown.count("Hellinger") == width
    assert page.count("<symbol") == sum(part.count("<use") for part in page.split("</footer>"))


def test_two_thousand_columns_are_all_there_and_the_worst_come_first():
    report = _full([f"c{i}" for i in range(2000)], windows=2)
    page = drift_page(report)
    before = page.encode()[:100_000].decode()
    assert "500" in before and "</footer>" in before
    text = "".join(_read(page).text)
    assert all(f"c{i}" in text for i in range(2000))
    cell = drift_html(report)
    _read(cell)
    assert len(cell) < 120_000
    assert len(json.dumps(_shown(2000)._repr_mimebundle_())) < 400_000
    assert drift_text(report).count("\n") < 260


def _shown(width: int, seed: int = 0) -> ShownDriftReport:
    random = np.random.default_rng(seed)
    before = pd.DataFrame(random.normal(size=(60, width)), columns=[f"column_{i}" for i in range(width)])
    after = before + random.normal(size=width)
    return nbops.drift(before, after)


def test_five_reports_in_a_notebook_stay_below_a_megabyte(tmp_path):
    cells = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        frames = [
            pd.DataFrame(
                {
                    f"a_column_{i}": random.normal(i * step, 1, 2000)
                    if i % 3
                    else random.choice(list("abcdefgh"), 2000)
                    for i in range(20)
                }
            )
            for step in (0.0, 0.1)
        ]
        report = nbops.drift(*frames)
        full = ShownDriftReport(
            **{
                **{f: getattr(report, f) for f in report.__dataclass_fields__},
                "windows": _full(report.drifted)["windows"],
            }
        )
        bundle = full._repr_mimebundle_()
        output = nbformat.v4.new_output("execute_result", data=bundle, execution_count=1)
        cells.append(nbformat.v4.new_code_cell("nbops.drift(a, b)", outputs=[output], execution_count=1))
    path = tmp_path / "five.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert path.stat().st_size < 1_000_000


def test_hostile_names_and_values_are_shown_and_nothing_of_them_becomes_markup():
    report = _full(_EVIL)
    for i, column in enumerate(report["columns"]):
        column.update(reason=_EVIL[i], findings=list(_EVIL), kind=_EVIL[i])
        column["picture"] = {"names": list(_EVIL), "reference": [0.1] * 10, "current": [0.1] * 10}
        column["aspects"] = [{"name": evil, "reason": evil} for evil in _EVIL]
        column["sentinels"] = dict.fromkeys(_EVIL, 3)
        column["statistics"] = dict.fromkeys(_EVIL, 0.5)
    report.update(
        title=_EVIL[0],
        note=_EVIL[2],
        about={"reference": _EVIL[4], "current": _EVIL[1], "command": _EVIL[5], "version": _EVIL[0]},
    )
    report["windows"].update(by=_EVIL[0], labels=list(_EVIL), onset={"words": _EVIL[2]})
    report["segments"]["nodes"][0].update(words=_EVIL[0], column=_EVIL[1])
    report["segments"]["sentence"] = report["concept"]["sentence"] = report["multivariate"]["pca"]["sentence"] = _EVIL[
        2
    ]
    for html in (drift_page(report), drift_html(report)):
        reader = _read(html)
        assert "<script>alert(1)</script>" in "".join(reader.text)
        assert not any(sign in html for sign in ("\x07", "\x1b", "\x00", "\u202e", "\ud800"))
        assert len(html) < 600_000
    assert not any(sign in drift_text(report) for sign in ("\x07", "\x1b", "\x00", "\u202e", "\ud800"))
    json.loads(report_json(report))


def test_hostile_frames_go_all_the_way(tmp_path):
    values = [evil for evil in [*_EVIL, "plain"] if "\ud800" not in evil] * 20
    before = pd.DataFrame(dict.fromkeys(range(len(_EVIL)), values))
    # Half a character is no text for pandas, which takes it as an object.
    before.columns = pd.Index(_EVIL, dtype=object)
    after = before.iloc[::-1].assign(**{_EVIL[0]: "<b>other</b>"})
    report = nbops.drift(before, after)
    page = report.to_html(tmp_path / "out" / "report.html").read_text("utf-8")
    _read(page)
    found = json.loads(report.to_json(tmp_path / "report.json").read_bytes())
    assert [column["name"] for column in found["columns"]][0] == _EVIL[0]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["report.html", "report.json"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"c": [f"value {i}" for i in range(10_000)] * 2}, {"c": [f"value {i}" for i in range(5000)] * 2}),
        ({"n": [None] * 50, "x": range(50)}, {"n": [None] * 50, "x": range(50)}),
        ({"x": [np.inf, -np.inf, 1.0, np.nan] * 20}, {"x": [np.inf, 1e308, -1e308, 0.0] * 20}),
        ({"x": [np.inf] * 40}, {"x": [np.nan] * 40}),
        ({"x": [1.0]}, {"x": [2.0]}),
        ({"x": [1.0] * 50, "gone": ["a"] * 50}, {"x": [1.0] * 50, "new": ["b"] * 50}),
    ],
)
def test_odd_columns_are_drawn(before, after, tmp_path):
    report = nbops.drift(pd.DataFrame(before), pd.DataFrame(after))
    page = report.to_html(tmp_path / "r.html").read_text()
    _read(page)
    _read(report._repr_html_())
    json.loads(report_json(report.to_dict()))
    assert len(page) < 100_000


def test_too_few_rows_are_no_all_clear():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0] * 5})
    report = nbops.drift(frame, frame)
    assert str(report).startswith(
        "Too few rows to tell\ncurrent data (15 rows) against the reference (15 rows) · 1 column\n"
    )
    assert "too few rows on a side for a change to show" in report._repr_html_()


def test_a_report_without_columns_or_parts_is_drawn():
    for report in (
        {"columns": []},
        {"columns": [], "rows": {"reference": 0, "current": 0}, "windows": {"labels": []}, "segments": {"nodes": []}},
    ):
        assert "Nothing could be compared" in "".join(_read(drift_page(report)).text)
        _read(drift_html(report))
        assert "Nothing could be compared" in drift_text(report)


def test_the_page_is_readable_by_machines_and_on_paper():
    page = drift_page(_full(["tenure", "Contract"]))
    assert 'lang="en"' in page and "prefers-color-scheme:dark" in page and "@media print" in page
    assert page.count('role="img"') == page.count("aria-label=") - page.count("<section")
    assert "<th>" not in page and page.count('<thead><tr><th scope="col"') == page.count("<table")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.12345, "0.123"),
        (-0.5, "−0.500"),
        (1234567.0, "1,234,567"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (3, "3"),
        (0.00004, "4.00e−05"),
    ],
)
def test_figures_are_written_with_the_digits_that_tell(value, shown):
    assert figure(value) == shown
