"""Kernels of stages, forked from a parent that has the heavy imports done where that can be.

:func:`start_kernel` is the one way by which a stage gets its kernel. ``asking`` finds or starts the parent (``server``,
``serving``), which has imported what stages need (``preloading``, ``learning``, ``watching``) and forks kernels (``kernel``) in
which those modules lie ready (``shelf``). ``provisioner`` brings them to anything that uses ``jupyter_client``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbops.pipelines.warm.starting import Started, ensure_parent, start_kernel, stop_kernel

__all__ = ["Started", "ensure_parent", "start_kernel", "stop_kernel"]


def __getattr__(name: str) -> Any:
    # The parent itself is in this package, and must not import what starts kernels.
    if name in __all__:
        return getattr(importlib.import_module("nbops.pipelines.warm.starting"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
