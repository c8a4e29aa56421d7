"""The sidebar, in a real JupyterLab: live, by keyboard, in both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.e2e

PREPARE = """%load_ext nbops
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
patients = load_breast_cancer(as_frame=True).frame
train, test = train_test_split(patients, random_state=0)"""
TRAIN = """%%track
trees, depth = {trees}, {depth}
model = RandomForestClassifier(n_estimators=trees, max_depth=depth, random_state=0)
model.fit(train.drop(columns="target"), train["target"])
auc = roc_auc_score(test["target"], model.predict_proba(test.drop(columns="target"))[:, 1])"""
# Resolves with the milliseconds from the end of the cell to the run's row.
RUN_AND_WAIT = """async index => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const rows = () => document.querySelector('#nbops-panel [role=option]')?.getAttribute('aria-setsize') ?? '0';
  const before = rows();
  notebook.activeCellIndex = index;
  await window.jupyterapp.commands.execute('notebook:run-cell');
  const start = performance.now();
  while (rows() === before && performance.now() - start < 20000) { await new Promise(r => setTimeout(r, 10)); }
  return performance.now() - start;
}"""
RUN_SOURCE = """([index, source]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.widgets[index].model.sharedModel.setSource(source);
  return window.jupyterapp.commands.execute('notebook:run-cell').then(() => null);
}"""
ACTIVE_INDEX = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"


def panel_of(screen: Any) -> Locator:
    screen.command("nbops:open")
    panel: Locator = screen.page.locator("#nbops-panel")
    expect(panel).to_be_visible()
    return panel


def runs_of(panel: Locator) -> Locator:
    return panel.get_by_role("listbox", name="Runs").get_by_role("option")


def widen(screen: Any, pixels: int) -> None:
    """Drag the edge of the sidebar."""
    edge = screen.page.locator("#nbops-panel").bounding_box()
    x, y = edge["x"] + edge["width"] + 3, 500
    screen.page.mouse.move(x, y)
    screen.page.mouse.down()
    screen.page.mouse.move(x + pixels, y, steps=5)
    screen.page.mouse.up()


def test_a_run_appears_by_itself(screen: Any) -> None:
    screen.notebook("live/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4", "%%track\nauc = 4 / 5", run=False)
    panel = panel_of(screen)
    expect(panel).to_contain_text("No runs of this notebook yet")
    screen.page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0;"
        " return window.jupyterapp.commands.execute('notebook:run-cell').then(() => null); }"
    )
    for index in (1, 2):
        milliseconds = screen.page.evaluate(RUN_AND_WAIT, index)
        print(f"run {index} stands in the sidebar {milliseconds:.0f} ms after the cell's end")
        expect(runs_of(panel)).to_have_count(index)


def test_an_idle_page_asks_nothing(screen: Any) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url) if "/nbops/api/" in request.url else None)
    screen.notebook("idle/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4", courier=True)
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(1)
    expect(screen.page.locator(".nbops-card").get_by_role("status")).to_contain_text("delivered", timeout=90_000)
    screen.page.wait_for_timeout(3000)
    before = len(asked)
    screen.page.wait_for_timeout(5000)
    assert asked[before:] == []
    print(f"{before} requests from opening the notebook to a delivered run")


def test_a_run_of_another_process_appears_by_itself(screen: Any, python: Any) -> None:
    screen.notebook("script/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4")
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(1)
    panel.get_by_label("Which runs").select_option("all")
    python("import nbops\nwith nbops.track('from-a-script') as run: run.metric('auc', 0.9)", screen.lab.root / "script")
    expect(runs_of(panel).filter(has_text="from-a-script")).to_be_visible(timeout=15_000)


def test_overview_and_detail_in_both_themes(screen: Any, python: Any) -> None:
    screen.page.set_viewport_size({"width": 1280, "height": 800})
    screen.notebook(
        "churn/01_train.ipynb",
        PREPARE,
        TRAIN.format(trees=5, depth=1),
        "%%track\nraise ValueError('Input X contains NaN')",
    )
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(2, timeout=60_000)
    for trees, depth in ((20, 2), (40, 3), (40, 6)):
        screen.page.evaluate(RUN_SOURCE, [1, TRAIN.format(trees=trees, depth=depth)])
    expect(runs_of(panel)).to_have_count(5)
    python("from nbops import register\nregister('churn', alias='champion')", screen.lab.root / "churn")
    expect(panel.get_by_role("list", name="Registered models")).to_contain_text("champion")
    widen(screen, 70)
    screen.page.locator(".nbops-card").first.scroll_into_view_if_needed()
    for theme in ("Dark", "Light"):
        screen.theme(f"JupyterLab {theme}")
        screen.shot(f"lab-{theme.lower()}")
        screen.shot(f"sidebar-{theme.lower()}", panel)
    runs_of(panel).first.click()
    detail = panel.get_by_role("article")
    expect(detail.get_by_role("table", name="Metrics")).to_contain_text("auc")
    expect(detail.get_by_role("table", name="Parameters")).to_contain_text("40")
    expect(detail.get_by_label("Code of the run")).to_contain_text("RandomForestClassifier")
    expect(detail).to_contain_text("train")
    for theme in ("Dark", "Light"):
        screen.theme(f"JupyterLab {theme}")
        screen.shot(f"detail-{theme.lower()}", panel)


def test_a_run_leads_back_to_its_cell(screen: Any) -> None:
    screen.notebook("jump/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4", *["1 + 1"] * 5)
    panel = panel_of(screen)
    runs_of(panel).first.click()
    screen.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 6; }")
    panel.get_by_role("button", name="Go to cell").click()
    screen.page.wait_for_function(f"({ACTIVE_INDEX})() === 1")


def test_a_run_leads_back_to_its_closed_notebook(screen: Any) -> None:
    screen.notebook("closed/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4", "1 + 1")
    panel = panel_of(screen)
    runs_of(panel).first.click()
    screen.command("docmanager:save")
    screen.command("application:close-all")
    panel.get_by_role("button", name="Go to cell").click()
    screen.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    screen.page.wait_for_function(f"({ACTIVE_INDEX})() === 1")


def test_by_keyboard(screen: Any) -> None:
    screen.notebook(
        "keys/01.ipynb", "%load_ext nbops", *[f"%%track --name run-{i}\nauc = {i} / 10" for i in range(1, 4)]
    )
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(3)
    listbox = panel.get_by_role("listbox", name="Runs")
    listbox.focus()
    keyboard = screen.page.keyboard
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    expect(panel.locator("[role=option][aria-selected=true]")).to_contain_text("run-1")
    keyboard.press("Home")
    expect(panel.locator("[role=option][aria-selected=true]")).to_contain_text("run-3")
    keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="run-3")).to_be_visible()
    expect(panel.get_by_role("button", name="All runs")).to_be_focused()
    keyboard.press("Escape")
    expect(listbox).to_be_focused()


def test_search_and_sort(screen: Any) -> None:
    screen.notebook("find/01.ipynb", "%load_ext nbops", *[f"%%track --name run-{i}\nauc = {i} / 10" for i in (2, 9, 5)])
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(3)
    panel.get_by_label("Sort by").select_option("auc")
    expect(runs_of(panel).first).to_contain_text("run-9")
    panel.get_by_label("Filter runs").fill("auc > 0.4")
    expect(runs_of(panel)).to_have_count(2)
    panel.get_by_label("Filter runs").fill("auc >")
    screen.allow("400")
    expect(panel.get_by_role("alert")).to_be_visible()
    panel.get_by_label("Filter runs").fill("")
    expect(runs_of(panel)).to_have_count(3)
    expect(panel.get_by_role("alert")).to_have_count(0)


def test_runs_of_plain_mlflow_are_marked(screen: Any, python: Any) -> None:
    screen.notebook("plain/01.ipynb", "%load_ext nbops", "%%track\nauc = 3 / 4", courier=True)
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(1)
    panel.get_by_label("Which runs").select_option("all")
    python(
        "import os\n"
        "os.environ['MLFLOW_DISABLE_TELEMETRY'] = 'true'\n"
        "from nbops.tracking.courier import flush\n"
        "from nbops.workspace import find_workspace\n"
        "ws = find_workspace()\n"
        "flush(ws)\n"
        "import mlflow\n"
        "mlflow.set_tracking_uri(ws.mlflow_uri)\n"
        "mlflow.set_experiment('by-hand')\n"
        "with mlflow.start_run(run_name='by-hand'): mlflow.log_metric('auc', 0.5)\n",
        screen.lab.root / "plain",
    )
    row = runs_of(panel).filter(has_text="by-hand")
    for _ in range(30):
        screen.command("nbops:refresh")
        if row.count():
            break
        screen.page.wait_for_timeout(1000)
    expect(row).to_contain_text("mlflow")
    row.click()
    expect(panel.get_by_role("article")).to_contain_text("mlflow")


@pytest.fixture
def ten_thousand(screen: Any, python: Any) -> Path:
    folder: Path = screen.lab.root / "many"
    folder.mkdir(exist_ok=True)
    (folder / "nbops.toml").write_text("courier = false\n")
    python(
        "from nbops.ledger import open_ledger, tables\n"
        "from nbops.workspace import find_workspace\n"
        "import time\n"
        "now, n = time.time(), 10_000\n"
        "ledger = open_ledger(find_workspace())\n"
        "ids = [f'{i:032x}' for i in range(n)]\n"
        "rows = [dict(run_id=r, name=f'run-{i}', experiment='many', kind='cell', status='FINISHED', origin='nbops',\n"
        "    started_at=now - n + i, duration=1.0, detail={}, updated_at=now, delivery='delivered')\n"
        "    for i, r in enumerate(ids)]\n"
        "with ledger.begin() as connection:\n"
        "    connection.execute(tables.runs.insert(), rows)\n"
        "    connection.execute(tables.latest_metrics.insert(),\n"
        "        [dict(run_id=r, name='auc', value=float(i * 7919 % n)) for i, r in enumerate(ids)])\n"
        "    ledger.touch(connection)\n",
        folder,
    )
    return folder


def test_ten_thousand_runs(screen: Any, ten_thousand: Path) -> None:
    screen.notebook("many/01.ipynb", "1 + 1")
    panel = panel_of(screen)
    panel.get_by_label("Which runs").select_option("all")
    rows = runs_of(panel)
    expect(rows.first).to_contain_text("run-9999")
    assert rows.first.get_attribute("aria-setsize") == "10000"
    listbox = panel.get_by_role("listbox", name="Runs")
    listbox.focus()
    screen.page.keyboard.press("End")
    expect(panel.locator("[role=option][aria-selected=true]")).to_contain_text("run-0")
    assert rows.count() < 200
    for share in (0.1, 0.35, 0.5, 0.75, 0.9):
        listbox.evaluate("(node, share) => { node.scrollTop = share * node.scrollHeight; }", share)
        screen.page.wait_for_timeout(30)
        assert rows.count() < 200
    middle = panel.locator("[role=option][aria-posinset='9001']")
    expect(middle).to_contain_text("run-999")
    panel.get_by_label("Sort by").select_option("auc")
    expect(rows.first).to_contain_text("9,999")


def test_everything_has_a_name(screen: Any) -> None:
    screen.notebook("names/01.ipynb", PREPARE, TRAIN.format(trees=5, depth=1))
    panel = panel_of(screen)
    expect(runs_of(panel)).to_have_count(1)
    assert panel.get_attribute("role") == "region"
    assert panel.get_attribute("aria-label")
    check_names(panel)
    check_names(screen.page.locator(".nbops-card"))
    runs_of(panel).first.click()
    expect(panel.get_by_role("article")).to_contain_text("auc")
    check_names(panel)


def check_names(part: Locator) -> None:
    """Every control has an accessible name, every table heads its rows, no heading is empty."""
    for role in ("button", "combobox", "searchbox", "listbox", "table", "heading", "article", "group"):
        for one in part.get_by_role(role).all():  # type: ignore[arg-type]
            name = one.evaluate(
                "e => (e.getAttribute('aria-label') || e.innerText || e.title"
                " || document.getElementById(e.getAttribute('aria-labelledby'))?.innerText || '').trim()"
            )
            assert name, (role, one.evaluate("e => e.outerHTML.slice(0, 200)"))
    for table in part.get_by_role("table").all():
        assert table.locator("th[scope=row]").count() > 0
