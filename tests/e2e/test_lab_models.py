"""Registering a run's model from the sidebar, and the commands around it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

TRAIN = """%%track
import numpy as np
from sklearn.linear_model import LogisticRegression
X = np.arange(40.0).reshape(-1, 1)
model = LogisticRegression(C={c}).fit(X, X[:, 0] > 20)
accuracy = model.score(X, X[:, 0] > 20)"""


def test_register_from_the_sidebar(screen: Any, python: Any) -> None:
    screen.notebook("register/01_churn.ipynb", "%load_ext nbops", TRAIN.format(c="1.0"), courier=True)
    page = screen.page
    screen.command("nbops:open")
    panel = page.locator("#nbops-panel")
    expect(panel).to_contain_text("No registered models yet")
    panel.get_by_role("listbox", name="Runs").get_by_role("option").first.click()
    panel.get_by_role("button", name="Register").click()
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name")
    expect(name).to_be_focused()
    name.fill("churn")
    dialog.get_by_label("Alias").fill("champion")
    screen.shot("register", dialog.locator(".jp-Dialog-content"))
    dialog.get_by_role("button", name="Register").click()
    panel.get_by_role("button", name="All runs").click()
    models = panel.get_by_role("list", name="Registered models")
    expect(models).to_contain_text("churn")
    expect(models).to_contain_text("v1")
    expect(models).to_contain_text("champion")
    screen.shot("models", panel)
    found = json.loads(
        python(
            "import json\nfrom nbops import registry\nfrom nbops.records import to_wire\n"
            "from nbops.workspace import find_workspace\n"
            "print(json.dumps(to_wire(registry.list_models(find_workspace()))))",
            screen.lab.root / "register",
        )
    )
    assert [(m["name"], [v["version"] for v in m["versions"]]) for m in found] == [("churn", [1])]


def test_a_name_that_cannot_be_is_refused_kindly(screen: Any) -> None:
    screen.notebook("refused/01.ipynb", "%load_ext nbops", TRAIN.format(c="1.0"))
    page = screen.page
    page.locator(".nbops-card").get_by_role("button", name="Register").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("a/b")
    screen.allow("400")
    dialog.get_by_role("button", name="Register").click()
    expect(page.locator(".jp-toast-message, .Toastify__toast").first).to_contain_text("Not registered")


def test_the_toolbar_button_tracks_the_cell(screen: Any) -> None:
    screen.notebook("toolbar/01.ipynb", "%load_ext nbops", "auc = 3 / 4", run=False)
    page = screen.page
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
    button = page.locator('.jp-NotebookPanel-toolbar [data-command="nbops:track-cell"]')
    source = "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.getSource()"
    button.click()
    assert page.evaluate(source) == "%%track\nauc = 3 / 4"
    button.click()
    assert page.evaluate(source) == "auc = 3 / 4"
    button.click()
    screen.command("notebook:run-all-cells")
    expect(page.locator(".nbops-card")).to_contain_text("0.75")


def test_the_launcher_opens_the_sidebar(screen: Any) -> None:
    screen.notebook("launcher/01.ipynb", "1 + 1", run=False)
    screen.command("launcher:create")
    screen.page.locator(".jp-LauncherCard").filter(has_text="Runs and models").click()
    expect(screen.page.locator("#nbops-panel")).to_be_visible()


def test_compare_and_open_in_tabs(screen: Any) -> None:
    screen.notebook("tabs/01.ipynb", "%load_ext nbops", TRAIN.format(c="1.0"))
    page = screen.page
    page.locator(".nbops-card").wait_for()
    page.evaluate(
        """async source => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = 1;
          notebook.widgets[1].model.sharedModel.setSource(source);
          await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        TRAIN.format(c="0.01"),
    )
    card = page.locator(".nbops-card")
    expect(card).to_contain_text("run 2 of this cell")
    card.get_by_role("button", name="Compare with previous").click()
    tab = page.locator(".jp-MainAreaWidget .nbops-detail")
    expect(tab).to_contain_text("LogisticRegression(C=0.01)")
    expect(tab).to_contain_text("LogisticRegression(C=1.0)")
    screen.shot("compare")
