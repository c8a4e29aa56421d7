"""The card under a tracked cell, in a real JupyterLab."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

PREPARE = """%load_ext nbops
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
patients = load_diabetes(as_frame=True, scaled=False).frame
train, test = train_test_split(patients, random_state=0)"""
TRAIN = """%%track
alpha = {alpha}
model = Ridge(alpha=alpha).fit(train.drop(columns="target"), train["target"])
mae = mean_absolute_error(test["target"], model.predict(test.drop(columns="target")))"""
AGAIN = """([index, source]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.widgets[index].model.sharedModel.setSource(source);
  return window.jupyterapp.commands.execute('notebook:run-cell').then(() => null);
}"""


def test_a_tracked_cell_shows_its_card(screen: Any) -> None:
    screen.notebook("card/01_train.ipynb", PREPARE, TRAIN.format(alpha="1.0"), courier=True)
    card = screen.page.locator(".nbops-card")
    expect(card).to_contain_text("mae")
    expect(card).to_contain_text("Ridge")
    expect(card).to_contain_text("first run of this cell")
    assert card.get_attribute("role") == "group"
    assert str(card.get_attribute("aria-label")).startswith("Run ")
    screen.page.evaluate(AGAIN, [1, TRAIN.format(alpha="10.0")])
    expect(card).to_contain_text("run 2 of this cell")
    expect(card.locator(".nbops-facts")).to_contain_text("alpha")
    expect(card.locator(".nbops-facts")).to_contain_text("10.0")
    screen.settle(500)
    screen.shot("card-light", card)
    screen.theme("JupyterLab Dark")
    screen.shot("card-dark", card)


def test_a_card_outlives_its_kernel_and_its_run(screen: Any) -> None:
    path = "outlive/01.ipynb"
    screen.notebook(path, "%load_ext nbops", "%%track\ndepth = 3\nauc = 3 / 4")
    card = screen.page.locator(".nbops-card")
    expect(card).to_contain_text("0.75")
    screen.command("docmanager:save")
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    screen.open(path)
    expect(card).to_contain_text("0.75")
    expect(card.get_by_role("button", name="Details")).to_be_visible()
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    shutil.rmtree(screen.lab.root / "outlive" / ".nbops")
    screen.allow("404")
    screen.open(path)
    expect(card).to_contain_text("0.75")
    expect(card).to_contain_text("saved")
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_failing_cell_has_its_card_and_its_traceback(screen: Any) -> None:
    screen.notebook("failing/01.ipynb", "%load_ext nbops", "%%track\ndepth = 3\nraise ValueError('no such depth')")
    card = screen.page.locator(".nbops-card")
    expect(card).to_contain_text("ValueError: no such depth")
    expect(card.get_by_role("status")).to_contain_text("failed")
    traceback = screen.page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')
    expect(traceback).to_contain_text("no such depth")
    screen.shot("card-failed", card)


def test_markup_is_shown_as_text(screen: Any) -> None:
    evil = "<img src=x onerror=window.pwned=1>"
    screen.notebook(
        "markup/01.ipynb",
        "%load_ext nbops",
        f"%%track --name '{evil}' --experiment '{evil}' --tag 'k={evil}' --param note\nnote = '{evil}'\nauc = 1 / 2",
    )
    screen.command("nbops:open")
    expect(screen.page.locator(".nbops-card")).to_contain_text(evil)
    option = screen.page.get_by_role("listbox", name="Runs").get_by_role("option").first
    expect(option).to_contain_text(evil)
    option.click()
    detail = screen.page.locator(".nbops-detail")
    expect(detail.get_by_role("heading", name=evil)).to_be_visible()
    expect(detail.get_by_role("table", name="Parameters")).to_contain_text(evil)
    screen.page.wait_for_timeout(300)
    assert screen.page.locator("img[src=x]").count() == 0
    assert screen.page.evaluate("() => window.pwned === undefined")
