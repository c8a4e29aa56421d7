"""Pipelines: what there is, what would run, what runs and ran; and starting, resuming and stopping runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NotFoundError
from nbops.records import Explanation, PipelineRun, PipelineSummary, StageRun, to_wire
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler
from nbops_lab.kinds import are_texts, are_values, is_text
from nbops_lab.workspaces import ForbiddenPathError, Place

MOST_RUNS = 500
# Of a run with more stages a list has only those that need a look, all the same counted.
_MOST_STAGES = 200
_PRESSING = frozenset({"running", "failed", "lost", "stopped"})


class PipelinesHandler(NbopsHandler):
    """``GET pipelines``: every pipeline of the workspace, with its last run."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.PipelineSummary`; its ``last`` has ``counts`` of its stages besides."""
        place = await self.place()
        self.answer(await self.run(_summaries, place))


class GraphHandler(NbopsHandler):
    """``GET pipelines/graph``: what a run would do now. Nothing runs."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a :class:`~nbops.records.PipelineRun` whose stages are ``skipped``, or ``pending`` with a reason."""
        place = await self.place()
        pipeline = self.get_query_argument("pipeline", "", strip=False)
        self.answer(await self.run(_plan, place, pipeline))


class WhyHandler(NbopsHandler):
    """``GET pipelines/why``: whether a stage would run, and everything in which it differs from its last good run."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer an :class:`~nbops.records.Explanation`."""
        place = await self.place()
        pipeline = self.get_query_argument("pipeline", "", strip=False)
        stage = self.get_query_argument("stage", "")
        self.answer(await self.run(_why, place, pipeline, stage))


class PipelineRunsHandler(NbopsHandler):
    """``pipelines/runs``: the newest runs; start one."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.PipelineRun` without stages, newest first, each with ``counts``."""
        place = await self.place()
        pipeline = self.get_query_argument("pipeline", "", strip=False)
        limit = self.whole("limit", 50, least=1, most=MOST_RUNS)
        self.answer([] if place.empty else await self.run(_runs, place, pipeline, limit))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Start a run in a process of its own and answer ``{"run_id"}`` with status 202."""
        place = self.changeable(await self.place())
        wanted = self.typed(_LAUNCH)
        self.answer({"run_id": await self.run(_launch, place, wanted)}, 202)


class PipelineRunHandler(NbopsHandler):
    """``GET pipelines/runs/{run_id}``: one run, as it stands."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Answer a :class:`~nbops.records.PipelineRun`."""
        place = self.tracked(await self.place())
        from nbops.pipelines.running import history

        self.answer(await self.run(history.pipeline_run, place.workspace, run_id))


class RunActHandler(NbopsHandler):
    """``POST pipelines/runs/{run_id}/resume`` and ``stop``."""

    @web.authenticated
    @authorized
    async def post(self, run_id: str, act: str) -> None:
        """Answer ``{"run_id"}`` with status 202: of the new run, or of the one that was asked to stop."""
        work = {"resume": _resume, "stop": _stop}.get(act)
        if work is None:
            raise NotFoundError(f"A run cannot be {act[:40]!r}.", hint="Known: resume, stop.")
        place = self.writable(await self.place())
        self.typed({})
        self.answer({"run_id": await self.run(work, place.workspace, run_id)}, 202)


class StagePageHandler(NbopsHandler):
    """``GET pipelines/runs/{run_id}/stages/{stage}/page``: the executed notebook as it stands."""

    @property
    def content_security_policy(self) -> str:
        """Jupyter's own policy for data; styles and pictures of the page itself, and nothing that runs."""
        return super().content_security_policy + "; style-src 'unsafe-inline'; img-src data:; sandbox"

    @web.authenticated
    @authorized
    async def get(self, run_id: str, stage: str) -> None:
        """Answer a page; the header ``Nbops-Stage`` says where the stage is."""
        place = self.tracked(await self.place())
        status, page = await self.run(_page, place.workspace, run_id, stage)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Nbops-Stage", status)
        self.finish(
            self.squeezed(page.encode("utf-8", "backslashreplace")), set_content_type="text/html; charset=utf-8"
        )


def pipeline_path(place: Place, pipeline: str) -> Path:
    """Give the file that a request names, or the name of a pipeline in ``nbops.toml``. Touches the disk.

    Parameters
    ----------
    place
        What the request is about.
    pipeline
        A path, from the folder of the workspace or whole; or a name. Empty: the file that ``place`` names.

    Raises
    ------
    ForbiddenPathError
        The path leads outside the workspace.
    NotFoundError
        Neither names a file.
    """
    if not pipeline:
        if not place.notebook:
            raise NotFoundError("No pipeline is named.", hint="Send its file as the parameter path or pipeline.")
        return Path(place.notebook)
    root = place.workspace.root
    full = root / pipeline
    try:
        inside = full.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long, a zero byte
        inside = False
    if not inside:
        raise ForbiddenPathError("The path leads outside the workspace.")
    if full.is_file() or Path(pipeline).is_absolute():
        return full
    # A name. Whoever looks it up takes a file of the server's own folder, or of somebody's home, for what is meant.
    if pipeline.startswith("~") or Path(pipeline).is_file():
        raise NotFoundError(f"There is no pipeline {pipeline[:80]!r} in this workspace.")
    return Path(pipeline)


_LAUNCH: Mapping[str, Callable[[object], bool]] = {
    "pipeline": is_text,
    "force": lambda value: isinstance(value, bool),
    "only": are_texts,
    "parameters": are_values,
}


def _summaries(place: Place) -> list[dict[str, Any]]:
    if place.empty:
        from nbops.pipelines.declared import declared_pipelines

        declared = declared_pipelines(place.workspace.root)
        return [_line(PipelineSummary(name=name, path=path, problem=why)) for name, path, why in declared]
    from nbops.pipelines.running import history

    return [_line(summary) for summary in history.pipelines(place.workspace)]


def _line(summary: PipelineSummary) -> dict[str, Any]:
    last = summary.last
    line: dict[str, Any] = to_wire(replace(summary, last=None if last is None else replace(last, stages=())))
    if last is not None:
        line["last"] |= {"stages": to_wire(_pressing(last)), "counts": _counts(last)}
    return line


def _pressing(run: PipelineRun) -> tuple[StageRun, ...]:
    if len(run.stages) <= _MOST_STAGES:
        return run.stages
    return tuple(stage for stage in run.stages if stage.status in _PRESSING)[:_MOST_STAGES]


def _counts(run: PipelineRun) -> dict[str, int]:
    found: dict[str, int] = {}
    for stage in run.stages:
        found[stage.status] = found.get(stage.status, 0) + 1
    return found


def _plan(place: Place, pipeline: str) -> PipelineRun:
    from nbops.pipelines.engine import located, plan_pipeline

    path = pipeline_path(place, pipeline)
    if not place.empty:
        return plan_pipeline(path, workspace=place.workspace)
    # Nothing ever ran here, and comparing with that would leave a cache behind.
    found, _ = located(path, place.workspace)
    stages = tuple(StageRun(stage=s.name, group=s.group, after=s.after, reason="never ran") for s in found.stages)
    return PipelineRun(run_id="", pipeline=found.name, path=found.path.as_posix(), status="succeeded", stages=stages)


def _why(place: Place, pipeline: str, name: str) -> Explanation:
    if place.empty:
        if all(stage.stage != name for stage in _plan(place, pipeline).stages):
            raise NotFoundError(f"There is no stage {name[:80]!r}.")
        return Explanation(stage=name, status="stale", reason="never ran")
    from nbops.pipelines.staleness.explain import why

    found = why(pipeline_path(place, pipeline), name, workspace=place.workspace)
    # The name of a stage may be that of a group too.
    return next((one for one in found if one.stage == name), found[0])


def _runs(place: Place, pipeline: str, limit: int) -> list[dict[str, Any]]:
    from nbops.pipelines.running import history

    known = str(pipeline_path(place, pipeline)) if pipeline or place.notebook else ""
    runs = history.pipeline_runs(place.workspace, pipeline=known, limit=limit, stages=False)
    counts = history.stage_counts(place.workspace, [run.run_id for run in runs])
    return [{**to_wire(run), "counts": counts[run.run_id]} for run in runs]


def _launch(place: Place, wanted: Mapping[str, Any]) -> str:
    from nbops.pipelines.running.launching import launch
    from nbops.pipelines.running.options import given_parameters

    return launch(
        place.workspace,
        pipeline_path(place, wanted.get("pipeline", "")),
        force=wanted.get("force", False),
        only=wanted.get("only", ()),
        # As they are typed, so that 6 is a number here as on the command line.
        parameters=given_parameters(f"{name}={value}" for name, value in wanted.get("parameters", {}).items()),
    )


def _resume(workspace: Workspace, run_id: str) -> str:
    from nbops.pipelines.running.launching import launch_resumed

    return launch_resumed(workspace, run_id)


def _stop(workspace: Workspace, run_id: str) -> str:
    from nbops.pipelines.running import history

    return history.stop_run(workspace, run_id).run_id


def _page(workspace: Workspace, run_id: str, stage: str) -> tuple[str, str]:
    from nbops.pipelines.running import history

    # Asked before the notebook is read: what has ended since then is read once more.
    _, found, _ = history.executed_notebook(workspace, run_id, stage)
    return found.status, history.stage_page(workspace, run_id, stage)
