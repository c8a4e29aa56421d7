"""From a captured run to outbox, courier, ledger and MLflow; search, compare, status, doctor.

Only :mod:`nbops.tracking.outbox`, :mod:`~nbops.tracking.active`, :mod:`~nbops.tracking.process` and
:mod:`~nbops.tracking.compare` are on the kernel's hot path; they import the standard library only.
"""
