"""The promotion panel in a notebook: the static view with buttons that do what the commands do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbops.errors import NbopsError
from nbops.records import PromotionView
from nbops.registry import approve, promote, promotion_view, reject, request_promotion, rollback
from nbops.views.promotion import promotion_view_html
from nbops.workspace import Workspace

_STYLES = {"promote": "primary", "rollback": "warning", "reject": "danger"}


class PromotionPanel:
    """A live panel over one version and target.

    Parameters
    ----------
    workspace
        Where the model is.
    name, version, target
        What is to be decided.
    """

    def __init__(self, workspace: Workspace, name: str, version: int, target: str) -> None:
        import ipywidgets

        self._workspace, self._name, self._version, self._target = workspace, name, version, target
        self._picture = ipywidgets.HTML()
        self._message = ipywidgets.HTML()
        self._comment = ipywidgets.Textarea(
            placeholder="Comment or reason", layout=ipywidgets.Layout(width="100%", max_width="860px", height="48px")
        )
        self._comment.add_class("nbops-promotion-comment")
        self._buttons = {
            name: ipywidgets.Button(description=text, button_style=_STYLES.get(name, ""), tooltip=tip)
            for name, text, tip in (
                ("gates", "Run gates", "nbops gates"),
                ("request", "Ask for approval", "nbops request"),
                ("approve", "Approve", "nbops approve"),
                ("reject", "Reject", "nbops reject, needs a reason"),
                ("promote", "Promote", "nbops promote"),
                ("rollback", "Roll back", "nbops rollback, needs a reason"),
            )
        }
        for action, button in self._buttons.items():
            button.on_click(lambda _, action=action: self._act(action))
        row = ipywidgets.HBox(list(self._buttons.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.widget = ipywidgets.VBox([self._picture, self._comment, row, self._message])
        self.view = self._look()

    def _act(self, action: str) -> None:
        comment = self._comment.value.strip()
        for button in self._buttons.values():
            button.disabled = True
        try:
            said = self._actions(comment)[action]()
        except NbopsError as error:
            said = str(error)
        else:
            self._comment.value = ""
        finally:
            self.view = self._look()
        from nbops.tracking.courier import ensure_running
        from nbops.views.html import escape

        # MLflow and the webhooks are to be told, as by the commands.
        ensure_running(self._workspace)
        self._message.value = f'<div role="status">{escape(said)}</div>'

    def _actions(self, comment: str) -> dict[str, Callable[[], str]]:
        from nbops.views.registry import approval_text, promotion_text

        where: dict[str, Any] = {"workspace": self._workspace}
        mine = (self._name, self._version, self._target)
        seen: dict[str, Any] = {**where, "digest": self.view.digest}
        return {
            "gates": self._gates,
            "request": lambda: f"Asked as {request_promotion(*mine, comment=comment, **where).requested_by}.",
            "approve": lambda: approval_text(approve(*mine, comment=comment, **seen)),
            "reject": lambda: approval_text(reject(*mine, reason=comment, **where)),
            "promote": lambda: promotion_text(
                promote(*mine, expect=self.view.holder, reason=comment, evaluate=False, **seen)
            ),
            "rollback": lambda: promotion_text(rollback(self._name, self._target, reason=comment, **where)),
        }

    def _gates(self) -> str:
        from nbops.registry.gates import run_gates

        report = run_gates(self._workspace, self._name, self._version, self._target)
        return "The gates pass." if report.passed else "The gates do not pass."

    def _look(self) -> PromotionView:
        view = promotion_view(self._workspace, self._name, self._version, self._target)
        self._picture.value = promotion_view_html(view)
        held = view.holder == view.version
        buttons = self._buttons
        buttons["promote"].disabled = held or bool(view.obstacles)
        buttons["request"].disabled = held or view.request is not None
        buttons["approve"].disabled = held or bool(view.can_approve)
        buttons["approve"].tooltip = view.can_approve or "nbops approve"
        buttons["reject"].disabled = held
        buttons["gates"].disabled = held
        buttons["rollback"].disabled = not held or len(view.history) < 2
        return view
