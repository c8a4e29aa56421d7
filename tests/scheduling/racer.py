"""One of several schedulers on one ledger: ``racer.py ROOT SECONDS``. Each run it starts is over at once, and one line."""

from __future__ import annotations

import sys
import threading
import time

from nbops.ledger import open_ledger, tables
from nbops.records import Schedule
from nbops.scheduling.scheduler import Scheduler
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.ownership import workspace_id


class Fast:
    """A clock on which a second is a minute, the same for all who race."""

    def __init__(self, begin: float) -> None:
        self._real, self._begin = time.time(), begin

    def now(self) -> float:
        return self._begin + (time.time() - self._begin) * 60

    def wait(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(min(seconds, 0.02))


def start(workspace: Workspace, schedule: Schedule, run_id: str, trigger: str) -> None:
    now = time.time()
    row = {
        "run_id": run_id,
        "workspace": workspace_id(workspace),
        "pipeline": schedule.pipeline,
        "path": schedule.pipeline,
        "status": "succeeded",
        "owner": process_identity(),
        "heartbeat_at": now,
        "started_at": now,
        "ended_at": now,
        "options": {},
    }
    with open_ledger(workspace).begin() as connection:
        connection.execute(tables.pipeline_runs.insert().values(**row))
    print(f"{schedule.name} {run_id}", flush=True)


def main() -> None:
    root, begin, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    stop = threading.Event()
    scheduler = Scheduler(find_workspace(root), clock=Fast(begin), start=start, at_once=1000)
    print("ready", flush=True)
    sys.stdin.readline()
    threading.Timer(seconds, stop.set).start()
    scheduler.run(stop)


if __name__ == "__main__":
    main()
