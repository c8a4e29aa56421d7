"""Pipelines that start each other for ever are refused."""

from __future__ import annotations

from collections.abc import Iterable

from nbops.errors import NbopsError, UsageError
from nbops.records import Schedule
from nbops.scheduling.checking import pipeline_of
from nbops.workspace import Workspace


def refuse_circle(workspace: Workspace, schedule: Schedule, others: Iterable[Schedule]) -> None:
    """Check that no pipeline would come after itself by way of schedules with the trigger ``pipeline``.

    Raises
    ------
    UsageError
        It would; the message has the way round.
    """
    if schedule.trigger != "pipeline":
        return
    after: dict[str, set[str]] = {}
    for one in (*(other for other in others if other.name != schedule.name), schedule):
        if one.trigger == "pipeline":
            after.setdefault(one.subject, set()).add(_name(workspace, one))
    start = schedule.subject
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for following in sorted(after.get(way[-1], ())):
            if following == start:
                circle = " -> ".join((*way, start))
                raise UsageError(
                    f"Schedule {schedule.name!r} closes a circle: {circle}.",
                    hint="Pipelines would start each other for ever; remove one of the schedules first.",
                )
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])


def _name(workspace: Workspace, schedule: Schedule) -> str:
    try:
        return pipeline_of(workspace, schedule.pipeline).name
    except NbopsError:
        # What cannot run starts nothing.
        return ""
