"""Going on from a failed cell: the state of a notebook's kernel between two cells, kept and restored.

Runs in the kernel: :mod:`inside`, :mod:`pickling`, :mod:`surroundings`, :mod:`untouched`. Runs beside it: :mod:`keeping`,
:mod:`resuming`, :mod:`manifest`, :mod:`reading`. A kernel imports the standard library for it, and cloudpickle when
something is kept.
"""
