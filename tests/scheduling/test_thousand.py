"""Hundreds of schedules, in the long form a thousand, over a night in which the clock is moved and the scheduler is away: exactly the runs the policies say.

What is expected is worked out by a second, naive scheduler that knows nothing of databases.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from nbops.records import Schedule
from nbops.scheduling import add_schedule

COUNT, STEP = 1000 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 300, 600.0
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


@dataclass
class Naive:
    """One schedule as the documentation tells it."""

    schedule: Schedule
    lasting: float
    dues: list[float]
    seen: float
    runs: list[float] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    waiting: list[float] = field(default_factory=list)
    busy_until: float = 0.0

    def look(self, now: float) -> None:
        due = [at for at in self.dues if self.seen < at <= now]
        self.seen = now
        late = [at for at in due if at < now - 60]
        on_time = [at for at in due if at >= now - 60]
        idle = self.busy_until <= now and not self.waiting
        if late and self.schedule.missed == "once":
            self.waiting.append(due[-1])
            on_time = []
        elif late and self.schedule.missed == "skip":
            self.statuses["missed"] += 1
        elif late:
            cap = self.schedule.missed_cap
            self.statuses["missed"] += len(late) > cap
            self.waiting += late[-cap:]
            idle = False
        for at in on_time:
            if self.schedule.overlap == "skip" and not idle:
                self.statuses["skipped"] += 1
            else:
                self.waiting.append(at)
                idle = False
        if self.waiting and self.busy_until <= now:
            self.runs.append(self.waiting.pop(0))
            self.busy_until = now + self.lasting


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_exactly_the_runs_that_the_policies_say(world, at):
    begin, end = at("2026-10-24T18:00"), at("2026-10-25T14:00")
    chance = random.Random(4)
    here = world(begin)
    lasting: dict[str, float] = {}
    here.lasts = lasting.get
    expected = []
    for number in range(COUNT):
        schedule = some_schedule(chance, number)
        lasting[schedule.name] = chance.choice((300.0, 300.0, 900.0, 2400.0, 7800.0))
        here.pipeline(f"p{number}")
        add_schedule(here.workspace, schedule, clock=here.clock)
        dues = naive_times(schedule.cron, ZoneInfo(schedule.timezone), begin, end)
        expected.append(Naive(schedule, lasting[schedule.name], dues, begin))
    scheduler = here.scheduler()
    now = begin
    while now < end:
        now += STEP
        # Twice nobody looks, once over the hour that comes twice in Berlin.
        if begin + 6 * 3600 < now < begin + 8.4 * 3600 or begin + 13 * 3600 < now < begin + 13.6 * 3600:
            continue
        here.clock.time = now
        here.end()
        scheduler.tick()
        for one in expected:
            one.look(now)
    found: dict[str, list] = {}
    for name, status, due in here.rows():
        found.setdefault(name, []).append((status, due))
    for one in expected:
        rows = found.get(one.schedule.name, [])
        ran = sorted(due for status, due in rows if status in ("running", "succeeded"))
        assert ran == sorted(one.runs), one.schedule
        rest = Counter(status for status, _ in rows if status in ("missed", "skipped"))
        assert rest == +one.statuses, one.schedule
        assert sum(status == "queued" for status, _ in rows) == len(one.waiting), one.schedule
    assert sum(len(one.runs) for one in expected) == len(here.started) > COUNT


def some_schedule(chance: random.Random, number: int) -> Schedule:
    minute = chance.choice(("0", "10", "30", "20,50", "40"))
    hour = chance.choice(("*/6", "2", "1", "3", "2,14", "0-23/8", "*/9", "23"))
    return Schedule(
        name=f"s{number:04}",
        pipeline=f"p{number}.toml",
        trigger="cron",
        cron=f"{minute} {hour} * * {chance.choice(('*', '*', '0,6', '1-5'))}",
        timezone=chance.choice(ZONES),
        missed=chance.choice(("skip", "once", "all")),
        missed_cap=chance.choice((1, 2, 10)),
        overlap=chance.choice(("skip", "queue", "allow")),
    )


def naive_times(expression: str, zone: ZoneInfo, begin: float, end: float) -> list[float]:
    """Look at every tenth minute, by the clock on the wall where the hour is fixed; see test_cron.py for the rest."""
    minute, hour, _, _, weekday = expression.split()
    found: set[float] = set()
    at = begin - 86400
    while at <= end:
        wall = datetime.fromtimestamp(at, zone)
        # Of two that read the same on the wall, the first; a wildcard goes by the time that passes.
        first = hour.startswith("*") or not wall.fold
        if first and str(wall.minute) in minute.split(",") and hour_fits(hour, wall.hour) and day_fits(weekday, wall):
            found.add(at)
        at += 600
    return sorted(one for one in found if begin < one <= end)


def hour_fits(text: str, hour: int) -> bool:
    span, _, step = text.partition("/")
    return hour % int(step) == 0 if step else str(hour) in span.split(",")


def day_fits(text: str, wall: datetime) -> bool:
    days = {"*": range(7), "0,6": (0, 6), "1-5": range(1, 6)}[text]
    return wall.isoweekday() % 7 in days
