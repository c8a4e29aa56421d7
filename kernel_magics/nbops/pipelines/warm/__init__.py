"""Kernels of stages, forked from a parent that has the heavy imports done where that can be.

:func:`start_kernel` is the one way by which a stage gets its kernel.
"""

from nbops.pipelines.warm.starting import Started, start_kernel

__all__ = ["Started", "start_kernel"]
