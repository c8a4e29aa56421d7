"""What is to be told of incidents stands in the ledger, a row for each event and route, until it has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.ledger import Ledger
from nbops.monitoring.monitors.rows import A, T, incident_of
from nbops.records import Monitor, to_wire
from nbops.tracking.notices import Notice
from nbops.tracking.routes import LAB
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

OPENED, REMINDER, RECOVERED = "opened", "reminder", "recovered"
WAITING, DELIVERED = "waiting", "delivered"


def tell(
    connection: Connection,
    ledger: Ledger,
    workspace: Workspace,
    monitor: Monitor,
    incident: Row[Any],
    event: str,
    detail: Mapping[str, Any],
    at: float,
) -> None:
    """Write down, within a transaction, that the routes of a monitor are to tell of an event of an incident.

    JupyterLab is told by the row itself, which its page reads. ``detail["told"]`` numbers the events of an incident, so that
    each is told once on each route however many processes see it.
    """
    said = {
        "event": event,
        "at": at,
        "message": detail.get("over" if event == RECOVERED else "message", ""),
        "windows": detail.get("windows", 1),
        "monitor": monitor.name,
        "model": monitor.model,
    }
    rows = [
        {
            "workspace": workspace_id(workspace),
            "incident": incident.id,
            "event": event if event == OPENED else f"{event} {detail['told']}",
            "channel": route,
            "state": DELIVERED if route == LAB else WAITING,
            "next_at": 0.0,
            "detail": said,
        }
        for route in monitor.routes
    ]
    if rows:
        connection.execute(ledger.upsert(A).on_conflict_do_nothing(), rows)


def notice_of(connection: Connection, row: Row[Any]) -> Notice | None:
    """Give what a row of the alerts tells, in the words of when it was written; nothing when its incident is gone."""
    found = connection.execute(select(T).where(T.c.id == row.incident)).first()
    if found is None:
        return None
    incident, said = incident_of(found), row.detail
    event = str(said.get("event", OPENED))
    about = incident.model or "data"
    verb = {OPENED: "is in trouble", REMINDER: "is still in trouble", RECOVERED: "has recovered"}.get(event, event)
    facts = {
        "Monitor": incident.monitor,
        "Model": incident.model,
        "Check": incident.check,
        "Finding": str(said.get("message", "")),
        "Since": _moment(incident.opened_at),
        "Windows": f"{said.get('windows', 1)}",
        "Recovered": _moment(said["at"]) if event == RECOVERED else "",
    }
    body = {**to_wire(incident), "message": said.get("message", ""), "windows": said.get("windows", 1)}
    return Notice(
        event=f"incident-{event}",
        headline=f"Monitor {incident.monitor}: {incident.check} of {about} {verb}",
        facts=facts,
        closing=f"Say that you see to it: nbops monitor acknowledge {incident.id} --reason …"
        if event != RECOVERED
        else "",
        payload={"event": event, "at": said.get("at"), "incident": body},
    )


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
