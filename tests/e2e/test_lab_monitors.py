"""Monitors in the browser: drift of real data is told at once, looked into, acknowledged, and ends in a better model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

# A clinic sees small tumours for seven weeks; then large ones, of which the model has never learned.
MAKE = """
import time
import nbops, numpy, pandas
from nbops import registry
from nbops.monitoring.monitors import add_monitor, run_monitor
from nbops.records import Check, Monitor
from nbops.workspace import find_workspace
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

table = load_breast_cancer(as_frame=True).frame.rename(columns=lambda name: name.replace(" ", "_"))
names = ["mean_radius", "mean_texture", "mean_smoothness", "mean_compactness", "mean_symmetry", "worst_area"]
table = table[[*names, "target"]]
small = table.nsmallest(300, "worst_area").sample(frac=1, random_state=2)
large = table.drop(small.index).sample(frac=1, random_state=3)
known = small.iloc[:200]
known[names].to_parquet("known.parquet")
with nbops.track("train") as run:
    model = RandomForestClassifier(40, random_state=0).fit(known[names], known.target)
    run.metric("accuracy", model.score(small[names].iloc[200:], small.target[200:]))
    run.model(model, "model")
registry.register("tumour", run_id=run.run_id)
registry.promote("tumour", 1, reason="the first one")
pandas.concat([small, large]).to_parquet("labelled.parquet")

random = numpy.random.default_rng(7)
today = time.time() // 86400 * 86400
weeks = [today - (8 - week) * 7 * 86400 for week in range(9)]
seen = []
for number, start in enumerate(weeks[:8]):
    rows = (small.iloc[200:] if number < 7 else large.iloc[:127]).sample(120, replace=True, random_state=number)
    seen.append(rows[names].assign(at=pandas.to_datetime(start + random.uniform(0, 7 * 86400, len(rows)), unit="s")))
pandas.concat(seen).to_parquet("seen.parquet")

workspace = find_workspace()
rows = Check(name="rows", kind="volume", metric="rows", threshold=100.0)
files = {"source": "seen.parquet", "time": "at", "window": "7d", "cron": "0 6 * * 1"}
drift = Check(name="drift", kind="drift")
add_monitor(
    workspace, Monitor(name="tumour", model="tumour@Production", reference="known.parquet", checks=(drift, rows), **files)
)
add_monitor(workspace, Monitor(name="intake", checks=(rows,), **files))
for week in weeks[1:8]:
    for name in ("tumour", "intake"):
        run_monitor(workspace, name, at=week)
"""
PIPELINE = """
name = "tumour"

[stages.train]
notebook = "train.ipynb"
outputs = ["model"]
"""
TRAIN = """import pandas as pd
from sklearn.ensemble import RandomForestClassifier

rows = pd.read_parquet(source)
model = RandomForestClassifier(60, random_state=0).fit(rows.drop(columns="target"), rows.target)"""


def write(folder: Path) -> None:
    folder.mkdir()
    (folder / "nbops.toml").write_text("[scheduler]\njupyter = false\n")
    (folder / "pipeline.toml").write_text(PIPELINE)
    cells = [
        nbformat.v4.new_code_cell('source = ""', metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(TRAIN),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / "train.ipynb")


def both(screen: Any, name: str) -> None:
    """Keep a picture in each theme."""
    for theme in ("Dark", "Light"):
        screen.theme(f"JupyterLab {theme}")
        screen.shot(f"{name}-{theme.lower()}")


def test_drift_is_told_looked_into_and_ends_in_a_better_model(screen: Any, python: Any) -> None:
    page = screen.page
    folder = screen.lab.root / "clinic"
    write(folder)
    python(MAKE, folder)
    screen.notebook("clinic/start.ipynb", "1 + 1", run=False)
    screen.command("nbops:show-monitors")
    panel = page.locator("#nbops-panel")
    monitors = panel.get_by_role("listbox", name="Monitors")
    expect(monitors).to_be_focused()
    row = monitors.get_by_role("option").filter(has_text="tumour")
    expect(row).to_contain_text("steady")
    expect(panel.locator("[data-part=monitors]")).to_contain_text("2 monitors")

    # Run now; what it finds is in the sidebar and told before anybody asks again.
    row.click()
    tab = page.get_by_role("article", name="Monitor tumour")
    expect(tab).to_contain_text("tumour v1")
    tab.get_by_role("button", name="Run now").click()
    expect(row).to_contain_text("drift", timeout=60_000)
    expect(row).to_contain_text("σ")
    expect(panel.locator("[data-part=monitors]")).to_contain_text("1 alert")
    toast = page.locator(".Toastify__toast").filter(has_text="columns have drifted")
    expect(toast).to_have_count(1)
    expect(tab.get_by_role("list", name="Open trouble")).to_contain_text("columns have drifted")
    expect(tab.get_by_role("region", name="Checks").get_by_role("img")).to_have_count(2)

    # The report of the look.
    looks = tab.get_by_role("table", name="Looks, newest first")
    looks.get_by_role("button", name=re.compile("^Report of")).first.click()
    report = page.frame_locator("iframe[title^='Report of tumour']")
    expect(report.locator("body")).to_contain_text("worst_area")
    both(screen, "monitors-report")
    screen.command("application:close")

    # Somebody sees to it.
    toast.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The clinic now gets the large ones.")
    dialog.get_by_role("button", name="Acknowledge").click()
    expect(toast).to_have_count(0)
    expect(tab.get_by_role("list", name="Open trouble")).to_contain_text("The clinic now gets the large ones.")
    expect(row).to_contain_text("acknowledged")

    # When it is trained anew: what cannot be is said beside its field.
    expect(tab.get_by_role("region", name="Retraining")).to_contain_text("No policy says when tumour is trained anew.")
    tab.get_by_role("button", name="Set a policy…").click()
    policy = page.get_by_role("article", name="Retraining of tumour")
    policy.get_by_label("On labelled rows of").select_option("files")
    policy.get_by_role("textbox", name="Files").fill("labelled.parquet")
    policy.get_by_label("it wins in").fill("accuracy")
    policy.get_by_label("A better one").select_option("promote")
    share = policy.get_by_label("Share of the newest rows that judge")
    share.fill("0.99")
    screen.allow("400 (Bad Request)")
    policy.get_by_role("button", name="Save").click()
    expect(share).to_be_focused()
    expect(share).to_have_accessible_description(re.compile("holdout must be from 0.05 to 0.9, not 0.99"))
    both(screen, "monitors-policy")
    share.fill("")
    policy.get_by_role("button", name="Save").click()
    expect(policy.get_by_role("group", name="Actions")).to_contain_text("Saved.")
    expect(policy.get_by_role("note")).to_contain_text("A challenger that is better in accuracy takes Production.")
    policy.get_by_role("button", name="Switch off").click()
    expect(policy.locator("header")).to_contain_text("rests")
    policy.get_by_role("button", name="Switch on").click()
    expect(policy.locator("header")).to_contain_text("counts")
    screen.command("application:close")

    # A better model.
    tab.get_by_role("button", name="Retrain now…").click()
    expect(dialog).to_contain_text("A challenger that is better in accuracy takes Production.")
    dialog.get_by_role("button", name="Retrain").click()
    decisions = tab.get_by_role("list", name="Decisions, newest first")
    expect(decisions).to_contain_text("promoted", timeout=90_000)
    expect(decisions).to_contain_text("v2 holds Production now")
    expect(panel.get_by_role("list", name="Versions of tumour")).to_contain_text("v2")
    decisions.get_by_text("Evidence", exact=True).click()
    expect(decisions).to_contain_text("learn rows")
    screen.command("apputils:dismiss-notification")
    expect(page.locator(".Toastify__toast")).to_have_count(0)
    both(screen, "monitors")
    tab.get_by_role("button", name="Open v2").click()
    expect(page.get_by_role("article", name="Promotion of tumour v2")).to_be_visible()


def test_a_monitor_is_added_muted_and_deleted(screen: Any) -> None:
    page = screen.page
    screen.notebook("intake/start.ipynb", "1 + 1", run=False)
    (screen.lab.root / "intake" / "beds.csv").write_text("bed,free\n" + "\n".join(f"{i},{i % 7}" for i in range(50)))
    screen.command("nbops:show-monitors")
    panel = page.locator("#nbops-panel")
    expect(panel.locator("[data-part=monitors]")).to_contain_text("Nothing is watched here yet.")
    panel.get_by_role("button", name="Add a monitor…").click()
    tab = page.get_by_role("article", name="New monitor")
    tab.get_by_label("Name", exact=True).press_sequentially("beds")
    tab.get_by_role("textbox", name="Files").fill("../beds.csv")
    tab.get_by_label("Window", exact=True).fill("all")
    tab.get_by_label("Times (cron)").fill("0 6 * * 1-5")
    expect(tab).to_contain_text("Looks at")
    tab.get_by_label("Kind of drift").select_option("volume")
    tab.get_by_label("Metric of volume").fill("rows")
    tab.get_by_label("Limit of volume").fill("10")
    screen.allow("403 (Forbidden)")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("alert")).to_contain_text("leads outside the workspace")
    tab.get_by_role("textbox", name="Files").fill("beds.csv")
    both(screen, "monitors-form")
    tab.get_by_role("button", name="Save").click()
    tab = page.get_by_role("article", name="Monitor beds")
    row = panel.get_by_role("listbox", name="Monitors").get_by_role("option")
    expect(row).to_contain_text("waits")
    tab.get_by_role("button", name="Mute…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("the ward moves")
    dialog.get_by_role("button", name="Mute").click()
    expect(tab).to_contain_text("the ward moves")
    expect(row).to_contain_text("muted until")
    tab.get_by_role("button", name="Delete…").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(tab).to_have_count(0)
