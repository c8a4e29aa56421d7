"""A row of dates: from one to another, by the hour, day, week or month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

_STEPS = ("hour", "day", "week", "month")
_KEYS = ("from", "to", "step")


def dates_of(content: Mapping[str, Any], most: int) -> Iterator[str]:
    """Give the dates of a table with ``from``, ``to`` (belongs to them) and ``step``, as text.

    Parameters
    ----------
    content
        Dates of TOML, text of the form ``2024-01-31`` (by the hour ``2024-01-31T06:00``), ``today`` or ``yesterday``.
    most
        No more than one above this many are given.

    Raises
    ------
    ValueError
        Something is no date, no step, or the end is before the beginning.
    """
    for key in content:
        if key not in _KEYS:
            raise ValueError(f"has an unknown key {key!r}; dates know {', '.join(_KEYS)}")
    step = content.get("step", "day")
    if step not in _STEPS:
        raise ValueError(f"has the step {step!r}, which is none of {', '.join(_STEPS)}")
    hours = step == "hour"
    first, last = _moment(content, "from", hours), _moment(content, "to", hours)
    if last < first:
        raise ValueError("ends before it begins")
    for number in range(most + 1):
        at = _later(first, step, number)
        if at is None or at > last:
            return
        yield at.isoformat()[: 16 if hours else 10]


def _moment(content: Mapping[str, Any], key: str, hours: bool) -> datetime:
    if key not in content:
        raise ValueError(f"needs {key!r}")
    found = _date(content[key])
    wrong = found is None or (isinstance(found, datetime) and (found.tzinfo is not None or not hours))
    if found is None or wrong:
        wanted = "'2024-01-31T06:00'" if hours else "'2024-01-31'"
        raise ValueError(f"has a {key!r} that is no date such as {wanted}, 'today' or 'yesterday'")
    if isinstance(found, datetime):
        return found.replace(tzinfo=UTC)
    # The end belongs to what is meant: its last hour too.
    return datetime(found.year, found.month, found.day, 23 if hours and key == "to" else 0, tzinfo=UTC)


def _date(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    if value in ("today", "yesterday"):
        return datetime.now().astimezone().date() - timedelta(days=value == "yesterday")
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None


def _later(first: datetime, step: str, number: int) -> datetime | None:
    try:
        if step != "month":
            return first + timedelta(**{f"{step}s": number})
        months = first.month - 1 + number
        year, month = first.year + months // 12, months % 12 + 1
        # From the 31st: the last day of shorter months.
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        return first.replace(year=year, month=month, day=min(first.day, last))
    except (ValueError, OverflowError):
        return None
