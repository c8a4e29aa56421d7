"""``%promote`` and its panel: what is shown, and what its buttons do."""

from __future__ import annotations

import json

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.panel import PromotionPanel
from nbops.records import PromotionView, from_wire
from nbops.registry import approve, holder, promote, promotion_view, register, request_promotion, rollback
from nbops.views.promotion import PROMOTION_MIME, promotion_view_html, promotion_view_text
from nbops.workspace import find_workspace

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace with three versions of ``churn``, the first in production."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    for number in (1, 2, 3):
        with nbops.track(f"run-{number}", params={"C": number, HOSTILE: number}) as run:
            run.metric("auc", 0.9 + number / 100)
            run.model(LogisticRegression(C=number).fit([[0.0], [1.0]], [0, 1]), "model")
        register("churn", run_id=run.run_id)
    promote("churn", 1, reason=HOSTILE)
    return find_workspace()


@pytest.fixture
def shell(workspace):
    """A plain IPython shell with nbops loaded."""
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.display_pub = CapturingDisplayPublisher()
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


def _shown(shell):
    return shell.display_pub.outputs[-1]["data"]


def test_the_magic_shows_data_picture_text_and_widget(shell):
    shell.run_cell("%promote churn 2")
    shown = _shown(shell)
    assert set(shown) == {PROMOTION_MIME, "text/html", "text/plain", "application/vnd.jupyter.widget-view+json"}
    view = from_wire(PromotionView, json.loads(json.dumps(shown[PROMOTION_MIME])))
    assert (view.version, view.holder, view.target) == (2, 1, "Production")
    assert "C 1 → 2" in shown["text/plain"]
    shell.run_cell("%promote churn 2 --text --alias challenger")
    assert "application/vnd.jupyter.widget-view+json" not in _shown(shell)
    assert "nobody holds it yet" in _shown(shell)["text/plain"]


def test_nothing_a_user_wrote_is_markup(shell, workspace):
    request_promotion("churn", 2, comment=HOSTILE)
    approve("churn", 2, comment=HOSTILE)
    shell.run_cell("%promote churn 2")
    html = _shown(shell)["text/html"]
    assert "<img" not in html and "&lt;img" in html
    assert "<script" not in html and len(html) < 100_000


def test_the_magic_promotes_and_rolls_back(shell, workspace):
    shell.run_cell('%promote churn 2 --yes --expect 1 --reason "AUC up"')
    assert "now holds Production (before: version 1" in _shown(shell)["text/plain"]
    assert holder(workspace, "churn", "Production") == 2
    result = shell.run_cell("%promote churn 3 --yes --expect none")
    assert type(result.error_in_exec).__name__ == "PromotionConflict"
    shell.run_cell("%rollback churn --reason complaints")
    assert holder(workspace, "churn", "Production") == 1


@pytest.mark.parametrize(
    "line",
    [
        "%promote churn",
        "%promote churn 9",
        "%promote churn 2 --alias a --stage Staging",
        "%rollback churn",
        "%reject churn 2",
    ],
)
def test_errors_are_one_line(shell, line, capsys):
    result = shell.run_cell(line)
    assert isinstance(result.error_in_exec, nbops.NbopsError)
    assert "Traceback" not in capsys.readouterr().out


def test_buttons_do_what_commands_do(workspace):
    (workspace.root / "nbops.toml").write_text("[policy.stages.Production]\napprovals = 1\n")
    panel = PromotionPanel(workspace, "churn", 2, "Production")
    press = lambda name: panel._buttons[name].click()  # noqa: E731
    assert panel._buttons["promote"].disabled and panel._buttons["rollback"].disabled
    panel._comment.value = "please"
    press("request")
    assert panel.view.request.comment == "please" and panel._comment.value == ""
    press("approve")
    assert not panel._buttons["promote"].disabled
    panel._comment.value = "AUC up"
    press("promote")
    assert holder(workspace, "churn", "Production") == 2 and "now holds Production" in panel._message.value
    assert panel._buttons["promote"].disabled
    press("rollback")
    assert "needs a reason" in panel._message.value
    panel._comment.value = "complaints"
    press("rollback")
    assert holder(workspace, "churn", "Production") == 1


def test_the_panel_promotes_only_against_what_it_showed(workspace):
    panel = PromotionPanel(workspace, "churn", 2, "Production")
    promote("churn", 3)
    panel._buttons["promote"].click()
    assert "version 3 holds it now" in panel._message.value
    assert holder(workspace, "churn", "Production") == 3
    # It has looked again, so now it is against the new holder.
    assert panel.view.holder == 3


def test_the_view_says_who_may_not_approve(workspace):
    (workspace.root / "nbops.toml").write_text('[policy.roles]\nbob = ["reviewer"]\n')
    view = promotion_view(workspace, "churn", 2)
    assert "somebody else has to decide" in view.can_approve
    assert view.diff.before == 1 and {c.kind for c in view.diff.changes} >= {"param", "metric"}


def test_the_view_of_the_holder_and_of_a_first_version(workspace):
    held = promotion_view(workspace, "churn", 1)
    assert "holds Production now" in held.headline and held.diff is None
    fresh = promotion_view(workspace, "churn", 2, "Staging")
    assert fresh.holder is None and "nobody holds it yet" in promotion_view_text(fresh)
    assert "v2 → Staging" in promotion_view_html(fresh)
    promote("churn", 2)
    rollback("churn", reason="x")
    assert [p.version for p in promotion_view(workspace, "churn", 2).history] == [1, 2, 1]
