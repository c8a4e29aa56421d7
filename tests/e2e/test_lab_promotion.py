"""From candidate to Production and back in the browser: gates, approval by a second person, rollback, lineage."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

POLICY = """
[policy.stages.Production]
approvals = 1
roles = ["reviewer"]
expires_days = 14

[policy.roles]
ada = ["author"]
ben = ["reviewer"]
"""
GATES = """
[gates]
data = "holdout.parquet"
target = "churned"

[[gates.check]]
name = "accuracy, held out"
kind = "metric"
metric = "accuracy"
min = 0.7

[[gates.check]]
name = "not worse than the holder"
kind = "champion"
metric = "accuracy"

[[gates.check]]
name = "worst region"
kind = "slices"
metric = "accuracy"
by = "region"
min = {region}
"""
TRAIN = """
import nbops, numpy, pandas
from nbops import registry
from nbops.records import Identity
from sklearn.linear_model import LogisticRegression

ada = Identity(name="ada", source="jupyter", roles=("author",))
random = numpy.random.default_rng(7)
rows = pandas.DataFrame({"age": random.normal(size=600), "calls": random.normal(size=600)})
rows["region"] = numpy.where(random.random(600) < 0.3, "south", "north")
rows["churned"] = (rows.age + rows.calls + random.normal(size=600) * 0.7 > 0).astype(int)
rows.to_parquet("holdout.parquet")
for columns in (["age"], ["age", "calls"]):
    with nbops.track("train") as run:
        model = LogisticRegression().fit(rows[columns].iloc[:300], rows.churned[:300])
        run.metric("accuracy", model.score(rows[columns].iloc[300:], rows.churned[300:]))
        run.param("columns", ",".join(columns))
        run.model(model, "model")
    registry.register("churn", run_id=run.run_id, author="ada", identity=ada)
registry.promote("churn", 1, "Staging", identity=ada)
"""
PROMOTE_FIRST = """
from nbops import registry
from nbops.records import Identity
registry.promote("churn", 1, identity=Identity(name="ada", source="jupyter"), reason="the first one")
"""
TABLES = """
import numpy, pandas
random = numpy.random.default_rng(7)
people = pandas.DataFrame({"age": random.normal(size=300), "plan": random.integers(0, 3, size=300)})
people["churned"] = (people.age + random.normal(size=300) * 0.5 > 0).astype(int)
people.to_csv("people.csv", index=False)
pandas.DataFrame({"plan": [0, 1, 2], "price": [9.0, 19.0, 29.0]}).to_csv("plans.csv", index=False)
"""
PREPARE = """%%track
import pandas as pd
people = pd.read_csv("people.csv")
plans = pd.read_csv("plans.csv")
table = people.merge(plans, on="plan")"""
FIT = """%%track
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit(table[["age", "price"]], table["churned"])
accuracy = model.score(table[["age", "price"]], table["churned"])"""
REGISTER = """from nbops import registry
registry.register("churn")
registry.promote("churn", 1, reason="the first one")"""


def prepare(screen: Any, python: Any, folder: str, policy: str, *sources: str, courier: bool = False) -> None:
    """Make two versions of a model that ada made, then lay down the policy."""
    place = screen.lab.root / folder
    place.mkdir()
    setting = f"courier = {str(courier).lower()}\n"
    (place / "nbops.toml").write_text(setting)
    for source in sources:
        python(source, place)
    (place / "nbops.toml").write_text(setting + policy)


def toast(screen: Any, text: str) -> Any:
    return screen.page.locator(".Toastify__toast").filter(has_text=text)


def test_approved_by_a_second_person_promoted_and_rolled_back(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "approval", POLICY, TRAIN, PROMOTE_FIRST, courier=True)
    ada.notebook("approval/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:open")
    panel = ada.page.locator("#nbops-panel")
    expect(panel.get_by_role("list", name="Versions of churn")).to_contain_text("Production")
    panel.get_by_role("button", name="Promote churn v2").click()
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    expect(tab).to_contain_text("would replace v1")
    expect(tab).to_contain_text("approval 0 of 1")
    expect(tab.get_by_role("button", name="Promote to Production")).to_be_disabled()
    expect(tab.get_by_role("button", name="Approve")).to_be_disabled()

    ben = person("ben")
    ben.notebook("approval/02.ipynb", "2 + 2", run=False)
    ben.command("nbops:open")
    expect(ben.page.locator("#nbops-panel")).to_contain_text("churn")

    tab.get_by_label("Comment or reason").fill("calls help, most of all in the south")
    tab.get_by_role("button", name="Request approval").click()
    expect(tab.get_by_role("status")).to_contain_text("Approval has been asked for.")
    ada.shot("promotion-asked-light")

    waiting = ben.page.get_by_role("list", name="Waiting for approval")
    expect(waiting).to_contain_text("churn v2 → Production")
    expect(waiting).to_contain_text("calls help")
    asked = toast(ben, "ada asks for approval of churn v2 for Production.")
    expect(asked).to_be_visible()
    ben.theme("JupyterLab Dark")
    ben.shot("approval-waits-dark")
    asked.get_by_role("button", name="Show").click()
    theirs = ben.page.get_by_role("article", name="Promotion of churn v2")
    expect(theirs).to_contain_text("ada asked on")
    theirs.get_by_label("Comment or reason").fill("looked at the regions")
    ben.shot("promotion-approve-dark")
    theirs.get_by_role("button", name="Approve").click()
    expect(theirs).to_contain_text("approval 1 of 1")

    # Nothing is reloaded by hand: ada's page hears of it.
    expect(tab).to_contain_text("ben approved on")
    expect(tab).to_contain_text("looked at the regions")
    promote = tab.get_by_role("button", name="Promote to Production")
    expect(promote).to_be_enabled()
    ada.shot("promotion-approved-light")
    promote.click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog).to_contain_text("It takes Production from v1.")
    expect(dialog).to_contain_text("Approved by ben.")
    ada.shot("promotion-confirm", dialog.locator(".jp-Dialog-content"))
    dialog.get_by_role("button", name="Promote").click()
    expect(tab.get_by_role("status")).to_contain_text("churn v2 holds Production.")
    expect(toast(ben, "churn v2 now holds Production, promoted by ada.")).to_be_visible()

    theirs.get_by_role("button", name="Roll back to v1…").click()
    dialog = ben.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("too slow for the call centre")
    dialog.get_by_role("button", name="Roll back").click()
    expect(theirs.get_by_role("status")).to_contain_text("churn v1 holds Production again.")
    holders = tab.get_by_role("table", name="Who held Production")
    expect(holders).to_contain_text("rolled back: too slow for the call centre")
    expect(toast(ada, "churn went back to v1 in Production, by ben.")).to_be_visible()
    ben.shot("rolled-back-dark")
    ada.shot("rolled-back-light")

    expect(waiting).to_have_count(0)
    audit = panel.get_by_role("button", name="Audit")
    audit.click()
    events = panel.get_by_role("list", name="Events, newest first")
    expect(events.get_by_role("listitem").first).to_contain_text("rolled back")
    expect(events).to_contain_text("ben: too slow for the call centre")
    panel.get_by_role("button", name="Verify").click()
    expect(panel).to_contain_text("Log and registry agree.")
    ada.shot("audit-light", panel)


def test_who_comes_too_late_is_told_the_holder(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "late", "", TRAIN)
    ada.notebook("late/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:promote", name="churn", version=2)
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    tab.get_by_role("button", name="Promote to Production").click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nobody holds Production now.")
    # Somebody is quicker while the question is open.
    python(PROMOTE_FIRST, ada.lab.root / "late")
    ada.allow("409")
    dialog.get_by_role("button", name="Promote").click()
    expect(tab.get_by_role("alert")).to_contain_text("version 1 holds it now")
    expect(tab).to_contain_text("would replace v1")


def test_a_failing_gate_bars_the_promotion_until_it_passes(person: Any, python: Any) -> None:
    ada = person("ada")
    gates = GATES.format(region=0.99)
    prepare(ada, python, "gates", gates, TRAIN, PROMOTE_FIRST)
    ada.notebook("gates/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:open")
    ada.page.locator("#nbops-panel").get_by_role("button", name="Promote churn v2").click()
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    expect(tab).to_contain_text("The gates have not been run for this version yet.")
    promote = tab.get_by_role("button", name="Promote to Production")
    expect(promote).to_be_disabled()
    tab.get_by_role("button", name="Run the gates").click()
    expect(tab.get_by_role("status")).to_contain_text("The gates are being run.")
    table = tab.get_by_role("table", name="Gates")
    expect(table).to_be_visible(timeout=120_000)
    row = table.get_by_role("row").filter(has_text="worst region")
    expect(row).to_contain_text("failed")
    expect(table.get_by_role("row").filter(has_text="accuracy, held out")).to_contain_text("passed")
    expect(tab).to_contain_text("gates do not pass: worst region")
    expect(promote).to_be_disabled()
    row.get_by_role("button", name="Evidence of worst region").click()
    ada.shot("promotion-failing-gate-light")
    ada.theme("JupyterLab Dark")
    ada.shot("promotion-failing-gate-dark")

    (ada.lab.root / "gates" / "nbops.toml").write_text("courier = false\n" + GATES.format(region=0.7))
    ada.command("nbops:refresh")
    tab.get_by_role("button", name="Run the gates again").click()
    expect(promote).to_be_enabled(timeout=120_000)
    expect(tab).to_contain_text("All 3 gates pass")
    ada.shot("promotion-passing-gates-dark")
    promote.click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 gates passed.")
    dialog.get_by_role("button", name="Promote").click()
    expect(tab.get_by_role("status")).to_contain_text("churn v2 holds Production.")
    ada.theme("JupyterLab Light")


def test_the_keyboard_is_enough(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "keys", "", TRAIN)
    ada.notebook("keys/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:open")
    keys = ada.page.keyboard
    ada.page.locator("#nbops-panel").get_by_role("button", name="Promote churn v2").focus()
    keys.press("Enter")
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    expect(tab).to_contain_text("nobody holds Production")
    promote = tab.get_by_role("button", name="Promote to Production")
    expect(promote).to_be_enabled()
    for _ in range(12):
        keys.press("Tab")
        if promote.evaluate("node => node === document.activeElement"):
            break
    expect(promote).to_be_focused()
    keys.press("Enter")
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    keys.type("first of its kind")
    keys.press("Enter")
    expect(tab.get_by_role("status")).to_contain_text("churn v2 holds Production.")
    expect(tab.get_by_role("table", name="Who held Production")).to_contain_text("first of its kind")


def test_the_panel_fits_a_narrow_tab(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "narrow", GATES.format(region=0.7), TRAIN, PROMOTE_FIRST)
    ada.notebook("narrow/01.ipynb", "1 + 1", run=False)
    ada.page.set_viewport_size({"width": 560, "height": 900})
    ada.command("nbops:promote", name="churn", version=2)
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    tab.get_by_role("button", name="Run the gates").click()
    expect(tab.get_by_role("table", name="Gates")).to_be_visible(timeout=120_000)
    assert tab.evaluate("node => node.scrollWidth <= node.clientWidth")
    ada.shot("promotion-narrow")


def test_a_tab_turns_to_what_it_is_asked_for(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "turns", "", TRAIN)
    ada.notebook("turns/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:promote", name="churn", version=2, target="Staging")
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    expect(tab).to_contain_text("would replace v1")
    ada.command("nbops:promote", name="churn", version=2, target="champion")
    expect(tab).to_have_count(1)
    expect(tab).to_contain_text("nobody holds champion")
    expect(ada.page.get_by_role("tab", name="churn v2 → champion")).to_be_visible()
    tab.get_by_role("combobox").select_option("Staging")
    expect(tab).to_contain_text("would replace v1")


def test_where_nothing_may_be_changed_it_says_so(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "readonly", "readonly = true\n", TRAIN)
    ada.notebook("readonly/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:promote", name="churn", version=2)
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    promote = tab.get_by_role("button", name="Promote to Production")
    expect(promote).to_be_disabled()
    expect(promote).to_have_attribute("title", "nbops is read-only here.")


def test_the_lineage_is_a_graph_one_can_walk(screen: Any, python: Any) -> None:
    folder = screen.lab.root / "lineage"
    folder.mkdir()
    python(TABLES, folder)
    screen.notebook("lineage/01_train.ipynb", "%load_ext nbops", PREPARE, FIT, REGISTER)
    page = screen.page
    expect(page.locator(".nbops-card")).to_have_count(2)
    screen.command("nbops:open")
    panel = page.locator("#nbops-panel")
    panel.get_by_role("button", name="v1", exact=True).click()
    panel.get_by_role("button", name="Lineage").click()
    view = page.get_by_role("article", name="Lineage of churn@1")
    graph = view.get_by_role("group", name="Lineage; arrow keys walk along it")
    version = graph.get_by_role("button", name="version churn v1")
    expect(version).to_have_attribute("aria-pressed", "true")
    expect(graph.get_by_role("button", name="promotion Production")).to_have_count(1)
    screen.settle(500)
    screen.shot("lineage-light")

    version.focus()
    page.keyboard.press("ArrowLeft")
    run = graph.get_by_role("button", name="run ")
    expect(run.first).to_be_focused()
    page.keyboard.press("Home")
    facts = view.get_by_role("complementary", name="Facts")
    expect(facts).to_contain_text("01_train.ipynb")
    expect(graph.locator("[aria-pressed=true]")).to_be_in_viewport()
    graph.get_by_role("button", name="data people.csv").click()
    expect(facts).to_contain_text("columns: age, plan, churned")
    screen.theme("JupyterLab Dark")
    screen.shot("lineage-dark")
    screen.theme("JupyterLab Light")

    view.get_by_role("combobox", name="Which part").select_option("what came from it")
    expect(graph.get_by_role("button", name="promotion Production")).to_have_count(1)
    expect(graph.get_by_role("button", name="run ")).to_have_count(0)
    view.get_by_role("combobox", name="Which part").select_option("all of it")
    view.get_by_text("As a table").click()
    expect(view.get_by_role("table", name="Steps")).to_contain_text("version churn v1")
    graph.get_by_role("button", name="run ").first.click()
    facts.get_by_role("button", name="Open").click()
    expect(page.locator(".jp-MainAreaWidget .nbops-detail")).to_be_visible()


def test_a_missing_field_of_the_card_is_written_where_it_bars(person: Any, python: Any) -> None:
    ada = person("ada")
    prepare(ada, python, "card", '[policy.stages.Production]\ncard = ["intended_use"]\n', TRAIN)
    ada.notebook("card/01.ipynb", "1 + 1", run=False)
    ada.command("nbops:promote", name="churn", version=2)
    tab = ada.page.get_by_role("article", name="Promotion of churn v2")
    promote = tab.get_by_role("button", name="Promote to Production")
    expect(promote).to_be_disabled()
    tab.get_by_text("Model card", exact=True).click()
    expect(tab).to_contain_text("Missing and required: Intended use")
    tab.get_by_role("button", name="Write the card…").click()
    tab.get_by_label("Intended use (required)").fill("Call people who are about to leave.")
    tab.get_by_role("button", name="Save the card").click()
    expect(tab).to_contain_text("Call people who are about to leave.")
    expect(promote).to_be_enabled()
    ada.shot("promotion-card")
