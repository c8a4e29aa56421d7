"""Drift in a real JupyterLab: the report, plotly's figure, and the explorer that follows its choices, in light and dark."""

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
expect = sync_api.expect

pytestmark = pytest.mark.e2e

DATA = """
%load_ext nbops
import numpy as np, pandas as pd
random = np.random.default_rng(3)
def customers(rows, shift):
    region = random.choice(["north", "south"], rows)
    day = pd.Timestamp("2026-01-05") + pd.to_timedelta(np.sort(random.integers(0, 42, rows)), unit="D")
    late = (day >= "2026-01-26") & (region == "south")
    return pd.DataFrame({
        "tenure": random.gamma(4, 8, rows) - shift * 9 * late,
        "contract": np.where(random.random(rows) < np.where(late, 0.55 + 0.2 * shift, 0.55), "monthly", "yearly"),
        "bill": random.normal(60, 20, rows), "region": region, "day": day,
    })
before, after = customers(3000, 0), customers(3000, 1)
"""


def test_the_explorer_follows_its_choices(screen) -> None:
    screen.notebook(
        "drift/01.ipynb",
        DATA,
        "%drift before after --time day --by week --plotly",
        "%drift before after --time day --explore",
    )
    page = screen.page
    outputs = page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-output")
    expect(outputs.last.locator(".title")).to_contain_text("drifted", timeout=90_000)
    expect(outputs.first.locator(".main-svg").first).to_be_visible()
    explorer = page.locator(".nbops-drift-explorer")
    expect(explorer.locator(".lead")).to_contain_text("tenure")
    handle = explorer.get_by_role("slider")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(explorer.locator(".under")).to_contain_text("2026-02-02")
    explorer.get_by_label("Segment").select_option("region = south")
    expect(explorer.locator(".under")).to_contain_text("region = south, 2026-02-02")
    expect(explorer.locator(".lead")).to_contain_text("▲ drift")
    explorer.scroll_into_view_if_needed()
    screen.shot("drift-explorer-light", explorer)
    screen.shot("drift-inline-light", outputs.last)
    screen.theme("JupyterLab Dark")
    screen.shot("drift-explorer-dark", explorer)
    screen.shot("drift-inline-dark", outputs.last)
    screen.shot("drift-plotly-dark", outputs.first)
    explorer.get_by_label("Segment").select_option("region = north")
    expect(explorer.locator(".lead")).to_contain_text("steady")
    explorer.get_by_label("Column").select_option("bill")
    expect(explorer.locator(".lead")).to_contain_text("bill")
