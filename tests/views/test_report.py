"""Reports and drift tables: one static file, everything escaped, drawn without scripts or requests."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.reading import read_table
from nbops.errors import WorkspaceError
from nbops.views.document import write_document
from nbops.views.report import ReportParts, report_html

_EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def drift():
    patients = read_table("sklearn:diabetes")
    return nbops.drift(patients[patients.age < 55], patients[patients.age >= 55])


@pytest.fixture(scope="module")
def parts(drift):
    return ReportParts(
        title="diabetes version 1",
        verdict="The model errs more on older patients.",
        facts={"model": "diabetes v1"},
        data=[{"name": "train", "rows": 287, "columns": 11, "fingerprint": "ab" * 32, "note": "younger than 55"}],
        validation=[{"dataset": "later", "passed": False, "findings": ["age: 155 above 80"]}],
        candidates=[
            {"name": "ridge", "chosen": True, "metrics": {"mae": 44.1}, "params": {"alpha": "1.0"}},
            {"name": "forest", "chosen": False, "metrics": {"mae": 46.0}, "params": {}},
        ],
        baseline={"name": "mean", "metrics": {"mae": 66.0}},
        held_out={"mae": 44.1},
        later={"mae": 55.0},
        intervals={"mae": [40.0, 49.0]},
        importance={"bmi": 0.3, "sex": -0.1},
        drift=drift.to_dict(),
        lineage={
            "nodes": [{"id": "a", "label": "train", "kind": "data"}, {"id": "b", "label": "v1", "kind": "model"}],
            "edges": [["a", "b"], ["b", "a"], ["a", "nowhere"]],
        },
        runs=[{"name": "ridge", "id": "a" * 32, "status": "FINISHED", "metrics": {"mae": 44.1}}],
        environment={"pandas": "3.1"},
    )


def test_a_report_says_the_conclusion_and_what_it_is_compared_to(parts):
    html = report_html(parts)
    assert html.index("errs more on older patients") < html.index("Drift")
    assert "+10.9" in html
    assert "outside the interval" in html
    assert "chosen" in html
    assert len(html.encode()) < 100_000


def test_a_report_has_no_script_and_asks_for_nothing(parts):
    html = report_html(parts)
    for word in ("<script", "http://", "https://", "src=", "@import", "url(http"):
        assert word not in html


def test_everything_from_outside_is_escaped(parts):
    evil = replace(
        parts,
        title=_EVIL,
        verdict=_EVIL,
        facts={_EVIL: _EVIL},
        data=[{"name": _EVIL, "rows": 1, "columns": 1, "fingerprint": _EVIL, "note": _EVIL}],
        validation=[{"dataset": _EVIL, "passed": True, "findings": [_EVIL]}],
        candidates=[{"name": _EVIL, "chosen": True, "metrics": {_EVIL: 1.0}, "params": {_EVIL: _EVIL}}],
        baseline={"name": _EVIL, "metrics": {}},
        held_out={_EVIL: 1.0},
        importance={_EVIL: 1.0},
        lineage={"nodes": [{"id": "a", "label": _EVIL, "kind": _EVIL}], "edges": []},
        runs=[{"name": _EVIL, "id": _EVIL, "status": _EVIL, "metrics": {_EVIL: 1.0}}],
        environment={_EVIL: _EVIL},
        drift=nbops.drift(
            pd.DataFrame({_EVIL: [_EVIL, "b"] * 50, "x": np.arange(100.0)}),
            pd.DataFrame({_EVIL: ["c", "d"] * 50, "x": np.arange(100.0) + 50}),
        ).to_dict(),
    )
    html = report_html(evil)
    assert "<img" not in html
    assert "&lt;img" in html


def test_an_empty_report_is_still_a_page():
    html = report_html(ReportParts(title="nothing", verdict="Nothing to tell."))
    assert "Nothing to tell." in html


def test_a_drift_report_shows_itself(drift):
    bundle = drift._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.nbops.drift.v1+json", "text/html", "text/plain"}
    assert "<svg" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert "drifted, and it is large enough to matter" in bundle["text/plain"].splitlines()[0]
    assert "age" in str(drift)


def test_a_page_is_whole_or_absent(tmp_path):
    path = write_document(tmp_path / "deep" / "report.html", "<p>ü")
    assert path.read_text(encoding="utf-8") == "<p>ü"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_document(tmp_path / "file" / "report.html", "x")
