"""The scheduler: looks once a second for what has come due, starts it and sees to how it ends; schedules and monitors.

As many processes as there are may run one on a workspace; one leads, and what they do at the same time is still done once.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from nbops.errors import NbopsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.launching import launch_work
from nbops.monitoring.monitors.running import run_due
from nbops.scheduling.clock import SYSTEM, Clock
from nbops.scheduling.datawatch import DataWatch
from nbops.scheduling.events import plan_events
from nbops.scheduling.lease import Held, Lease
from nbops.scheduling.planning import plan_times
from nbops.scheduling.posting import AlertPost
from nbops.scheduling.retraining.carrying import launch_retraining
from nbops.scheduling.retraining.rows import GOING_ON
from nbops.scheduling.retraining.watching import RetrainWatch, Trainer
from nbops.scheduling.rows import ACTIVE
from nbops.scheduling.settings import read_scheduler
from nbops.scheduling.settling import settle
from nbops.scheduling.starting import Starter, launch_pipeline, start_waiting
from nbops.scheduling.triggers import EVENTS
from nbops.scheduling.watching import MonitorWatch, Worker
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_TICK, _IDLE, _STUMBLED = 1.0, 5.0, 15.0
# How often at most one that only looks once looks at data that grow.
_LOOKS = 60
# Events are looked for when something was written, and at the latest after so long.
_EVENTS_EVERY = 60.0
_S, _R = tables.schedules, tables.schedule_runs
_log = logging.getLogger("nbops.scheduler")


@dataclass(frozen=True, slots=True)
class _State:
    """What one query tells: who leads, and whether anything is to be done."""

    schedules: int
    due: int
    data: int
    events: int
    active: int
    monitors: int
    monitors_due: int
    policies: int
    policies_due: int
    trainings: int
    looks: int
    looking: int
    incidents: int
    signals: int
    audit: int
    pipelines: float
    owner: str
    expires_at: float

    @property
    def happened(self) -> tuple[int, int, float]:
        return self.signals, self.audit, self.pipelines

    @property
    def held(self) -> Held | None:
        return Held(self.owner, self.expires_at) if self.owner else None


class Scheduler:
    """Looks after the schedules of one workspace, for as long as it leads.

    Parameters
    ----------
    workspace
        Which one.
    clock
        What time it is.
    start
        Starts a run of a pipeline.
    at_once
        How many scheduled pipelines may run beside each other; what ``nbops.toml`` says by default.
    look
        Starts a process that does the looks of monitors that wait.
    train
        Starts a process that retrains as was decided.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        clock: Clock = SYSTEM,
        start: Starter = launch_pipeline,
        at_once: int | None = None,
        look: Worker = launch_work,
        train: Trainer = launch_retraining,
    ) -> None:
        self._workspace, self._start, self._at_once = workspace, start, at_once
        self._clock = clock
        self._lease, self._data = Lease(workspace), DataWatch(workspace)
        self._monitors = MonitorWatch(workspace, look)
        self._retraining = RetrainWatch(workspace, train)
        self._post = AlertPost(workspace, self._clock)
        self._query, self._home = _query(workspace, self._lease.name), workspace_id(workspace)
        self._seen: tuple[int, int, float] | None = None
        self._events_at = 0.0
        self._said = ""
        self.leads = False

    def tick(self) -> bool:
        """Do what is to be done now; give whether there was a reason to lead and this one does.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        SettingsError
            ``[scheduler]`` of ``nbops.toml`` cannot be used.
        """
        now = self._clock.now()
        with open_ledger(self._workspace).connect() as connection:
            row = connection.execute(self._query, {"now": now}).one()
        state = _State(**row._mapping)
        # Where there is nothing to look after, nothing is written.
        wanted = state.schedules or state.active or state.monitors or state.policies or state.trainings
        self.leads = bool(wanted) and self._lease.mine(state.held, now)
        if not self.leads:
            return False
        if state.active:
            # First, so that a run that has just ended is in nobody's way.
            settle(self._workspace, now)
        if self._planned(state, now) or state.active:
            at_once = self._at_once or read_scheduler(self._workspace).at_once
            start_waiting(self._workspace, now, self._start, at_once=at_once)
        if state.monitors:
            self._monitors.see(
                due=state.monitors_due,
                waiting=state.looks,
                running=state.looking,
                opened=state.incidents,
                now=now,
            )
        if state.policies or state.trainings:
            self._retraining.see(due=state.policies_due, going_on=state.trainings, signals=state.signals, now=now)
        return True

    def _planned(self, state: _State, now: float) -> int:
        """Write down what has come due."""
        planned = plan_times(self._workspace, now) if state.due else 0
        if state.events and (state.happened != self._seen or now >= self._events_at):
            planned += plan_events(self._workspace, now)
            self._seen, self._events_at = state.happened, now + _EVENTS_EVERY
        if state.data and self._data.due(now):
            planned += self._data.look(now, read_scheduler(self._workspace).data_every)
        return planned

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set or the workspace is gone or made anew; errors are logged and outlived."""
        ended = threading.Event()
        given = (ended, lambda: self.leads)
        threading.Thread(target=self._post.run, args=given, name="nbops-alerts", daemon=True).start()
        while not stop.is_set() and self._at_home():
            self._clock.wait(self._guarded(), stop)
        ended.set()
        # Of a workspace that is gone there is no lease to let go.
        self.leads = self.leads and self._at_home()
        self.close()

    def once(self) -> bool:
        """Do what is to be done now, looks of monitors in this process, and send what is to be told; give whether this one led.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        SettingsError
            ``nbops.toml`` cannot be used.
        """
        self._monitors.rest()
        led = self.tick()
        if led:
            run_due(self._workspace, self._clock.now())
        for _ in range(_LOOKS):
            if not self._data.undecided:
                break
            # Data are only taken when they stay as they are.
            self._clock.wait(_TICK, threading.Event())
            self._data.hurry()
            self.tick()
        self._post.round()
        self.close()
        return led

    def close(self) -> None:
        """Let somebody else lead."""
        self._data.close()
        if self.leads:
            self.leads = False
            try:
                self._lease.release()
            except NbopsError as error:
                _log.warning("%s", error)

    def _at_home(self) -> bool:
        """Whether the workspace is the one this began in; opening the ledger of one that was removed would bring it back."""
        try:
            return (self._workspace.data / "workspace-id").read_text(encoding="ascii").strip() == self._home
        except (OSError, UnicodeDecodeError):
            return False

    def _guarded(self) -> float:
        problem, pause = "", _TICK
        try:
            pause = _TICK if self.tick() else _IDLE
        except NbopsError as error:
            problem, pause = str(error), _STUMBLED
        except Exception as error:
            _log.exception("the scheduler stumbled and goes on")
            problem, pause = type(error).__name__, _STUMBLED
        if problem and problem != self._said:
            _log.warning("%s", problem)
        self._said = problem
        return pause


def _query(workspace: Workspace, lease: str) -> Any:
    own, pipelines, leases = owned(workspace, _S), tables.pipeline_runs, tables.leases
    unpaused = (own, _S.c.paused.is_(False))
    active = (owned(workspace, _R), _R.c.status.in_(ACTIVE))
    policies, trainings = tables.retrain_policies, tables.retrain_decisions
    unrested = (owned(workspace, policies), policies.c.paused.is_(False))
    monitors, looks, incidents = tables.monitors, tables.monitor_runs, tables.incidents
    watching = (owned(workspace, monitors), monitors.c.paused.is_(False))

    def number(table: Any, *where: Any) -> Any:
        return select(func.count()).select_from(table).where(*where).scalar_subquery()

    def one(query: Any, nothing: Any = 0) -> Any:
        return func.coalesce(query.scalar_subquery(), nothing)

    return select(
        number(_S, own).label("schedules"),
        number(_S, *unpaused, _S.c.next_at <= bindparam("now")).label("due"),
        number(_S, *unpaused, _S.c.trigger == "data").label("data"),
        number(_S, *unpaused, _S.c.trigger.in_(EVENTS)).label("events"),
        number(_R, *active).label("active"),
        number(policies, *unrested).label("policies"),
        number(policies, *unrested, policies.c.next_at <= bindparam("now")).label("policies_due"),
        number(trainings, owned(workspace, trainings), trainings.c.outcome.in_(GOING_ON)).label("trainings"),
        number(monitors, owned(workspace, monitors)).label("monitors"),
        number(monitors, *watching, monitors.c.next_at <= bindparam("now")).label("monitors_due"),
        number(looks, owned(workspace, looks), looks.c.state == "queued").label("looks"),
        number(looks, owned(workspace, looks), looks.c.state == "running").label("looking"),
        number(incidents, owned(workspace, incidents), incidents.c.state == "open").label("incidents"),
        one(select(func.max(tables.signals.c.id))).label("signals"),
        one(select(tables.audit_head.c.seq).where(tables.audit_head.c.id == 1)).label("audit"),
        one(select(func.max(pipelines.c.ended_at)).where(owned(workspace, pipelines))).label("pipelines"),
        one(select(leases.c.owner).where(leases.c.name == lease), "").label("owner"),
        one(select(leases.c.expires_at).where(leases.c.name == lease)).label("expires_at"),
    )
