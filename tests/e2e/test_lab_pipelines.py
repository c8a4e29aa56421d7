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
    screen.command("filebrowser:activate")
    screen.page.locator(".jp-DirListing-item").filter(has_text="pipeline.toml").click(button="right")
    screen.page.get_by_role("menuitem", name="Show pipeline graph").click()
    panel = panel_of(screen)
    tab = screen.page.get_by_role("article", name="Pipeline churn-weekly")
    expect(tab).to_contain_text("7 of 7 stages would run")
    # The same tab, from the sidebar.
    panel.get_by_role("button", name="Graph of churn-weekly").click()
    expect(screen.page.locator(".lm-TabBar-tab").filter(has_text="churn-weekly")).to_have_count(1)
    panel.get_by_role("button", name="Run churn-weekly").click()
    node = tab.get_by_role("button", name="stage features")
    expect(node).to_have_attribute("aria-label", re.compile(r"cell \d of \d · epoch \d"))
    screen.settle(1500)
    both(screen, "pipeline-running")
    (folder / "go").touch()
    expect(tab).to_contain_text("evaluate failed in cell 2", timeout=60_000)
    screen.settle(500)
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
    write_notebook(folder / "train.ipynb", "auc = 0.8 + depth / 50", parameters="depth: int = 4\ncolumns: int = 0")
    screen.page.locator(".lm-TabBar-tab").filter(has_text="Log of evaluate").locator(".lm-TabBar-tabCloseIcon").click()
    tab.get_by_role("combobox", name="What is drawn").select_option("plan")
    expect(tab).to_contain_text("4 of 7 stages would run")
    stage = tab.get_by_role("region", name="Stage", exact=True)
    expect(stage).to_contain_text("+auc = 0.8 + depth / 50")
    both(screen, "pipeline-why")


def test_a_schedule_is_written_run_paused_and_deleted(screen: Any) -> None:
    folder = screen.lab.root / "nightly"
    folder.mkdir()
    write_notebook(folder / "clean.ipynb", "1 / 0")
    (folder / "pipeline.toml").write_text('name = "churn"\n[stages.clean]\nnotebook = "clean.ipynb"\n')
    screen.notebook("nightly/start.ipynb", "1 + 1", run=False)
    panel = panel_of(screen)
    expect(panel.get_by_role("list", name="Pipelines")).to_contain_text("churn")
    panel.get_by_role("button", name="Schedules").click()
    panel.get_by_role("button", name="Add a schedule…").click()
    tab = screen.page.get_by_role("article", name="New schedule")
    times = tab.get_by_role("region", name="Next times")
    tab.get_by_label("Name", exact=True).fill("churn-nightly")
    tab.get_by_label("Times (cron)").fill("61 2 * * *")
    expect(times).to_contain_text("minute")
    tab.get_by_label("Times (cron)").fill("30 2 * * 1-5")
    tab.get_by_label("Time zone").fill("Europe/Berlin")
    expect(times.get_by_role("listitem")).to_have_count(5)
    tab.get_by_role("button", name="Save").click()
    tab = screen.page.get_by_role("article", name="Schedule churn-nightly")
    expect(tab).to_contain_text("Saved.")
    schedules = panel.get_by_role("list", name="Schedules")
    expect(schedules).to_contain_text("churn-nightly")

    panel.get_by_role("button", name="Run churn-nightly now").click()
    due = tab.get_by_role("table", name="Times it came due, newest first")
    expect(due).to_contain_text("asked for by")
    toast = screen.page.locator(".Toastify__toast").filter(has_text="Scheduled run of churn-nightly failed")
    expect(toast).to_be_visible(timeout=60_000)
    expect(due).to_contain_text("ZeroDivisionError")
    expect(schedules).to_contain_text("failed")
    both(screen, "schedule")
    toast.get_by_role("button", name="Open").click()
    expect(screen.page.get_by_role("article", name="Pipeline churn")).to_contain_text("by the schedule churn-nightly")

    panel.get_by_role("button", name="Pause churn-nightly").click()
    expect(schedules).to_contain_text("paused")
    panel.get_by_role("button", name="Delete churn-nightly").click()
    screen.page.get_by_role("button", name="Delete", exact=True).click()
    expect(schedules.get_by_role("listitem")).to_have_count(0)


def test_a_new_project_is_made_and_shown(screen: Any) -> None:
    (screen.lab.root / "projects").mkdir()
    screen.notebook("projects/start.ipynb", "1 + 1", run=False)
    screen.page.evaluate("() => { window.jupyterapp.commands.execute('nbops:new-project', { cwd: 'projects' }); }")
    dialog = screen.page.get_by_role("dialog")
    screen.allow("400 (Bad Request)")
    dialog.get_by_label("Name").fill("2 words")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot name a project")
    dialog.get_by_label("Name").fill("churn")
    screen.shot("project", dialog)
    dialog.get_by_role("button", name="Make it").click()
    tab = screen.page.locator("article.nbops-pipeline")
    expect(tab).to_contain_text("stages would run", timeout=60_000)
    assert (screen.lab.root / "projects" / "churn" / "pipeline.toml").is_file()
    screen.shot("project-graph")
