"""What runs of all that has come due: the policies for what was missed and for what overlaps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nbops.records import Schedule

# What is seen later than this (seconds) after it was due was missed: nobody looked.
GRACE = 60.0
# Occasions that can be on time at once, beside those that are made up: times of a cron expression lie a minute apart.
ON_TIME = 3
# More do not wait for their turn, where each that comes due is to wait.
QUEUE = 100


@dataclass(frozen=True, slots=True)
class Occasion:
    """A time that a schedule came due. ``key`` makes it one and the same for everybody who sees it."""

    key: str
    due_at: float
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of an occasion; ``reason`` says why it does not run."""

    occasion: Occasion
    status: Literal["queued", "skipped", "missed"]
    reason: str = ""

    @property
    def evidence(self) -> str:
        """Why it came due, and why it does not run."""
        return "; ".join(part for part in (self.occasion.evidence, self.reason) if part)


def admit(
    schedule: Schedule, occasions: Sequence[Occasion], count: int, now: float, *, active: int, waiting: int
) -> list[Entry]:
    """Decide which occasions run.

    Parameters
    ----------
    schedule
        Whose policies.
    occasions
        The newest ones, in order: at least as many as the schedule may make up, and those that are on time.
    count
        How many there were in all.
    now
        The time in seconds since the epoch.
    active, waiting
        Runs of the schedule that are queued or running, and those of them that are queued.
    """
    late = [one for one in occasions if one.due_at < now - GRACE]
    on_time = [one for one in occasions if one.due_at >= now - GRACE]
    missed = count - len(on_time)
    entries: list[Entry] = []
    if missed and schedule.missed == "once":
        # However many they are: one run, of the newest, which is perhaps on time.
        told = f"{_times(count - 1)} missed before it" if count > 1 else "made up"
        return [Entry(occasions[-1], "queued", told)]
    if missed and schedule.missed == "skip":
        entries.append(Entry(late[-1], "missed", f"{_times(missed)} missed, no scheduler ran"))
    elif missed:
        made_up = late[-schedule.missed_cap :]
        if missed > len(made_up):
            told = f"{_times(missed - len(made_up))} missed, more than {schedule.missed_cap} are not made up"
            entries.append(Entry(late[-len(made_up) - 1], "missed", told))
        entries += [Entry(one, "queued", "made up") for one in made_up]
    queued = sum(entry.status == "queued" for entry in entries)
    return entries + _overlapping(schedule, on_time, active + queued, waiting + queued)


def _overlapping(schedule: Schedule, on_time: Sequence[Occasion], active: int, waiting: int) -> list[Entry]:
    entries = []
    for one in on_time:
        reason = ""
        if schedule.overlap == "skip" and active:
            reason = "the run before it was not over"
        elif schedule.overlap == "queue" and waiting >= QUEUE:
            reason = f"{waiting} were waiting already"
        entries.append(Entry(one, "skipped" if reason else "queued", reason))
        active += not reason
        waiting += not reason
    return entries


def _times(count: int) -> str:
    return "1 time was" if count == 1 else f"{count} times were"
