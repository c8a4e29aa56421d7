"""An auditor's report of a span of time: what was decided by whom on what grounds, and whether the log holds."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from nbops.ledger import open_ledger
from nbops.ledger.audit import count_events, head, read_events
from nbops.ledger.chain import canonical
from nbops.ledger.verification import verify
from nbops.records import AuditEvent, AuditVerdict, Placement
from nbops.registry.holding import held_between
from nbops.workspace import Workspace

_COLUMNS = ("seq", "at", "actor", "source", "action", "model", "version", "reason", "detail", "mac")
_HELD = (
    *("model", "target", "version", "from", "until", "seconds", "actor", "kind", "self_approved", "reason"),
    *("gate_report", "digest", "seq"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """Events of a span with the verdict over the whole log. ``head`` is ``SEQ:MAC`` of the last event of all.

    ``held`` says which version held which lifecycle stage or alias at any time of the span; what began before it or
    goes on after it is told whole.
    """

    workspace: str
    events: tuple[AuditEvent, ...]
    verdict: AuditVerdict
    head: str
    made_at: float
    since: float | None = None
    until: float | None = None
    model: str = ""
    held: tuple[Placement, ...] = ()

    def to_csv(self) -> str:
        """Give the events as CSV, times in seconds since the epoch, details as JSON.

        Texts that a spreadsheet would take for a formula get a quote in front.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for event in self.events:
            row = [event.seq, repr(event.at), *(_plain(getattr(event, name)) for name in _COLUMNS[2:8])]
            writer.writerow([*row, _plain(canonical(event.detail)), event.mac])
        return out.getvalue()

    def held_csv(self) -> str:
        """Give what was held when as CSV, times as ISO 8601 in UTC; ``until`` is empty for what is held still.

        Seconds of what is held still are those until the report was made.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_HELD)
        for p in self.held:
            lasted = (self.made_at if p.until is None else p.until) - p.at
            row = [p.model, p.target, p.version, _utc(p.at), _utc(p.until), f"{lasted:.3f}", p.actor, p.kind]
            row += ["yes" if p.self_approved else "", p.reason, p.gate_report, p.digest, p.seq]
            writer.writerow([_plain(value) for value in row])
        return out.getvalue()


def audit_report(
    workspace: Workspace,
    *,
    since: float | None = None,
    until: float | None = None,
    model: str = "",
    heads: Iterable[tuple[int, str]] = (),
) -> AuditReport:
    """Read the events of a span and what was held in it, and prove the whole log.

    Parameters
    ----------
    workspace
        Whose log.
    since, until
        From this time on and before that one, in seconds since the epoch; without, from the first and to the last.
    model
        Only what concerns this model.
    heads
        Heads of the log that were kept elsewhere, to be compared.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    seq, mac = head(workspace)
    events = read_events(workspace, since=since, until=until, model=model, limit=max(1, count_events(workspace)))
    with open_ledger(workspace).connect() as connection:
        held = held_between(connection, since, until, model)
    return AuditReport(
        workspace=workspace.root.name,
        events=events,
        verdict=verify(workspace, heads),
        head=f"{seq}:{mac}" if seq else "",
        made_at=time.time(),
        since=since,
        until=until,
        model=model,
        held=held,
    )


def _utc(moment: float | None) -> str:
    return "" if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _plain(value: object) -> object:
    # A spreadsheet must not take what somebody wrote for a formula.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
