"""Monitors: how they stand, what they saw, the trouble they found, and every change of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NotFoundError, UsageError
from nbops.faults import Faults
from nbops.records import Check, Identity, Incident, Monitor, MonitorRun, MonitorSummary, RetrainDecision
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler
from nbops_lab.confining import confine
from nbops_lab.kinds import are_texts, is_number, is_text, is_whole
from nbops_lab.looks import Looks
from nbops_lab.retraining import DECISIONS, begin, model_of
from nbops_lab.workspaces import Place

LAB = "lab"
_RUNS, _MOST_RUNS = 200, 1000
_OPEN, _INCIDENTS = 1000, 200


class MonitorsHandler(NbopsHandler):
    """``GET monitors``: every monitor of the workspace, the one with the most trouble first."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.MonitorSummary`, of the last look of each check only the ``worst``."""
        place = await self.place()
        self.answer([] if place.empty else await self.run(_summaries, place.workspace))


class MonitorHandler(NbopsHandler):
    """``monitors/{name}``: one monitor whole; make or change it; remove it."""

    @property
    def looks(self) -> Looks:
        """Looks that were asked for here."""
        found: Looks = self.settings["nbops_looks"]
        return found

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Answer ``{"summary", "incidents", "runs", "decisions", "policy", "look"}``."""
        place = self.tracked(await self.place())
        found = await self.run(_view, place.workspace, name)
        self.answer(found | {"look": self.looks.outcome(place.workspace, name)})

    @web.authenticated
    @authorized
    async def put(self, name: str) -> None:
        """Answer the :class:`~nbops.records.Monitor` as it is then."""
        place = self.changeable(await self.place())
        wanted = self.typed(_FIELDS)
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(_save, place, name, wanted, me))

    @web.authenticated
    @authorized
    async def delete(self, name: str) -> None:
        """Answer an empty object."""
        place = self.writable(await self.place())
        from nbops.monitoring.monitors import remove_monitor

        me = await self.run(self.identity, place.workspace)
        await self.run(remove_monitor, place.workspace, name, identity=me)
        self.answer({})


class MonitorRunsHandler(NbopsHandler):
    """``GET monitors/{name}/runs``: what it saw."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Answer a list of :class:`~nbops.records.MonitorRun`, the newest first."""
        place = self.tracked(await self.place())
        limit = self.whole("limit", _RUNS, least=1, most=_MOST_RUNS)
        from nbops.monitoring.monitors import monitor_runs

        self.answer(await self.run(monitor_runs, place.workspace, name, limit=limit))


class ReportPageHandler(NbopsHandler):
    """``GET monitors/{name}/runs/{id}/report``: the drift report of a look, as a page."""

    @property
    def content_security_policy(self) -> str:
        """Jupyter's own policy for data; styles and pictures of the page itself, and nothing that runs."""
        return super().content_security_policy + "; style-src 'unsafe-inline'; img-src data:; sandbox"

    @web.authenticated
    @authorized
    async def get(self, name: str, number: str) -> None:
        """Answer a page."""
        place = self.tracked(await self.place())
        text = await self.run(_page, place.workspace, name, _whole(number))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(
            self.squeezed(text.encode("utf-8", "backslashreplace")), set_content_type="text/html; charset=utf-8"
        )


class MonitorActHandler(MonitorHandler):
    """``POST monitors/{name}/pause``, ``resume``, ``mute``, ``unmute``, ``acknowledge``, ``run`` and ``retrain``."""

    @web.authenticated
    @authorized
    async def post(self, name: str, act: str) -> None:
        """Answer the monitor, the incident or the decision as it is then.

        ``run`` answers ``{"running", "failure"}`` and ``retrain`` the decision with status 202: processes of their own do it.
        """
        if act not in _ACTS:
            raise NotFoundError(f"A monitor cannot be {act[:40]!r}.", hint=f"Known: {', '.join(_ACTS)}.")
        place = self.writable(await self.place())
        wanted = self.typed(_ACTS[act])
        for field in _ACTS[act]:
            if field not in wanted and act != "retrain":
                raise UsageError(f"The field {field!r} is missing.")
        if act == "run":
            await self.run(_known, place.workspace, name)
            await self.run(self.looks.start, place.workspace, name)
            self.answer(self.looks.outcome(place.workspace, name), 202)
            return
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(_do, place.workspace, name, act, wanted, me), 202 if act == "retrain" else 200)


class IncidentsHandler(NbopsHandler):
    """``GET incidents``: the newest trouble of monitors that tell whoever has JupyterLab open, and are not muted."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.Incident`, the newest first."""
        place = await self.place()
        self.answer([] if place.empty else await self.run(_news, place.workspace))


_CHECK: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("name", "kind", "metric"), is_text),
    **dict.fromkeys(("threshold", "warning"), lambda value: value is None or is_number(value)),
    "columns": are_texts,
    "options": lambda value: isinstance(value, dict),
}


def _are_checks(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and {"name", "kind"} <= set(one) <= set(_CHECK)
        and all(_CHECK[field](content) for field, content in one.items())
        for one in value
    )


_FIELDS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("model", "source", "reference", "time", "window", "cron", "timezone"), is_text),
    "checks": _are_checks,
    "routes": are_texts,
    "remind_hours": is_number,
}
_ACTS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {
    "pause": {},
    "resume": {},
    "unmute": {},
    "run": {},
    "retrain": {"reason": is_text},
    "mute": {"until": is_number, "reason": is_text},
    "acknowledge": {
        "incident": is_whole,
        "reason": is_text,
    },
}


def _summaries(workspace: Workspace) -> list[MonitorSummary]:
    from nbops.monitoring.monitors import summaries
    from nbops.scheduling.retraining import with_retraining

    return [_short(summary) for summary in with_retraining(workspace, summaries(workspace))]


def _short(summary: MonitorSummary) -> MonitorSummary:
    """Give a summary for a list: of the last look only what each check found worst, the rest stands in its series."""
    if summary.last is None:
        return summary
    checks = tuple(
        replace(one, columns=(), detail={"worst": one.detail.get("worst", "")}) for one in summary.last.checks
    )
    return replace(summary, last=replace(summary.last, checks=checks))


def _view(workspace: Workspace, name: str) -> dict[str, Any]:
    from nbops.monitoring.monitors import monitor_runs, summaries
    from nbops.scheduling.retraining import decisions, with_retraining

    found = [one for one in summaries(workspace) if one.monitor.name == name]
    if not found:
        raise NotFoundError(f"There is no monitor {name[:80]!r}.")
    (summary,) = with_retraining(workspace, found)
    model = summary.monitor.model.partition("@")[0]
    runs: list[MonitorRun] = [replace(run, checks=()) for run in monitor_runs(workspace, name, limit=_RUNS)]
    return {
        "summary": summary,
        "incidents": _trouble(workspace, name),
        "runs": runs,
        "decisions": decisions(workspace, model, limit=DECISIONS) if model else [],
        "policy": summary.policy,
    }


def _known(workspace: Workspace, name: str) -> Monitor:
    from nbops.monitoring.monitors import monitor

    return monitor(workspace, name)


def _save(place: Place, name: str, wanted: Mapping[str, Any], me: Identity) -> Monitor:
    from nbops.monitoring.monitors import add_monitor, monitors, update_monitor
    from nbops.monitoring.monitors.checking import check_monitor
    from nbops.tracking.frame_profiles import names_tracked

    workspace, name, faults = place.workspace, name.strip(), Faults()
    before = next((one for one in monitors(workspace) if one.name == name), None) if not place.empty else None
    given = dict(wanted)
    if "checks" in given:
        given["checks"] = tuple(_check(one) for one in given["checks"])
    if "routes" in given:
        given["routes"] = tuple(given["routes"])
    for field in ("source", "reference"):
        # What was declared elsewhere may lie anywhere; what a page asks for may not.
        asked = given.get(field, "")
        if field == "reference" and names_tracked(asked):
            continue
        if asked and (before is None or asked != getattr(before, field)):
            with faults.about(field):
                confine(workspace, asked)
    known = () if before is None else tuple(_rules(check) for check in before.checks)
    for check in given.get("checks", ()):
        if _rules(check) and _rules(check) not in known:
            with faults.about("checks"):
                confine(workspace, _rules(check))
    monitor = Monitor(name=name, **given) if before is None else replace(before, **given)
    if faults:
        check_monitor(workspace, monitor, faults)
    keep = add_monitor if before is None else update_monitor
    return keep(workspace, monitor, identity=me)


def _check(given: Mapping[str, Any]) -> Check:
    return Check(**{**given, "columns": tuple(given.get("columns", ()))})


def _rules(check: Check) -> str:
    """Give the file, or the name, of the rules that a check of quality goes by."""
    return str(check.options.get("rules", ""))


def _do(
    workspace: Workspace, name: str, act: str, wanted: Mapping[str, Any], me: Identity
) -> Monitor | Incident | RetrainDecision:
    from nbops.monitoring import monitors as rooms

    if act == "acknowledge":
        number = wanted["incident"]
        if all(one.id != number for one in _trouble(workspace, name)):
            raise NotFoundError(f"There is no incident {number} of the monitor {name[:80]!r}.")
        return rooms.acknowledge(workspace, number, wanted["reason"], identity=me)
    if act == "retrain":
        return begin(workspace, model_of(_known(workspace, name).model), wanted.get("reason", ""), me)
    if act == "mute":
        return rooms.mute_monitor(workspace, name, float(wanted["until"]), wanted["reason"], identity=me)
    work = {"pause": rooms.pause_monitor, "resume": rooms.resume_monitor, "unmute": rooms.unmute_monitor}[act]
    return work(workspace, name, identity=me)


def _news(workspace: Workspace) -> list[Incident]:
    from nbops.monitoring.monitors import monitors

    now = time.time()
    told = {
        one.name
        for one in monitors(workspace)
        if LAB in one.routes and not (one.muted_until is not None and one.muted_until > now)
    }
    if not told:
        return []
    return [one for one in _trouble(workspace) if one.monitor in told]


def _trouble(workspace: Workspace, name: str = "") -> list[Incident]:
    """Give all that is open, then what opened last and is over: what is open may have begun long ago."""
    from nbops.monitoring.monitors import incidents

    opened = incidents(workspace, name, opened=True, limit=_OPEN)
    return [*opened, *(one for one in incidents(workspace, name, limit=_INCIDENTS) if one.state == "recovered")]


def _page(workspace: Workspace, name: str, number: int) -> str:
    from nbops.monitoring.monitors import monitor_report
    from nbops.views.drift import drift_page

    return drift_page(monitor_report(workspace, number, name=name))


def _whole(number: str) -> int:
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise UsageError(f"A look has a number, not {number[:40]!r}.")
    return int(number)
