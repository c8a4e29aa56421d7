"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from nbops.errors import UsageError
from nbops.monitoring.monitors.window import read_window


def moment_of(text: str) -> float:
    """Read a date or time as ISO 8601 has it, local where no zone is said, or seconds since the epoch.

    Raises
    ------
    UsageError
        It is neither.
    """
    try:
        try:
            seconds = float(text)
        except ValueError:
            seconds = datetime.fromisoformat(text.strip()).timestamp()
        # What no calendar has is no time either: infinity, or the year 60000.
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{text!r} is no time.", hint="Write 2026-07-01 or 2026-07-01T06:00.") from None
    return seconds


def until_of(span: str, until: str, now: float) -> float:
    """Give the time that is meant by ``8h`` or ``2 days`` from now, or by a time of its own.

    Raises
    ------
    UsageError
        Neither or both were given, or one cannot be read.
    """
    if bool(span) == bool(until):
        raise UsageError("Say either for how long, or until when.", hint="Write --for 8h, or --until 2026-07-01T08:00.")
    if until:
        return moment_of(until)
    window = read_window(span)
    if not window.timed:
        raise UsageError(f"{span!r} is no length of time.", hint="Write 8h, 2 days or 1 week.")
    return now + now - window.bounds(now)[0]
