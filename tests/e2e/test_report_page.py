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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_drift_report_is_drawn_offline_and_fits_a_narrow_window(browser, shots, tmp_path: Path, scheme):
    patients = read_table("sklearn:diabetes")
    report = nbops.drift(patients[patients.age < 55], patients[patients.age >= 55])
    path = report.to_html(tmp_path / "drift.html")
    asked, problems = [], []
    context = browser.new_context(
        color_scheme=scheme, offline=True, java_script_enabled=False, viewport={"width": 700, "height": 900}
    )
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.goto(path.as_uri())
    small = page.locator("table.ranked").first.locator("svg use").all()
    # The pictures stand at the end of the file, and are drawn where they belong.
    assert len(small) >= 4
    assert all(box["width"] > 50 and box["height"] > 5 for box in (one.bounding_box() for one in small))
    for part in page.locator("section, table, .counts, .pair, footer").all():
        box = part.bounding_box() if part.is_visible() else None
        assert box is None or box["x"] + box["width"] <= 701
    if shots is not None:
        page.screenshot(path=shots / f"drift-report-{scheme}.png")
    closed = page.locator("details:not([open]) .pair").last
    assert not closed.is_visible()
    page.emulate_media(media="print")
    assert closed.is_visible()
    context.close()
    assert asked == [path.as_uri()]
    assert problems == []
