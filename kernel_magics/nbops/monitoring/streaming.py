"""Changes in a stream of values, found one value at a time, by the detectors of ``river``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nbops.errors import MissingExtraError, UsageError
from nbops.monitoring import arguments

# Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007; Page, Biometrika 41, 1954; Raab, Heusinger
# and Schleif, "Reactive soft prototype computing for concept drift streams", Neurocomputing 416, 2020.
_CLASSES = {"adwin": "ADWIN", "page-hinkley": "PageHinkley", "kswin": "KSWIN"}


def watch_stream(values: Iterable[Any], detector: str = "adwin", **options: Any) -> list[int]:
    """Give the positions at which a detector found that values had changed.

    Parameters
    ----------
    values
        Numbers in the order of time: a column, a metric by window, errors of predictions (0 or 1). Missing ones are passed over
        and counted in the positions.
    detector
        ``adwin`` (a change of the mean; ``delta``), ``page-hinkley`` (a rise or fall of the mean; ``threshold`` is in the unit of the
        values times their number) or ``kswin`` (any change of the distribution; ``alpha``, ``window_size``, ``stat_size``).
    options
        Of the river class of that name. ``kswin`` draws by lot; its ``seed`` is 0 unless given.

    Returns
    -------
    list of int
        Positions, ascending, of the values at which a change was noticed: some time after it began.

    Raises
    ------
    MissingExtraError
        ``river`` is not installed.
    UsageError
        There is no such detector or option, or a value is no number.
    """
    watcher = StreamWatcher(detector, **options)
    return [position for position, changed in enumerate(map(watcher.add, values)) if changed]


class StreamWatcher:
    """A detector that is fed as values come.

    Parameters
    ----------
    detector, options
        As :func:`watch_stream` takes them.

    Raises
    ------
    MissingExtraError
        ``river`` is not installed.
    UsageError
        There is no such detector or option.
    """

    def __init__(self, detector: str = "adwin", **options: Any) -> None:
        name = (
            arguments.text(detector, "detector", "adwin")
            .lower()
            .replace("_", "-")
            .replace("pagehinkley", "page-hinkley")
        )
        if name not in _CLASSES:
            raise UsageError(f"There is no detector {detector!r}.", hint=f"There are {', '.join(_CLASSES)}.")
        try:
            from river import drift
        except ImportError as error:
            raise MissingExtraError("Watching a stream", "streaming") from error
        if name == "kswin":
            options = {"seed": 0, **options}
        try:
            self._detector = getattr(drift, _CLASSES[name])(**options)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{name} cannot be set up so: {error}") from error

    def add(self, value: Any) -> bool:
        """Take the next value and say whether a change is noticed at it.

        Raises
        ------
        UsageError
            It is no number.
        """
        try:
            number = float(value) if value is not None else np.nan
        except (TypeError, ValueError):
            number = _missing(value)
        if not np.isfinite(number):
            return False
        self._detector.update(number)
        return bool(self._detector.drift_detected)


def _missing(value: Any) -> float:
    import pandas as pd

    if pd.isna(value) is True:
        return float("nan")
    raise UsageError(f"{str(value)[:40]!r} is no number, so that a stream of it cannot be watched.")
