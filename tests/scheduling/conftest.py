"""A workspace with pipelines, a clock that tests turn, and runs that last as long as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import nbformat
import pytest
from sqlalchemy import select

from nbops.errors import PipelineError
from nbops.ledger import open_ledger, tables
from nbops.records import Schedule
from nbops.scheduling import add_schedule
from nbops.scheduling.scheduler import Scheduler
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.ownership import workspace_id

PIPELINE = 'name = "{name}"\n[stages.only]\nnotebook = "stage.ipynb"\n'


def write_pipeline(root: Path, name: str = "churn", source: str = "x = 1") -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, root / "stage.ipynb")
    path = root / f"{name}.toml"
    path.write_text(PIPELINE.format(name=name))
    return path


class Turned:
    """A clock that moves when it is told to."""

    def __init__(self, now: float) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float, stop: threading.Event) -> None:
        self.time += seconds


class World:
    """A ledger in which pipelines run: each run lasts ``lasting`` seconds by the clock and ends as ``ending`` says."""

    def __init__(self, workspace: Workspace, clock: Turned) -> None:
        self.workspace, self.clock = workspace, clock
        self.lasting, self.ending, self.refuse = 0.0, "succeeded", ""
        self.lasts: Callable[[str], float | None] = lambda name: None
        self.started: list[tuple[str, float]] = []
        self._going: list[tuple[float, str]] = []

    def start(self, workspace: Workspace, schedule: Schedule, run_id: str, trigger: str) -> None:
        if self.refuse:
            raise PipelineError(self.refuse)
        self.started.append((schedule.name, self.clock.now()))
        path = (workspace.root / schedule.pipeline).as_posix()
        add_run(workspace, run_id, Path(path).stem, path, "running", self.clock.now(), schedule=schedule.name)
        lasting = self.lasts(schedule.name)
        self._going.append((self.clock.now() + (self.lasting if lasting is None else lasting), run_id))

    def add(self, name: str = "nightly", cron: str = "0 6 * * *", **given: Any) -> Schedule:
        """Add a schedule, by default one that is due at six in the morning."""
        facts = {"name": name, "pipeline": "churn.toml", "trigger": "cron", **given}
        if facts["trigger"] == "cron":
            facts["cron"] = cron
        return add_schedule(self.workspace, Schedule(**facts), clock=self.clock)

    def pipeline(self, name: str) -> str:
        """Write another pipeline file."""
        return write_pipeline(self.workspace.root, name).name

    def by_hand(self, run_id: str, file: str, **given: str) -> None:
        """Let somebody begin a run of a pipeline."""
        path = (self.workspace.root / file).as_posix()
        add_run(self.workspace, run_id, Path(file).stem, path, "running", self.clock.now(), **given)

    def finish(self, run_id: str, status: str = "succeeded") -> None:
        """End a run that somebody began."""
        p = tables.pipeline_runs
        with open_ledger(self.workspace).begin() as connection:
            ended = p.update().where(p.c.run_id == run_id).values(status=status, ended_at=self.clock.now())
            connection.execute(ended)

    def rows(self) -> list[tuple[str, str, float]]:
        """Schedule, status and due time of every occasion."""
        r = tables.schedule_runs
        with open_ledger(self.workspace).connect() as connection:
            return [tuple(row) for row in connection.execute(select(r.c.schedule, r.c.status, r.c.due_at))]

    def runs(self, name: str = "") -> list[tuple[str, float, str]]:
        """What became of every occasion, in order."""
        r = tables.schedule_runs
        query = select(r).order_by(r.c.schedule, r.c.due_at, r.c.id)
        with open_ledger(self.workspace).connect() as connection:
            rows = connection.execute(query).all()
        return [(row.status, row.due_at, row.evidence) for row in rows if name in ("", row.schedule)]

    def scheduler(self, **given: object) -> Scheduler:
        return Scheduler(self.workspace, **{"clock": self.clock, "start": self.start, "at_once": 10_000, **given})

    def end(self) -> None:
        """End what is over by now."""
        p = tables.pipeline_runs
        over = [(when, run_id) for when, run_id in self._going if when <= self.clock.now()]
        self._going = [one for one in self._going if one not in over]
        if not over:
            return
        with open_ledger(self.workspace).begin() as connection:
            for when, run_id in over:
                error = "stage 'only' failed in cell 1: ValueError: no" if self.ending == "failed" else ""
                values = {"status": self.ending, "ended_at": when, "error": error}
                connection.execute(p.update().where(p.c.run_id == run_id).values(**values))

    def pass_time(self, scheduler: Scheduler, until: float, step: float = 30.0) -> None:
        """Let time pass in steps, with a look of the scheduler at each."""
        while self.clock.time < until:
            self.clock.time = min(until, self.clock.time + step)
            self.end()
            scheduler.tick()

    def at(self, scheduler: Scheduler, moment: float) -> None:
        """Let the scheduler look at one moment, and shortly after, when what it started may be over."""
        for self.clock.time in (moment, moment + 1):
            self.end()
            scheduler.tick()


def add_run(
    workspace: Workspace,
    run_id: str,
    pipeline: str,
    path: str,
    status: str,
    now: float,
    *,
    schedule: str = "",
    owner: str = "",
) -> None:
    """Write a run of a pipeline, as the engine does."""
    with open_ledger(workspace).begin() as connection:
        connection.execute(
            tables.pipeline_runs.insert().values(
                run_id=run_id,
                workspace=workspace_id(workspace),
                pipeline=pipeline,
                path=path,
                status=status,
                schedule=schedule,
                owner=owner or process_identity(),
                heartbeat_at=now,
                started_at=now,
                ended_at=None if status == "running" else now,
                options={},
            )
        )


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace with the pipeline ``churn.toml``."""
    root = tmp_path / "place"
    root.mkdir()
    (root / "nbops.toml").write_text("courier = false\n")
    write_pipeline(root)
    return find_workspace(root)


@pytest.fixture
def shared(place: Workspace, ledger_uri: str, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """That workspace with its ledger in each database in turn."""
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    return find_workspace(place.root)


@pytest.fixture
def world(place: Workspace) -> Callable[..., World]:
    """Make a world that begins at a time."""

    def make(now: float, workspace: Workspace = place) -> World:
        return World(workspace, Turned(now))

    return make


@pytest.fixture
def at() -> Callable[..., float]:
    """Seconds since the epoch of a local date and time."""

    def moment(text: str, zone: str = "UTC", fold: int = 0) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()

    return moment
