"""Times of a cron expression in a time zone, right across changes of the clock.

`cronsim <https://github.com/cuu508/cronsim>`_ reads the expression and says which days it means. Which moments of a
day are meant is decided here, because cronsim walks in steps of an hour and loses times where a zone's clock is moved by
half of one (Australia/Lord_Howe). The rule is Debian cron's: a job at fixed times (neither minute nor hour begins with
``*``) runs once however the clock is moved, at the first moment after a gap when its time falls into one, at the first of
two when its time comes twice; a job with a wildcard goes by the time that passes.
"""

from __future__ import annotations

import difflib
import zoneinfo
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from cronsim import CronSim, CronSimError

from nbops.errors import UsageError

_FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, or L for the last",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 to 7 or SUN to SAT; 0 and 7 are Sunday",
}
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAY, _MINUTE = 86400, 60
# 29 February on a Monday comes within this.
_LONGEST = timedelta(days=366 * 41)
# Older times are not looked for when a schedule has been left alone for long.
LOOK_BACK = 366 * _DAY


class Cron:
    """A cron expression of five fields, or a nickname such as ``@daily``, in a time zone.

    Parameters
    ----------
    expression
        Minute, hour, day of the month, month, day of the week.
    timezone
        A name of the IANA's database, such as ``Europe/Berlin``.

    Raises
    ------
    UsageError
        The expression or the name cannot be used; the message names the field, the hint the closest name.
    """

    def __init__(self, expression: str, timezone: str = "UTC") -> None:
        self.zone = zone_of(timezone)
        self.expression = expression.strip()
        fields = _NICKNAMES.get(self.expression.lower(), self.expression).split()
        self._spec = _spec(self.expression, fields)
        self._minutes, self._hours = sorted(self._spec.minutes), sorted(self._spec.hours)
        self._fixed = not fields[0].startswith("*") and not fields[1].startswith("*")

    def words(self) -> str:
        """Say it in a sentence."""
        return f"{self._spec.explain()}, {self.zone.key}"

    def after(self, moment: float) -> Iterator[float]:
        """Give the times after a moment, in order; none when none comes within forty years."""
        # A time in a gap at midnight is moved into the next day.
        day = _day_at(moment, self.zone) - timedelta(days=1)
        end, last = day + _LONGEST, moment
        while day < end:
            if self._means(day):
                for at in self._of_day(day):
                    if at > last:
                        yield at
                        last, end = at, day + _LONGEST
            day += timedelta(days=1)

    def next(self, moment: float) -> float | None:
        """Give the first time after a moment."""
        return next(self.after(moment), None)

    def between(self, moment: float, until: float, newest: int) -> tuple[list[float], int]:
        """Give the newest times after a moment and not after ``until``, and how many there are in all.

        Looks back a year at most.
        """
        kept: deque[float] = deque(maxlen=newest)
        count = 0
        for at in self.after(max(moment, until - LOOK_BACK)):
            if at > until:
                break
            kept.append(at)
            count += 1
        return list(kept), count

    def _means(self, day: date) -> bool:
        return day.month in self._spec.months and self._spec.match_day(day)

    def _of_day(self, day: date) -> Iterator[float]:
        start = _epoch(datetime(day.year, day.month, day.day, tzinfo=self.zone))
        if _steady(day, self.zone):
            return (start + 3600 * hour + _MINUTE * minute for hour in self._hours for minute in self._minutes)
        clock = (
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
            for hour in self._hours
            for minute in self._minutes
        )
        if self._fixed:
            return iter(sorted({_epoch(_real(at)) for at in clock}))
        both = (at.replace(fold=fold) for at in clock for fold in (0, 1))
        return iter(sorted({_epoch(at) for at in both if not _imaginary(at)}))


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Give a time zone.

    Raises
    ------
    UsageError
        There is none of that name; the hint has the closest one.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        lower = {zone.lower(): zone for zone in known}
        # Berlin is meant to be Europe/Berlin.
        cities = {zone.rpartition("/")[2].lower(): zone for zone in known}
        near = difflib.get_close_matches(name.lower(), [*lower, *cities], 1, 0.6)
        meant = lower.get(near[0]) or cities[near[0]] if near else ""
        hint = f"Did you mean {meant}?" if meant else "Name one as Europe/Berlin or America/New_York."
        raise UsageError(f"There is no time zone {name!r}.", hint=hint) from None


def _spec(expression: str, fields: list[str]) -> CronSim:
    if len(fields) != 5:
        near = difflib.get_close_matches(expression.lower(), _NICKNAMES, 1)
        hint = (
            f"Did you mean {near[0]}?" if near else "Write minute, hour, day of month, month, day of week: 0 6 * * 1-5"
        )
        raise UsageError(f"The cron expression {expression!r} has {len(fields)} fields instead of five.", hint=hint)
    try:
        return CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        value = fields[list(_FIELDS).index(field)] if field in _FIELDS else expression
        raise UsageError(
            f"The cron expression {expression!r} cannot be used: its {field} is {value!r}.",
            hint=f"It may be * or {_FIELDS.get(field, '')}, with - , and / for ranges, lists and steps.",
        ) from None


def _day_at(moment: float, zone: zoneinfo.ZoneInfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()


@lru_cache(4096)
def _steady(day: date, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether the clock is not moved on a day."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    # Around midnight too: that moment may itself be skipped or come twice.
    offsets = {at.replace(fold=fold).utcoffset() for at in (start, end) for fold in (0, 1)}
    return len(offsets) == 1


def _imaginary(at: datetime) -> bool:
    return at.replace(tzinfo=None) != at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None)


def _real(at: datetime) -> datetime:
    while _imaginary(at):
        at += timedelta(minutes=1)
    return at


def _epoch(at: datetime) -> float:
    return at.timestamp()
