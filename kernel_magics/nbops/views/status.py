"""Status and doctor as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbops.views.text import table

_MARK = {"good": "●", "note": "▲", "bad": "✕"}


def status_text(status: Mapping[str, Any]) -> str:
    """Show what ``nbops.tracking.status.status`` gave."""
    courier = status["courier"]
    state = "running" if courier["running"] else "not running"
    lines = [
        f"nbops {status['version']} in {status['workspace']} (found by {status['origin']})",
        f"ledger   {status['ledger']['uri']}  {status['ledger']['state']}",
        f"mlflow   {status['mlflow']['uri']}  {status['mlflow']['state']}",
        f"courier  {state}, {courier['pending']} waiting" + (f": {courier['error']}" if courier["error"] else ""),
        f"runs     {status['runs']}   models {status['models']}",
        "",
    ]
    rows = [(name, setting["value"], setting["source"]) for name, setting in status["settings"].items()]
    return "\n".join(lines) + table(rows, ("setting", "value", "from"))


def webhooks_text(hooks: Sequence[Mapping[str, Any]]) -> str:
    """Show who is told of events, and what did not arrive."""
    if not hooks:
        return "No webhooks: declare one as [webhooks.NAME] in nbops.toml."
    rows = [
        (
            hook["name"],
            hook["url"],
            "incidents" if hook["format"] == "slack" else ", ".join(hook["events"]) or "all",
            str(hook["delivered"]),
            str(hook["waiting"]),
            str(hook["given_up"]),
            hook["error"] or "–",
        )
        for hook in hooks
    ]
    return table(rows, ("webhook", "address", "events", "delivered", "waiting", "given up", "last problem"))


def checks_text(checks: Sequence[Mapping[str, str]]) -> str:
    """Show what ``nbops.tracking.doctor.examine`` found; the way to mend stands under each finding."""
    lines = []
    for check in checks:
        lines.append(f"{_MARK[check['state']]} {check['part']:<10} {check['finding']}")
        if check["mend"]:
            lines.append(f"  {'':<10} → {check['mend']}")
    bad = sum(check["state"] == "bad" for check in checks)
    lines.append("Everything works." if not bad else f"{bad} of {len(checks)} parts need mending.")
    return "\n".join(lines)
