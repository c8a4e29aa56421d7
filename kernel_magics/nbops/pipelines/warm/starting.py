"""Start a kernel, forked or normal, and wait until it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager


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

    Parameters
    ----------
    name
        Name of a kernel spec that is installed.
    folder
        Its working directory.
    environment
        Its whole environment.
    warm
        Whether it may be forked from a warm parent.
    patience
        Seconds until it must answer.

    Raises
    ------
    RuntimeError, OSError
        It does not start or does not answer.
    """
    manager = AsyncKernelManager(kernel_name=name)
    await manager.start_kernel(env=dict(environment), cwd=str(folder), extra_arguments=["--log-level=CRITICAL"])
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=patience)
    except BaseException:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        raise
    return Started(manager, client, "normal")
