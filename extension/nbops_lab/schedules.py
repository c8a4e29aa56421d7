"""Schedules: what there is, what became of them, and every change of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NbopsError, NotFoundError
from nbops.faults import Faults
from nbops.records import Identity, Schedule, ScheduleRun
from nbops_lab.base import NbopsHandler
from nbops_lab.kinds import are_texts, are_values, is_number, is_text, is_whole
from nbops_lab.pipelines import pipeline_path
from nbops_lab.workspaces import Place

_SHOWN = 5
_RUNS = 100
# Among so many of the newest times, those that ended badly are looked for.
_LOOKED_AT = 200
_BAD = frozenset({"failed", "lost"})
LAB = "lab"


class SchedulesHandler(NbopsHandler):
    """``GET schedules``: all schedules of the workspace."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.Schedule`."""
        place = await self.place()
        from nbops import scheduling

        self.answer([] if place.empty else await self.run(scheduling.schedules, place.workspace))


class ScheduleHandler(NbopsHandler):
    """``schedules/{name}``: make or change one; remove it."""

    # The name where a route has it in its address.
    named = ""

    @web.authenticated
    @authorized
    async def put(self, name: str = "") -> None:
        """Answer ``{"schedule", "times"}``: as it is then, and when it comes due next."""
        name = self.named or name
        place = self.changeable(await self.place())
        wanted = self.typed(_FIELDS)
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(_save, place, name, wanted, me))

    @web.authenticated
    @authorized
    async def delete(self, name: str = "") -> None:
        """Answer an empty object."""
        name = self.named or name
        place = self.writable(await self.place())
        from nbops import scheduling

        me = await self.run(self.identity, place.workspace)
        await self.run(scheduling.remove_schedule, place.workspace, name, identity=me)
        self.answer({})


class PreviewHandler(ScheduleHandler):
    """``GET schedules/preview``: when a cron expression comes due next. A schedule may have that name all the same."""

    named = "preview"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer ``{"times", "problem"}``: the next five times, or what is wrong."""
        cron, zone = self.get_query_argument("cron", ""), self.get_query_argument("timezone", "") or "UTC"
        self.answer(await self.run(_preview, cron, zone))


class FailuresHandler(ScheduleHandler):
    """``GET schedules/failures``: the newest times that ended badly and are to be told in JupyterLab."""

    named = "failures"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.ScheduleRun`, the newest first."""
        place = await self.place()
        self.answer([] if place.empty else await self.run(_failures, place))


class ScheduleRunsHandler(NbopsHandler):
    """``GET schedules/{name}/runs``: what became of the times it came due."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Answer a list of :class:`~nbops.records.ScheduleRun`, the newest first."""
        place = self.tracked(await self.place())
        limit = self.whole("limit", _RUNS, least=1, most=1000)
        from nbops import scheduling

        self.answer(await self.run(scheduling.schedule_runs, place.workspace, name, limit))


class ScheduleActHandler(NbopsHandler):
    """``POST schedules/{name}/pause``, ``resume`` and ``run``."""

    @web.authenticated
    @authorized
    async def post(self, name: str, act: str) -> None:
        """Answer the :class:`~nbops.records.Schedule`, or for ``run`` the :class:`~nbops.records.ScheduleRun`."""
        work = _acts().get(act)
        if work is None:
            raise NotFoundError(f"A schedule cannot be {act[:40]!r}.", hint=f"Known: {', '.join(_acts())}.")
        place = self.writable(await self.place())
        self.typed({})
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(work, place.workspace, name, identity=me))


_FIELDS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("pipeline", "trigger", "cron", "timezone", "subject", "measure", "missed", "overlap"), is_text),
    "threshold": is_number,
    "missed_cap": is_whole,
    "parameters": are_values,
    "alerts": are_texts,
}


def _acts() -> dict[str, Callable[..., Schedule | ScheduleRun]]:
    from nbops import scheduling

    return {
        "pause": scheduling.pause_schedule,
        "resume": scheduling.resume_schedule,
        "run": scheduling.run_now,
    }


def _save(place: Place, name: str, wanted: Mapping[str, Any], me: Identity) -> dict[str, Any]:
    from nbops import scheduling
    from nbops.scheduling.checking import check

    workspace, faults = place.workspace, Faults()
    if wanted.get("pipeline"):
        with faults.about("pipeline"):
            pipeline_path(place, wanted["pipeline"])
    given = {**wanted, "alerts": tuple(wanted.get("alerts", ()))}
    schedule = Schedule(**{"pipeline": "", "trigger": "cron", **given, "name": name})
    if faults:
        check(workspace, schedule, faults)
    known = {one.name for one in scheduling.schedules(workspace)}
    keep = scheduling.update_schedule if schedule.name.strip() in known else scheduling.add_schedule
    saved = keep(workspace, schedule, identity=me)
    return {"schedule": saved, "times": scheduling.next_times(saved, _SHOWN)}


def _preview(cron: str, zone: str) -> dict[str, Any]:
    from nbops import scheduling

    asked = Schedule(name="preview", pipeline="", trigger="cron", cron=cron, timezone=zone)
    try:
        return {"times": scheduling.next_times(asked, _SHOWN), "problem": ""}
    except NbopsError as error:
        return {"times": [], "problem": " ".join(part for part in (error.message, error.hint) if part)}


def _failures(place: Place) -> list[ScheduleRun]:
    from nbops import scheduling
    from nbops.ledger import open_ledger
    from nbops.scheduling.rows import read_schedules

    with open_ledger(place.workspace).connect() as connection:
        told = {one.name for one in read_schedules(connection, place.workspace) if LAB in one.alerts}
    runs = scheduling.schedule_runs(place.workspace, limit=_LOOKED_AT) if told else ()
    return [run for run in runs if run.status in _BAD and run.schedule in told]
