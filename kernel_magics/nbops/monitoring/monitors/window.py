"""How much of the data one look takes in: a span of time, so many rows, or all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nbops.errors import UsageError, meant
from nbops.pipelines.cron import zone_of

ALL = "all"
_UNITS = {
    "m": "minutes",
    "min": "minutes",
    "minute": "minutes",
    "minutes": "minutes",
    "h": "hours",
    "hour": "hours",
    "hours": "hours",
    "d": "days",
    "day": "days",
    "days": "days",
    "w": "weeks",
    "week": "weeks",
    "weeks": "weeks",
    "month": "months",
    "months": "months",
    "rows": "rows",
    "row": "rows",
}
# A century: what lies before the first year of the calendar is no time.
_LONGEST = {"months": 1200, "weeks": 5200, "days": 36_500}
_TEXT = re.compile(r"(\d{1,9})\s*([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Window:
    """``count`` of a unit: ``minutes``, ``hours``, ``days``, ``weeks``, ``months`` or ``rows``; with ``all`` there is no count."""

    unit: str
    count: int = 0

    @property
    def timed(self) -> bool:
        """Whether it has a beginning and an end in time."""
        return self.unit not in ("rows", ALL)

    def bounds(self, end: float, timezone: str = "UTC") -> tuple[float, float]:
        """Give beginning and end, in seconds since the epoch, of the window that ends at a time.

        Days, weeks and months are those of the calendar: a day on which the clock is moved has 23 or 25 hours.
        """
        if self.unit in ("minutes", "hours"):
            return end - timedelta(**{self.unit: self.count}).total_seconds(), end
        local = datetime.fromtimestamp(end, zone_of(timezone))
        if self.unit == "months":
            months = local.year * 12 + local.month - 1 - self.count
            return _in_month(local, *divmod(months, 12)).timestamp(), end
        return (local - timedelta(**{self.unit: self.count})).timestamp(), end


def read_window(text: str) -> Window:
    """Read ``1d``, ``7 days``, ``1h``, ``1 month``, ``1000 rows`` or ``all``.

    Raises
    ------
    UsageError
        It is none of these.
    """
    words = text.strip().lower()
    if words == ALL:
        return Window(ALL)
    found = _TEXT.fullmatch(words)
    if found is None or int(found[1]) < 1:
        raise UsageError(f"{text!r} is no window.", hint="Write 1d, 7d, 1h, 1 month, 1000 rows or all.")
    unit = _UNITS.get(found[2])
    if unit is None:
        hint = meant(found[2], _UNITS) or "Write 1d, 7d, 1h, 1 month, 1000 rows or all."
        raise UsageError(f"The window {text!r} has an unknown unit {found[2]!r}.", hint=hint)
    if unit != "rows" and int(found[1]) > _LONGEST.get(unit, 100_000):
        raise UsageError(f"The window {text!r} is too long.")
    return Window(unit, int(found[1]))


def _in_month(local: datetime, year: int, month: int) -> datetime:
    """Give the same moment of another month (from 0), or of its last day where it is shorter."""
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=month + 1)
