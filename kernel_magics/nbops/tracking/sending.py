"""Send a notice on a route, once: signed to a webhook, as a message to Slack, as a mail. Trying again is up to the caller."""

from __future__ import annotations

from typing import Any

from nbops.errors import NbopsError, SettingsError
from nbops.tracking.hooks import SLACK, Hook, read_hooks
from nbops.tracking.mail import read_smtp, send_mail
from nbops.tracking.notices import Notice
from nbops.tracking.signed import send
from nbops.workspace import Workspace

# What Slack takes in one block of text, and in one field.
_LONGEST_TEXT, _LONGEST_FIELD, _MOST_FIELDS = 2900, 1900, 10


def send_notice(workspace: Workspace, route: str, notice: Notice, number: str, now: float) -> tuple[str, bool]:
    """Send; give what went wrong, empty if nothing did, and whether that is for good.

    Parameters
    ----------
    workspace
        Whose ``nbops.toml`` says where that is.
    route
        ``webhook:NAME``, ``slack:NAME``, ``email`` or ``email:ADDRESS``.
    notice
        What is told.
    number
        What makes this notice one and the same for the receiver, however often it is sent.
    now
        The time in seconds since the epoch.
    """
    kind, _, target = route.partition(":")
    try:
        if kind == "email":
            send_mail(read_smtp(workspace), target, notice)
            return "", False
        hook = _hook(workspace, target)
        shaped = kind == SLACK or hook.format == SLACK
        payload = slack_message(notice) if shaped else {"hook": hook.name, **notice.payload}
        return send(hook, notice.event, f"{hook.name}-alert-{number}", payload, now)
    except NbopsError as error:
        return str(error), False


def slack_message(notice: Notice) -> dict[str, Any]:
    """Give a notice as Slack's incoming webhooks take it: ``text`` for notifications, ``blocks`` for the channel."""
    facts = [(name, value) for name, value in notice.facts.items() if value]
    fields = [
        {"type": "mrkdwn", "text": f"*{_plain(name)}*\n{_plain(value)}"[:_LONGEST_FIELD]}
        for name, value in facts[:_MOST_FIELDS]
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{_plain(notice.headline)}*"[:_LONGEST_TEXT]}}
    ]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    return {"text": _plain(notice.headline)[:_LONGEST_TEXT], "blocks": blocks}


def _plain(text: str) -> str:
    # So that no name calls a whole channel or links elsewhere.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _hook(workspace: Workspace, name: str) -> Hook:
    hook = next((hook for hook in read_hooks(workspace) if hook.name == name), None)
    if hook is None:
        raise SettingsError(f"There is no webhook {name!r} any more.")
    return hook
