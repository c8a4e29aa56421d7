"""Where people are told: JupyterLab, webhooks, mail, Slack. What is wrong with a route is said before it is kept."""

from __future__ import annotations

from nbops.errors import UsageError, meant
from nbops.tracking.hooks import read_hooks
from nbops.tracking.mail import ADDRESS, read_smtp
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME

LAB = "lab"
KNOWN = "lab, webhook:NAME, slack:NAME, email or email:ADDRESS"


def check_route(workspace: Workspace, route: str) -> None:
    """Check that somebody can be told on a route.

    Raises
    ------
    UsageError
        There is no such route, webhook or address.
    SettingsError
        ``nbops.toml`` declares a webhook or mail server that cannot be used.
    """
    kind, _, target = route.partition(":")
    if route == LAB:
        return
    if kind in ("webhook", "slack"):
        names = [hook.name for hook in read_hooks(workspace)]
        if target not in names:
            hint = meant(target, names) or f"Declare [webhooks.{target or 'NAME'}] in {FILE_NAME}."
            raise UsageError(f"There is no webhook {target!r} for the alert.", hint=hint)
    elif kind == "email":
        if route != "email" and not ADDRESS.fullmatch(target):
            raise UsageError(f"{target!r} is not an e-mail address.", hint="Write email:ada@example.org")
        if not read_smtp(workspace).to and route == "email":
            raise UsageError(f"[alerts.smtp] of {FILE_NAME} names nobody with to.", hint="Write email:ada@example.org")
    else:
        raise UsageError(f"An alert cannot go to {route!r}.", hint=f"It may be {KNOWN}.")
