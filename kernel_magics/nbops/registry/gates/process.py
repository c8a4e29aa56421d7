"""The process that judges gates, seen from outside: what it is asked, what it says, and its end whatever it does."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Any

from nbops.records import ModelVersion
from nbops.registry.gates.declaration import Check
from nbops.workspace import Workspace

# What belongs to the kernel that asked and not to the gates, or to a notebook that a gate runs.
_OWN = ("JPY_SESSION_NAME", "JPY_PARENT_PID", "MLFLOW_RUN_ID", "NBOPS_NOTEBOOK", "PYTHONSTARTUP")
_KEPT = 50
# What ends by itself ends soon after it has closed its output.
_LINGERS = 2.0


class WorkerProcess:
    """A worker process and the lines it says.

    Its input stays open as long as somebody waits for its verdicts: it ends by itself when that is closed, so that a
    gate that hangs does not outlive a killed kernel.
    """

    def __init__(
        self, workspace: Workspace, version: ModelVersion, champion: int | None, left: list[tuple[int, Check]]
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in _OWN}
        environment |= {"NBOPS_WORKSPACE": str(workspace.root), "NBOPS_COURIER": "false"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nbops.registry.gates.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=workspace.root,
            env=environment,
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._errors: list[bytes] = []
        self._silent = ""
        threading.Thread(target=self._listen, daemon=True).start()
        self._complaints = threading.Thread(target=self._complain, daemon=True)
        self._complaints.start()
        asked = {
            "workspace": str(workspace.root),
            "model": version.model,
            "version": version.version,
            "champion": champion,
            "checks": [(number, {**asdict(check), "options": dict(check.options)}) for number, check in left],
        }
        assert self._process.stdin is not None
        # A worker that died at once shows by its silence, not by a broken pipe.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(asked, default=str).encode() + b"\n")
            self._process.stdin.flush()

    def next(self, timeout: float) -> dict[str, Any] | None:
        """Give the next line, or ``None`` if the process ended or did not speak in time."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            self._silent = f"it took longer than {timeout:g} s and was stopped"
            return None
        try:
            return None if line is None else dict(json.loads(line))
        except (ValueError, TypeError):
            self._silent = "its process said something that is no verdict and was stopped"
            return None

    def why(self) -> str:
        """Say why there was no line."""
        if self._silent:
            return self._silent
        try:
            code = self._process.wait(_LINGERS)
        except subprocess.TimeoutExpired:
            return "its process closed the way back and was stopped"
        self._complaints.join(5)
        last = b"".join(self._errors).decode(errors="replace").strip().splitlines()[-1:]
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"its process ended {how}" + (f": {last[0][:200]}" if last else "")

    def end(self) -> None:
        """Let nothing of it go on, whatever it has started."""
        offspring = _offspring(self._process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for process in offspring:
            with contextlib.suppress(Exception):
                process.kill()
        self._process.wait(30)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _complain(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)
            del self._errors[:-_KEPT]


def _offspring(pid: int) -> list[Any]:
    """Give the processes started by a process: a notebook's kernel leads a session of its own."""
    try:
        import psutil

        return list(psutil.Process(pid).children(recursive=True))
    except ImportError:  # kernels end by themselves soon after their parent
        return []
    except psutil.Error:
        return []
