"""Times of cron expressions, above all where clocks are moved, against one that looks at every minute."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbops.errors import UsageError
from nbops.pipelines.cron import Cron
from nbops.records import Schedule
from nbops.scheduling import next_times

# Zones and days around which their clocks are moved: by an hour, by half of one, by two, at midnight, and not at all.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29)),
    ("Europe/Berlin", datetime(2026, 10, 25)),
    ("America/New_York", datetime(2026, 3, 8)),
    ("America/New_York", datetime(2026, 11, 1)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5)),
    ("Australia/Lord_Howe", datetime(2026, 10, 4)),
    ("Antarctica/Troll", datetime(2026, 3, 29)),
    ("Antarctica/Troll", datetime(2026, 10, 25)),
    ("America/Santiago", datetime(2026, 4, 5)),
    ("America/Santiago", datetime(2026, 9, 6)),
    ("Africa/Cairo", datetime(2026, 4, 24)),
    ("Asia/Kolkata", datetime(2026, 6, 1)),
    ("UTC", datetime(2026, 6, 1)),
]


def local(zone: str, times) -> list[str]:
    return [datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes") for at in times]


def after(expression: str, zone: str, start: str, count: int) -> list[str]:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()
    return local(zone, itertools.islice(Cron(expression, zone).after(begin), count))


@pytest.mark.parametrize(
    ("expression", "zone", "start", "times"),
    [
        # 02:30 does not exist: it runs once, when the gap is over.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        # 02:30 comes twice: it runs at the first one only.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        # What runs every hour goes by the time that passes.
        (
            "0 * * * *",
            "Europe/Berlin",
            "2026-10-25T01:30",
            ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"],
        ),
        ("0 * * * *", "Europe/Berlin", "2026-03-29T01:30", ["2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"]),
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
        # Half an hour.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"]),
        (
            "*/30 2 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T12:00",
            ["2026-04-05T02:00+10:30", "2026-04-05T02:30+10:30"],
        ),
        # A day that begins at one.
        ("0 0 * * *", "America/Santiago", "2026-09-05T12:00", ["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"]),
        ("@daily", "UTC", "2026-02-28T12:00", ["2026-03-01T00:00+00:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["2028-02-29T00:00+00:00"]),
        ("0 9 L * *", "UTC", "2026-01-31T10:00", ["2026-02-28T09:00+00:00"]),
        ("0 6 * * 1-5", "Europe/Berlin", "2026-07-03T07:00", ["2026-07-06T06:00+02:00"]),
    ],
)
def test_times_around_changes_of_the_clock(expression, zone, start, times):
    assert after(expression, zone, start, len(times)) == times


field = {
    "minute": st.sampled_from(["*", "*/7", "*/20", "0", "15", "30", "45", "5,35", "50-59", "1-59/13"]),
    "hour": st.sampled_from(["*", "*/2", "*/5", "0", "1", "2", "3", "0-3", "23", "1,2"]),
    "day": st.sampled_from(["*", "*/2", "5", "25,29", "1-8"]),
    "weekday": st.sampled_from(["*", "0", "7", "1-5", "SUN"]),
}


@settings(max_examples=60)
@given(st.sampled_from(CHANGES), *field.values(), st.integers(0, 59 * 60))
@example(CHANGES[5], "*/20", "2", "*", "*", 0)
@example(CHANGES[4], "*/7", "1,2", "*", "*", 1)
def test_no_time_is_lost_or_doubled(change, minute, hour, day, weekday, second):
    zone, date = change
    start = date.replace(tzinfo=ZoneInfo(zone)).timestamp() - 86400 + second
    end = start + 2.5 * 86400
    expression = f"{minute} {hour} {day} * {weekday}"
    found = list(itertools.takewhile(lambda at: at <= end, Cron(expression, zone).after(start)))
    assert found == naive(expression, ZoneInfo(zone), start, end)
    kept, count = Cron(expression, zone).between(start, end, 4)
    assert (kept, count) == (found[-4:], len(found))


def naive(expression: str, zone: ZoneInfo, start: float, end: float) -> list[float]:
    """Look at every minute. A job at fixed times goes by the clock on the wall, others by the time that passes."""
    minute, hour, *_ = fields = expression.split()
    found = set()
    if not minute.startswith("*") and not hour.startswith("*"):
        wall = datetime.fromtimestamp(start, zone).replace(tzinfo=None, second=0, microsecond=0) - timedelta(days=1)
        while wall < datetime.fromtimestamp(end, zone).replace(tzinfo=None) + timedelta(days=1):
            if matches(fields, wall):
                real = wall
                while real.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != real:
                    real += timedelta(minutes=1)
                found.add(real.replace(tzinfo=zone).timestamp())
            wall += timedelta(minutes=1)
    else:
        at = start - start % 60
        while at <= end:
            if matches(fields, datetime.fromtimestamp(at, zone)):
                found.add(at)
            at += 60
    return sorted(at for at in found if start < at <= end)


def matches(fields: list[str], at: datetime) -> bool:
    minute, hour, day, _, weekday = fields
    day_fits, weekday_fits = fits(day, at.day, 31), fits(weekday.replace("SUN", "0"), at.isoweekday(), 7)
    either = day_fits and weekday_fits if "*" in (day[0], weekday[0]) else day_fits or weekday_fits
    return fits(minute, at.minute, 59) and fits(hour, at.hour, 23) and either


def fits(text: str, value: int, most: int) -> bool:
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = (0 if most < 31 or most == 59 else 1, most) if span == "*" else (int(first), int(last or first))
        values = set(range(low, high + 1, int(step or 1)))
        if value in values or (most == 7 and value % 7 in values):
            return True
    return False


@pytest.mark.parametrize(
    ("expression", "zone", "said"),
    [
        ("75 * * * *", "UTC", "its minute is '75'"),
        ("* 24 * * *", "UTC", "its hour is '24'"),
        ("0 6 * * FOO", "UTC", "its day-of-week is 'FOO'"),
        ("0 6 31 2 *", "UTC", "its day-of-month is '31'"),
        ("0 6 * *", "UTC", "has 4 fields instead of five"),
        ("0 0 6 * * *", "UTC", "has 6 fields instead of five"),
        ("@dayly", "UTC", "Did you mean @daily?"),
        ("", "UTC", "has 0 fields"),
        ("0 6 * * *", "Europe/Berln", "Did you mean Europe/Berlin?"),
        ("0 6 * * *", "berlin", "Did you mean Europe/Berlin?"),
        ("0 6 * * *", "../../etc/passwd", "There is no time zone"),
        ("0 6 * * *", "", "There is no time zone"),
    ],
)
def test_what_is_wrong_is_said(expression, zone, said):
    with pytest.raises(UsageError) as caught:
        Cron(expression, zone)
    assert said in str(caught.value)


def test_next_times_of_a_schedule():
    schedule = Schedule(name="x", pipeline="p", trigger="cron", cron="0 6 * * *", timezone="Europe/Berlin")
    now = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
    assert local("Europe/Berlin", next_times(schedule, 2, now)) == ["2026-10-25T06:00+01:00", "2026-10-26T06:00+01:00"]
    assert next_times(Schedule(name="x", pipeline="p", trigger="manual"), 2, now) == ()
