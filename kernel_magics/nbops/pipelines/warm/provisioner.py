"""Kernels from the warm parent for anything that starts kernels through ``jupyter_client``: papermill, JupyterLab."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.connect import LocalPortCache, port_names
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from nbops.errors import NbopsError
from nbops.pipelines.warm.command import take_apart
from nbops.pipelines.warm.reasons import Unforkable

_LEAN = "nbops.pipelines.warm.lean"


class _SwitchedOff(Unforkable):
    """Somebody wants it so."""


class ForkedProvisioner(LocalProvisioner):
    """Forks the kernel from the warm parent; where that cannot be, starts it as any other.

    ``how`` says which it was: ``forked``, or ``normal: REASON``.
    """

    how = ""
    debugger = True

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel and give its connection information."""
        try:
            info = await self._forked(list(cmd), kwargs)
            self.how = "forked"
            return info
        except _SwitchedOff:
            self.how = "normal"
        except Unforkable as reason:
            self.how = f"normal: {reason}"
        except NbopsError as error:
            self.how = f"normal: {error.message.rstrip('.')}"
        self.log.info("The kernel was not forked: %s", self.how)
        return await super().launch_kernel(self.normal_command(cmd), **kwargs)

    def normal_command(self, cmd: list[str]) -> list[str]:
        """Give the command of a kernel that is not forked."""
        return cmd

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and its children at once."""
        await self.send_signal(signal.SIGKILL)

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and its children, unless it has ended."""
        if self.process is not None and self.process.poll() is None:
            await super().send_signal(signum)

    async def _forked(self, command: list[str], options: dict[str, Any]) -> Any:
        if sys.platform != "linux":
            raise Unforkable("kernels are forked on Linux only")
        # These need Linux, too.
        from nbops.pipelines.warm.asking import ask, ensure
        from nbops.pipelines.warm.choices import read_choices
        from nbops.pipelines.warm.identity import wanted
        from nbops.pipelines.warm.process import ForkedProcess

        unknown = sorted(set(options) - {"env", "cwd", "independent", "extra_arguments", "kernel_id"})
        if unknown:
            raise Unforkable(f"{unknown[0]} is asked for")
        folder = os.path.abspath(options.get("cwd") or os.getcwd())  # noqa: ASYNC240
        environment = dict(options.get("env") or os.environ)
        words = take_apart(command)
        choices = read_choices(Path(folder), environment)
        if not choices.enabled:
            raise _SwitchedOff
        independent = bool(options.get("independent"))
        if not independent:
            environment["JPY_PARENT_PID"] = str(os.getpid())
        content = {"environment": environment, "folder": folder, "command": command}
        request = {"file": words.file, "arguments": words.arguments, "debugger": self.debugger}
        parent = wanted(words, choices, environment)

        def answer() -> tuple[Any, Any]:
            connection = ensure(parent, choices.wait)
            try:
                return connection, ask(
                    connection, content, **request, watched=not independent, ready=self._may_be_ready()
                )
            except BaseException:
                connection.close()
                raise

        connection, answered = await asyncio.to_thread(answer)
        process: Any = ForkedProcess(int(answered["pid"]), connection)
        self.process, self.pid, self.pgid, self.cwd = process, process.pid, process.pid, folder
        if answered["connection"]:
            self._take_over(answered["connection"])
        return self.connection_info

    def _may_be_ready(self) -> bool:
        """Whether the kernel may have sockets of its own; when it is started again, others know those that it had."""
        return self.pid is None and "curve_publickey" not in self.connection_info

    def _take_over(self, info: Any) -> None:
        """Let the manager connect to where the kernel listens already."""
        if self.ports_cached:
            ports: Any = self.connection_info
            for name in port_names:
                LocalPortCache.instance().return_port(ports[name])
            self.ports_cached = False
        if self.parent is not None:
            # Nor shall it choose others when it starts the kernel again.
            self.parent.cache_ports = False
        info["key"] = info["key"].encode()
        self.connection_info = info


class StageProvisioner(ForkedProvisioner):
    """Starts kernels of stages: nobody debugs them, and nobody need wait long for their end."""

    debugger = False
    # Whether a warm parent may be asked at all.
    warm = False

    @property
    def of_ipython(self) -> bool:
        """Whether the kernel is IPython's in this interpreter."""
        try:
            take_apart([sys.executable if word == "python" else word for word in self.kernel_spec.argv])
        except Unforkable:
            return False
        return True

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel and give its connection information."""
        if self.warm:
            return await super().launch_kernel(cmd, **kwargs)
        return await LocalProvisioner.launch_kernel(self, self.normal_command(cmd), **kwargs)

    def normal_command(self, cmd: list[str]) -> list[str]:
        """Give the command of a kernel that is not forked: without the debugger, if it is IPython's."""
        return [_LEAN if word == "ipykernel_launcher" else word for word in cmd] if self.of_ipython else cmd

    async def wait_ended(self, patience: float) -> bool:
        """Wait for the kernel's end; give whether it came in time."""
        end = time.monotonic() + patience
        pause = 0.001
        while self.process is not None and self.process.poll() is None:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, 0.02)
        return True
