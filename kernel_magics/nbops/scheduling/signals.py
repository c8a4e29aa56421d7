"""Say that something has happened which a schedule may wait for; see :mod:`nbops.tracking.signals`."""

from nbops.tracking.signals import SignalKind, emit

__all__ = ["SignalKind", "emit"]
