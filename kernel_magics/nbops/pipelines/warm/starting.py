"""Start a kernel, forked or normal, and wait until it answers; stop it."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from nbops.errors import NbopsError
from nbops.pipelines.warm.client import QuickClient
from nbops.pipelines.warm.learning import QUIET
from nbops.pipelines.warm.provisioner import StageProvisioner
from nbops.pipelines.warm.reasons import Unforkable


@dataclass(frozen=True, slots=True)
class Started:
    """A kernel that answers: its manager and client (jupyter_client's asynchronous ones), and how it came about.

    ``how`` is ``forked``, ``normal``, or ``normal: REASON`` where it should have been forked and could not be.
    """

    manager: Any
    client: Any
    how: str


async def start_kernel(
    name: str, *, folder: Path, environment: Mapping[str, str], warm: bool = False, patience: float = 120
) -> Started:
    """Start a kernel and wait until it answers.

    It writes nothing into the user's history. May be called from any thread with an event loop of its own.

    Parameters
    ----------
    name
        Name of a kernel spec that is installed.
    folder
        Its working directory.
    environment
        Its whole environment.
    warm
        Whether it may be forked from a warm parent. If none lives, one is started, and this kernel is a normal one.
    patience
        Seconds until it must answer.

    Raises
    ------
    RuntimeError, OSError
        It does not start or does not answer.
    """
    manager = AsyncKernelManager(kernel_name=name, kernel_id=str(uuid.uuid4()), client_factory=QuickClient)
    provisioner = _local(manager)
    python = provisioner is not None and provisioner.of_ipython
    if provisioner is not None:
        provisioner.warm = warm
    arguments = list(QUIET) if python else ["--log-level=CRITICAL"]
    started: Started | None = None
    try:
        await manager.start_kernel(env=dict(environment), cwd=str(folder), extra_arguments=arguments)
        client = manager.client()
        started = Started(manager, client, _how(provisioner, warm))
        # Nobody listens to its heart: whether its process lives is known better.
        client.start_channels(hb=False)
        await client.wait_for_ready(timeout=patience)
    except BaseException:
        # Also when whoever waits for it has changed his mind.
        if started is not None:
            await stop_kernel(started, now=True)
        elif manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        raise
    return started


async def stop_kernel(started: Started, *, now: bool = False, patience: float = 5.0) -> None:
    """Stop a kernel, and wait until it has ended.

    It is asked to end, as by any notebook server, so that nothing of the user's is lost: children are ended, threads that are no
    daemons are waited for, functions registered with ``atexit`` run (MLflow's closes an open run), open files are written out.
    Only the pauses between are left out. What has not ended after ``patience`` seconds is killed.

    Parameters
    ----------
    started
        What :func:`start_kernel` gave.
    now
        Kill it and its children at once; for a kernel that is still busy.
    patience
        Seconds it has for its end.
    """
    manager, client = started.manager, started.client
    provisioner = manager.provisioner
    if not isinstance(provisioner, StageProvisioner):
        client.stop_channels()
        await manager.shutdown_kernel(now=now)
        return
    manager.shutting_down = True
    try:
        if not now and manager.has_kernel:
            await manager.request_shutdown()
            now = not await provisioner.wait_ended(patience)
        if now and manager.has_kernel:
            await provisioner.kill()
            await provisioner.wait_ended(patience)
    finally:
        client.stop_channels()
        provisioner.process = None
        with contextlib.suppress(OSError):
            await manager.cleanup_resources()
        if client._created_context:
            client.context.destroy(linger=0)


def ensure_parent(wait: float = 0, *, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """See to it that a warm parent for kernels of this interpreter lives; give an empty text when it is ready, else why not.

    Parameters
    ----------
    wait
        Seconds to wait until it is ready; by default it is started and left to itself.
    folder, environment
        Those of the kernels; by default this process's own.
    """
    if sys.platform != "linux":
        return "kernels are forked on Linux only"
    from nbops.pipelines.warm.asking import ensure
    from nbops.pipelines.warm.choices import read_choices
    from nbops.pipelines.warm.command import take_apart
    from nbops.pipelines.warm.identity import wanted

    environment = os.environ if environment is None else environment
    try:
        choices = read_choices(folder or Path.cwd(), environment)
        if not choices.enabled:
            return "warm kernels are switched off"
        words = AsyncKernelManager(kernel_name="python3").format_kernel_cmd()
        ensure(wanted(take_apart(words), choices, environment), wait).close()
    except (Unforkable, OSError) as reason:
        return str(reason)
    except NbopsError as error:
        return error.message
    return ""


def _local(manager: Any) -> StageProvisioner | None:
    """Prepare a manager of a kernel on this machine: our provisioner, and sockets that are files."""
    spec = manager.kernel_spec
    named = spec.metadata.get("kernel_provisioner", {}).get("provisioner_name", "")
    if named not in {"", "local-provisioner", "nbops-forked"}:
        return None
    provisioner = StageProvisioner(kernel_id=manager.kernel_id, kernel_spec=spec, parent=manager)
    manager.provisioner = provisioner
    with contextlib.suppress(Unforkable, ImportError):
        # A TCP port can be taken by others between its choice and its use, and anybody on the machine can connect to it.
        from nbops.pipelines.warm.places import runtime_folder

        if provisioner.of_ipython:
            token = secrets.token_hex(5)
            folder = runtime_folder()
            manager.transport, manager.ip = "ipc", str(folder / f"k{token}")
            manager.connection_file = str(folder / f"k{token}.json")
    return provisioner


def _how(provisioner: StageProvisioner | None, warm: bool) -> str:
    if not warm:
        return "normal"
    if provisioner is None:
        return "normal: the kernel has a provisioner of its own"
    return provisioner.how
