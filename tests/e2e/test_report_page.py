"""The HTML report in a real browser: offline, without scripts, in light and dark."""

from pathlib import Path

import pytest

import nbops
from nbops.data.reading import read_table
from nbops.views.document import write_document
from nbops.views.report import ReportParts, report_html

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_drawn_offline(browser, shots, tmp_path: Path, scheme):
    patients = read_table("sklearn:diabetes")
    drift = nbops.drift(patients[patients.age < 55], patients[patients.age >= 55])
    parts = ReportParts(
        title="diabetes version 1",
        verdict="The model errs more on older patients.",
        importance={"bmi": 0.3, "sex": -0.1},
        drift=drift.to_dict(),
        lineage={
            "nodes": [{"id": "a", "label": "train", "kind": "data"}, {"id": "b", "label": "v1", "kind": "model"}],
            "edges": [["a", "b"]],
        },
    )
    path = write_document(tmp_path / "report.html", report_html(parts))
    asked, problems = [], []
    context = browser.new_context(color_scheme=scheme, offline=True, java_script_enabled=False)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(path.as_uri())
    drawn = [box for box in (svg.bounding_box() for svg in page.locator("svg:visible").all()) if box["width"] > 50]
    if shots is not None:
        page.screenshot(path=shots / f"report-{scheme}.png")
    context.close()
    assert len(drawn) >= 5
    assert asked == [path.as_uri()]
    assert problems == []
