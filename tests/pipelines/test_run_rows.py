"""The rows of a run in the ledger, written by two threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from nbops.pipelines.running import history
from nbops.pipelines.running.options import Options
from nbops.pipelines.running.rows import RunRows
from nbops.pipelines.spec import load_pipeline


class _Slow:
    """A ledger that begins once, in the thread that gives signs of life, only when it is told to."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.begins, self.go = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Any]:
        if threading.current_thread() is not threading.main_thread() and not self.begins.is_set():
            self.begins.set()
            self.go.wait(2)
        with self._ledger.begin() as connection:
            yield connection


def test_what_was_taken_up_earlier_is_not_written_later(project):
    project.notebook("a.ipynb", "1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.workspace.ensure()
    rows = RunRows(project.workspace, load_pipeline(project.file), Options(), "r" * 32)
    rows.stage("a", status="running")
    slow = rows._ledger = _Slow(rows._ledger)
    rows.stage("a", cell=1)
    assert slow.begins.wait(30)
    rows.stage("a", status="succeeded")
    slow.go.set()
    rows.close("succeeded", "")
    run = history.pipeline_run(project.workspace, "r")
    assert (run.status, run.stages[0].status) == ("succeeded", "succeeded")
