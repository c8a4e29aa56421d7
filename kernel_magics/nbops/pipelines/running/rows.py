"""The rows of a run of a pipeline in the ledger: who carries it, how far it is, that it still lives."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy
from sqlalchemy.engine import Connection

from nbops.errors import LedgerError
from nbops.ledger import tables
from nbops.ledger.database import Ledger, open_ledger
from nbops.pipelines.running.options import Options
from nbops.pipelines.secrets import kept
from nbops.pipelines.spec import Pipeline
from nbops.records import StageRun, StageRunStatus
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# Progress is written this often, and a sign of life given when there is none.
PROGRESS, HEARTBEAT = 0.7, 5.0
COLUMNS = ("stage", "status", "attempt", "key", "track_id", "started_at", "ended_at", "cell", "cells")
_log = logging.getLogger("nbops.pipelines")


class RunRows:
    """Keeps the rows of one run up to date, from a thread of its own.

    What a person waits to see (a stage begins or ends) is written at once, progress at most every 0.7 seconds.

    Parameters
    ----------
    workspace
        Whose ledger it is.
    pipeline, options, run_id
        What runs.

    Raises
    ------
    LedgerError
        The ledger cannot be written.
    """

    def __init__(self, workspace: Workspace, pipeline: Pipeline, options: Options, run_id: str) -> None:
        self._ledger: Ledger = open_ledger(workspace)
        self.run_id = run_id
        self._stages = {
            stage.name: StageRun(stage=stage.name, group=stage.group, after=stage.after) for stage in pipeline.stages
        }
        self._positions = {stage.name: position for position, stage in enumerate(pipeline.stages)}
        self._dirty: set[str] = set()
        self._lock, self._wake, self._closed = threading.Lock(), threading.Event(), False
        self._writing = threading.Lock()
        self._write_first(workspace, pipeline, options)
        self._thread = threading.Thread(target=self._beat, name="nbops-pipeline-heartbeat", daemon=True)
        self._thread.start()

    def stage(self, name: str, **changes: Any) -> None:
        """Note what is new of a stage."""
        with self._lock:
            self._stages[name] = replace(self._stages[name], **changes)
            self._dirty.add(name)
        if "status" in changes:
            self._flush()

    def close(self, status: str, error: str) -> None:
        """Note how the run ended; an unreachable ledger is only logged, for the stages have been done."""
        self._closed = True
        self._wake.set()
        self._thread.join()
        now = time.time()
        left: StageRunStatus = "stopped" if status == "stopped" else "pending"
        with self._lock:
            for name, stage in self._stages.items():
                if stage.status == "running":
                    self._stages[name] = replace(stage, status=left, ended_at=now)
                    self._dirty.add(name)
        for attempt in range(5):
            if self._flush(status=status, ended_at=now, error=error):
                return
            time.sleep(0.5 * attempt)

    def _write_first(self, workspace: Workspace, pipeline: Pipeline, options: Options) -> None:
        now, owner = time.time(), workspace_id(workspace)
        row = {
            "run_id": self.run_id,
            "workspace": owner,
            "pipeline": pipeline.name,
            "path": pipeline.path.as_posix(),
            "status": "running",
            "trigger": options.trigger,
            "schedule": options.schedule,
            "runner": options.on,
            "owner": process_identity(),
            "heartbeat_at": now,
            "started_at": now,
            "error": "",
            "resumed_from": "",
            "options": {
                "force": options.force,
                "only": list(options.only),
                "from": options.start,
                "parameters": json.loads(json.dumps(kept(options.parameters), default=str)),
                "jobs": options.jobs,
                "keep_going": options.keep_going,
            },
        }
        with self._ledger.begin() as connection:
            if options.resume:
                row["resumed_from"] = _last_failed(connection, owner, pipeline, self.run_id)
            changes = {name: value for name, value in row.items() if name != "run_id"}
            first = self._ledger.upsert(tables.pipeline_runs).values(**row)
            # Whoever launched it has written a row, so that it is seen before this process is up.
            connection.execute(first.on_conflict_do_update(index_elements=["run_id"], set_=changes))
            connection.execute(tables.stage_runs.insert(), [self._row(stage) for stage in self._stages.values()])
            self._ledger.touch(connection)

    def _beat(self) -> None:
        said = time.monotonic()
        while not self._closed:
            self._wake.wait(PROGRESS)
            if self._closed:
                return
            if self._dirty or time.monotonic() - said > HEARTBEAT:
                self._flush()
                said = time.monotonic()

    def _flush(self, **changes: Any) -> bool:
        # One after the other: what was taken up earlier must not be written later, or a stage that is over "runs" again.
        with self._writing:
            return self._write(changes)

    def _write(self, changes: Mapping[str, Any]) -> bool:
        with self._lock:
            stages = [self._row(self._stages[name]) for name in self._dirty]
            self._dirty.clear()
        try:
            with self._ledger.begin() as connection:
                runs = tables.pipeline_runs
                mine = runs.update().where(runs.c.run_id == self.run_id)
                connection.execute(mine.values(heartbeat_at=time.time(), **changes))
                # Somebody whose clock is another one has taken us for dead.
                if connection.execute(mine.where(runs.c.status == "lost").values(_ALIVE)).rowcount:
                    with self._lock:
                        stages = [self._row(stage) for stage in self._stages.values()]
                if stages:
                    connection.execute(_UPDATE, [_bound(row) for row in stages])
                if stages or changes:
                    self._ledger.touch(connection)
            return True
        except LedgerError as error:
            _log.warning("the ledger does not take the progress of a pipeline: %s", error)
            with self._lock:
                self._dirty |= {row["stage"] for row in stages}
            return False

    def _row(self, stage: StageRun) -> dict[str, Any]:
        row = {name: getattr(stage, name) for name in COLUMNS}
        detail = {name: getattr(stage, name) for name in StageRun.__dataclass_fields__ if name not in COLUMNS}
        return row | {
            "run_id": self.run_id,
            "position": self._positions[stage.stage],
            "detail": detail | {"after": list(stage.after)},
        }


def _last_failed(connection: Connection, owner: str, pipeline: Pipeline, run_id: str) -> str:
    """Give the run that one of the same pipeline goes on from: the last, unless it ended well."""
    runs = tables.pipeline_runs
    mine = (runs.c.workspace == owner) & (runs.c.pipeline == pipeline.name) & (runs.c.run_id != run_id)
    last = connection.execute(
        sqlalchemy.select(runs.c.run_id, runs.c.status).where(mine).order_by(runs.c.started_at.desc()).limit(1)
    ).first()
    return str(last.run_id) if last is not None and last.status != "succeeded" else ""


_ALIVE = {"status": "running", "ended_at": None, "error": ""}


def _bound(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row with the names that the update binds; a column's own name may not be bound twice."""
    return {f"b_{name}": value for name, value in row.items() if name != "position"}


_STAGE_RUNS = tables.stage_runs
_UPDATE = (
    _STAGE_RUNS.update()
    .where(
        _STAGE_RUNS.c.run_id == sqlalchemy.bindparam("b_run_id"),
        _STAGE_RUNS.c.stage == sqlalchemy.bindparam("b_stage"),
    )
    .values({name: sqlalchemy.bindparam(f"b_{name}") for name in (*COLUMNS[1:], "detail")})
)
