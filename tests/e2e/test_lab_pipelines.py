"""Pipelines in the browser: the graph while it runs, failure, log, resume; schedules and their form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.e2e

PIPELINE = """
name = "churn-weekly"

[stages.ingest]
notebook = "ingest.ipynb"
outputs = ["rows"]

[stages.features]
notebook = "features.ipynb"
after = ["ingest"]
outputs = ["columns"]

[stages.train]
notebook = "train.ipynb"
after = ["features"]
outputs = ["auc"]
foreach = { depth = [2, 4, 6] }

[stages.evaluate]
notebook = "evaluate.ipynb"
after = ["features"]
outputs = ["score"]

[stages.report]
notebook = "report.ipynb"
after = ["evaluate", "train"]
"""
EPOCHS = """import time
import re
from pathlib import Path
for epoch in range(1, 100):
    print(f"epoch {epoch}: loss {1 / epoch:.3f}", flush=True)
    if Path("go").exists():
        break
    time.sleep(0.3)"""


def write_notebook(path: Path, *cells: str, parameters: str = "") -> None:
    made = [nbformat.v4.new_code_cell(source) for source in cells]
    if parameters:
        made.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    notebook = nbformat.v4.new_notebook(cells=made)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, path)


def write_pipeline(folder: Path) -> None:
    """A pipeline whose stage features waits for the file go, and whose stage evaluate fails while there is no file good."""
    folder.mkdir(parents=True)
    write_notebook(folder / "ingest.ipynb", "rows = 5634")
    write_notebook(
        folder / "features.ipynb", "names = ['age', 'plan']", EPOCHS, "columns = 19", parameters="rows: int = 0"
    )
    write_notebook(folder / "train.ipynb", "auc = 0.9 + depth / 100", parameters="depth: int = 4\ncolumns: int = 0")
    write_notebook(
        folder / "evaluate.ipynb",
        "print('scoring 1409 rows')",
        "from pathlib import Path\nassert Path('good').exists(), 'Input X contains NaN'\nscore = 1",
    )
    write_notebook(folder / "report.ipynb", "'done'")
    (folder / "pipeline.toml").write_text(PIPELINE)


def panel_of(screen: Any) -> Locator:
    screen.command("nbops:open")
    panel: Locator = screen.page.locator("#nbops-panel")
    expect(panel).to_be_visible()
    return panel


def both(screen: Any, name: str) -> None:
    """Keep a picture in each theme."""
    for theme in ("Dark", "Light"):
        screen.theme(f"JupyterLab {theme}")
        screen.shot(f"{name}-{theme.lower()}")


def test_graph_while_running_failure_log_and_resume(screen: Any) -> None:
    folder = screen.lab.root / "weekly"
    write_pipeline(folder)
    screen.notebook("weekly/start.ipynb", "1 + 1", run=False)
    panel = panel_of(screen)
    pipelines = panel.get_by_role("list", name="Pipelines")
    expect(pipelines).to_contain_text("churn-weekly")
    panel.get_by_role("button", name="Graph of churn-weekly").click()
    tab = screen.page.get_by_role("article", name="Pipeline churn-weekly")
    expect(tab).to_contain_text("7 of 7 stages would run")
    panel.get_by_role("button", name="Run churn-weekly").click()
    node = tab.get_by_role("button", name="stage features")
    expect(node).to_have_attribute("aria-label", re.compile(r"cell \d of \d"))
    screen.page.wait_for_timeout(1500)
    both(screen, "pipeline-running")
    (folder / "go").touch()
    expect(tab).to_contain_text("evaluate failed in cell 2", timeout=60_000)
    screen.page.wait_for_timeout(500)
    both(screen, "pipeline-failed")
    panel.get_by_role("button", name="Run churn-weekly").hover()
    tab.get_by_role("button", name="Show log").click()
    page = screen.page.frame_locator("iframe[title='Executed notebook of evaluate']")
    expect(page.locator("body")).to_contain_text("scoring 1409 rows")
    expect(page.locator("body")).to_contain_text("Input X contains NaN")
    both(screen, "pipeline-log")
    # ipywidgets does not expect a notebook without a kernel.
    screen.allow("reading 'kernel'")
    tab.get_by_role("button", name="Open executed notebook").click()
    executed = screen.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").filter(has_text="scoring 1409 rows")
    expect(executed).to_be_visible()
    expect(executed).to_contain_text("AssertionError")
    screen.shot("pipeline-executed")
    screen.command("application:close")
    (folder / "good").touch()
    tab.get_by_role("button", name="Resume").first.click()
    expect(tab).to_contain_text(re.compile("Succeeded in .*: 2 of 7 ran"), timeout=60_000)
    expect(pipelines).to_contain_text("2 of 7 ran")
    toast = screen.page.locator(".Toastify__toast").filter(has_text="churn-weekly succeeded")
    expect(toast).to_be_visible()
    screen.page.reload()
    screen.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=90_000)
    expect(tab).to_contain_text("2 of 7 ran")
    both(screen, "pipeline-resumed")
