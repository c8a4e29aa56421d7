"""The server extension: what it adds to a Jupyter server and how it ends."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp

from nbops_lab.gates import GateRuns
from nbops_lab.live import Watcher
from nbops_lab.looks import Looks
from nbops_lab.routes import routes
from nbops_lab.scheduling import Schedulers
from nbops_lab.workspaces import Workspaces

CHANGE_SCHEMA = "https://nbops.dev/events/change/v1"
_SCHEMA_FILE = Path(__file__).parent / "events" / "change.v1.yaml"
# The library waits for disks and databases; four waits at a time are plenty for one person's browser.
_THREADS = 4


class NbopsLab(ExtensionApp):
    """Handlers under ``nbops/api`` and the ``change`` event, for one Jupyter server.

    It does nothing before a page asks for a workspace: no thread, no file, no timer.
    """

    name = "nbops_lab"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Register the event and put what handlers share into the web application's settings."""
        assert self.serverapp is not None
        events = self._events()
        if CHANGE_SCHEMA not in events.schemas:
            events.register_event_schema(_SCHEMA_FILE)
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nbops")
        self.watcher = Watcher(self.threads, self._emit, self.log)
        self.gate_runs = GateRuns(self.log)
        self.settings["nbops_gates"] = self.gate_runs
        self.settings["nbops_looks"] = Looks(self.log, self.watcher.nudge)
        self.schedulers = Schedulers(self.log)
        root = Path(self.serverapp.root_dir)
        self.settings["nbops"] = Workspaces(root, self.watcher, self.threads, self.schedulers)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend(routes())

    async def stop_extension(self) -> None:
        """Stop watching and let running calls end."""
        if hasattr(self, "watcher"):
            await self.watcher.stop()
            self.gate_runs.stop()
            await asyncio.get_running_loop().run_in_executor(None, self.schedulers.stop)
            self.threads.shutdown(wait=True, cancel_futures=True)

    def _emit(self, workspace: str, revision: int) -> None:
        self._events().emit(schema_id=CHANGE_SCHEMA, data={"workspace": workspace, "revision": revision})

    def _events(self) -> EventLogger:
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        return self.serverapp.event_logger
