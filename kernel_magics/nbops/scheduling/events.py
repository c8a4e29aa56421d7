"""Come due by what others write into the ledger: signals, promotions, runs of pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import event_of
from nbops.ledger.owning import owned
from nbops.records import Schedule
from nbops.scheduling.planning import Plan, counted
from nbops.scheduling.policy import Occasion, admit
from nbops.scheduling.rows import schedule_of
from nbops.scheduling.triggers import EVENTS
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_S, _R = tables.schedules, tables.schedule_runs
_SIGNALS, _PIPELINES, _AUDIT = tables.signals, tables.pipeline_runs, tables.audit_events
# A transaction may become visible after another one that has a later time; seconds.
_LOOK_BACK = 600.0
# A mark that nothing has moved is moved after so long, so that less has to be read.
_TIDY = 3600.0
_HOLDS_NOW = ("promote", "rollback")
_BATCH = 10_000


def plan_events(workspace: Workspace, now: float) -> int:
    """Write down what has happened that schedules wait for; give how many entries that made.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    wanted = (owned(workspace, _S), _S.c.paused.is_(False), _S.c.trigger.in_(EVENTS))
    with ledger.begin() as connection:
        rows = connection.execute(select(_S).where(*wanted).order_by(_S.c.name).with_for_update()).all()
        if not rows:
            return 0
        happened = _Happened(connection, workspace, rows)
        known = _known(connection, workspace, rows)
        active = counted(connection, workspace, rows)
        plan = Plan(connection, ledger, workspace)
        for row in rows:
            schedule = schedule_of(row)
            occasions = [one for one in happened.of(schedule, row.mark) if (row.name, one.key) not in known]
            if occasions:
                busy, waiting = active.get(row.name, (0, 0))
                entries = admit(schedule, occasions, len(occasions), now, active=busy, waiting=waiting)
                plan.add(schedule, entries, now)
                told = {entry.occasion.key for entry in entries}
                # What was passed over has no row of its own and must not be found again.
                passed = [one.key for one in occasions if one.key not in told]
                plan.move(schedule, happened.mark(schedule, row.mark, now, passed), None)
            elif now - float(row.mark["seen"]) > _TIDY:
                plan.move(schedule, happened.mark(schedule, row.mark, now, ()), None)
        return plan.write()


class _Happened:
    """What has happened since the oldest mark, read once for all schedules."""

    def __init__(self, connection: Connection, workspace: Workspace, rows: Sequence[Row[Any]]) -> None:
        self._signals: Sequence[Row[Any]] = ()
        self._runs: Sequence[Row[Any]] = ()
        self._promotions: list[tuple[int, float, str, str, str]] = []
        self._head = 0
        own = workspace_id(workspace)
        triggers = {row.trigger for row in rows}
        floors = [_floor(row.mark) for row in rows if row.trigger != "promotion"]
        if triggers & {"drift", "performance"}:
            recent = (_SIGNALS.c.workspace == own, _SIGNALS.c.at > min(floors))
            query = select(_SIGNALS).where(*recent).order_by(_SIGNALS.c.id.desc()).limit(_BATCH)
            self._signals = connection.execute(query).all()[::-1]
        if "pipeline" in triggers:
            over = (_PIPELINES.c.workspace == own, _PIPELINES.c.status == "succeeded")
            query = select(_PIPELINES).where(*over, _PIPELINES.c.ended_at > min(floors))
            self._runs = connection.execute(query.order_by(_PIPELINES.c.ended_at.desc()).limit(_BATCH)).all()[::-1]
        if "promotion" in triggers:
            self._read_promotions(connection, min(row.mark.get("seq", 0) for row in rows if row.trigger == "promotion"))

    def of(self, schedule: Schedule, mark: Mapping[str, Any]) -> list[Occasion]:
        """Give what a schedule waits for, the oldest first; what it has seen already may be among it."""
        if schedule.trigger == "promotion":
            return list(self._promoted(schedule.subject, int(mark.get("seq", 0))))
        floor, passed = _floor(mark), set(mark.get("passed", ()))
        found = self._ended(schedule.subject) if schedule.trigger == "pipeline" else self._signalled(schedule)
        return [one for one in found if one.due_at > floor and one.key not in passed]

    def mark(self, schedule: Schedule, mark: Mapping[str, Any], now: float, passed: Sequence[str]) -> dict[str, Any]:
        """Give the mark after what has happened was looked at."""
        if schedule.trigger == "promotion":
            return {**mark, "seq": max(self._head, int(mark.get("seq", 0)))}
        kept = [*mark.get("passed", ()), *passed][-_BATCH:] if now - float(mark["seen"]) < _LOOK_BACK else passed
        return {**mark, "seen": now, "passed": list(kept)}

    def _read_promotions(self, connection: Connection, after: int) -> None:
        self._head = int(connection.scalar(select(tables.audit_head.c.seq)) or 0)
        wanted = (_AUDIT.c.seq > after, _AUDIT.c.action.in_(_HOLDS_NOW))
        rows = connection.execute(select(_AUDIT).where(*wanted).order_by(_AUDIT.c.seq).limit(_BATCH)).all()
        for row in rows:
            try:
                event = event_of(row.body, row.mac)
            except NbopsError:
                # `nbops audit verify` tells of it.
                continue
            told = f"{event.actor}: {event.action} {row.model} version {row.version}"
            self._promotions.append((row.seq, row.at, row.model, str(event.detail.get("target", "")), told))

    def _promoted(self, subject: str, after: int) -> Iterable[Occasion]:
        model, _, target = subject.partition(":")
        for seq, at, name, held, told in self._promotions:
            if seq > after and model in (name, "*") and (not target or target.lower() == held.lower()):
                yield Occasion(f"event:{seq}", at, f"{told} to {held}")

    def _ended(self, subject: str) -> Iterable[Occasion]:
        for row in self._runs:
            if row.pipeline == subject:
                yield Occasion(f"run:{row.run_id}", row.ended_at, f"{subject} succeeded, run {row.run_id[:8]}")

    def _signalled(self, schedule: Schedule) -> Iterable[Occasion]:
        for row in self._signals:
            if row.kind == schedule.trigger and schedule.subject in (row.subject, "*"):
                said = row.detail.get("message") or f"{row.kind} of {row.subject}"
                yield Occasion(f"signal:{row.id}", row.at, f"{said} at {_moment(row.at)}")


def _floor(mark: Mapping[str, Any]) -> float:
    return max(float(mark.get("since", 0.0)), float(mark.get("seen", 0.0)) - _LOOK_BACK)


def _known(connection: Connection, workspace: Workspace, rows: Sequence[Row[Any]]) -> set[tuple[str, str]]:
    """Give the occasions that have a row already, of those that can be found again."""
    names, floor = [row.name for row in rows], min(_floor(row.mark) for row in rows)
    recent = (_R.c.schedule.in_(names), _R.c.due_at > floor)
    query = select(_R.c.schedule, _R.c.occasion).where(owned(workspace, _R), *recent)
    return {(row.schedule, row.occasion) for row in connection.execute(query)}


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
