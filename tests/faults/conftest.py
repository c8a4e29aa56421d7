"""Fixtures that kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


class Nursery:
    """Talks to ``nursery.py``."""

    def __init__(self, modules, log):
        self._children = set()
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nursery.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._ask(modules) == "warm", Path(log).read_text(errors="replace")

    def _ask(self, what):
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def start(self, do, **request):
        pid = int(self._ask({"do": do, **{name: str(v) if isinstance(v, Path) else v for name, v in request.items()}}))
        self._children.add(pid)
        return pid

    def kill(self, pid):
        """Kill -9; a child that is dead already stays so until it is reaped, so the pid is its own."""
        os.kill(pid, signal.SIGKILL)
        return self.reap(pid)

    def reap(self, pid):
        self._children.discard(pid)
        return int(self._ask({"reap": pid}))

    def close(self):
        for pid in list(self._children):
            self.kill(pid)
        self._process.stdin.close()
        self._process.wait(20)


@pytest.fixture
def nursery(tmp_path_factory):
    """Make a nursery with the given modules imported."""
    made = []

    def make(*modules):
        made.append(Nursery(modules, tmp_path_factory.mktemp("nursery") / "errors"))
        return made[-1]

    yield make
    for one in made:
        one.close()
