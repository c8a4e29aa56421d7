"""An auditor's report of a span of time: what was decided by whom on what grounds, and whether the log holds."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass

from nbops.ledger.audit import count_events, head, read_events
from nbops.ledger.chain import canonical
from nbops.ledger.verification import verify
from nbops.records import AuditEvent, AuditVerdict
from nbops.workspace import Workspace

_COLUMNS = ("seq", "at", "actor", "source", "action", "model", "version", "reason", "detail", "mac")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """Events of a span with the verdict over the whole log. ``head`` is ``SEQ:MAC`` of the last event of all."""

    workspace: str
    events: tuple[AuditEvent, ...]
    verdict: AuditVerdict
    head: str
    made_at: float
    since: float | None = None
    until: float | None = None
    model: str = ""

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


def audit_report(
    workspace: Workspace,
    *,
    since: float | None = None,
    until: float | None = None,
    model: str = "",
    heads: Iterable[tuple[int, str]] = (),
) -> AuditReport:
    """Read the events of a span and prove the whole log.

    Parameters
    ----------
    workspace
        Whose log.
    since, until
        From this time on and before that one, in seconds since the epoch; without, from the first and to the last.
    model
        Only events of this model.
    heads
        Heads of the log that were kept elsewhere, to be compared.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    seq, mac = head(workspace)
    events = read_events(workspace, since=since, until=until, model=model, limit=max(1, count_events(workspace)))
    return AuditReport(
        workspace=workspace.root.name,
        events=events,
        verdict=verify(workspace, heads),
        head=f"{seq}:{mac}" if seq else "",
        made_at=time.time(),
        since=since,
        until=until,
        model=model,
    )


def _plain(value: object) -> object:
    # A spreadsheet must not take what somebody wrote for a formula.
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
