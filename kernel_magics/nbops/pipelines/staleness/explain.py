"""Why each stage would run: everything in which it differs from its last good run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.cache import results
from nbops.pipelines.engine import located
from nbops.pipelines.running.options import named, with_parameters
from nbops.pipelines.running.planning import Plan, Planner
from nbops.pipelines.running.state import StageState, States, states_name
from nbops.pipelines.spec import Pipeline, Stage
from nbops.pipelines.staleness.differing import differences
from nbops.pipelines.staleness.effects import effect_of
from nbops.records import Difference, Explanation
from nbops.workspace import Workspace
from nbops.workspace.caching import cache_settings


def why(
    path: str | Path | Pipeline,
    stage: str = "",
    *,
    parameters: Mapping[str, Any] | None = None,
    workspace: Workspace | None = None,
) -> tuple[Explanation, ...]:
    """Say of each stage whether it would run and why; nothing runs.

    Parameters
    ----------
    path
        A pipeline file, the name of a pipeline in ``nbops.toml``, or a pipeline declared in Python.
    stage
        Only this stage, or those that a ``foreach`` made of it.
    parameters
        Set in place of those of the file, as a run takes them.

    Raises
    ------
    PipelineError
        The file is wrong, or has no such stage.
    """
    pipeline, workspace = located(path, workspace)
    pipeline = with_parameters(pipeline, parameters or {})
    wanted = set(named(pipeline, stage)) if stage else {one.name for one in pipeline.stages}
    states = States(workspace, states_name(workspace, pipeline.name, pipeline.path, claim=False))
    explaining = _Explaining(workspace, Planner(pipeline, states))
    found = [explaining.explain(one) for one in pipeline.stages]
    return tuple(item for item in found if item.stage in wanted)


class _Explaining:
    """Goes through the stages in their order; one that would run is taken as what it gave last."""

    def __init__(self, workspace: Workspace, planner: Planner) -> None:
        self._workspace, self._planner = workspace, planner
        self._keeps = cache_settings(workspace).results
        # Stages that would run, and whose last results would be other ones for all that is known.
        self._open: set[str] = set()

    def explain(self, stage: Stage) -> Explanation:
        above = [name for name in stage.after if name in self._open]
        good = self._planner.states.good(stage.name)
        try:
            plan = self._planner.plan(stage)
        except PipelineError as error:
            self._take(stage, good, runs=True)
            return Explanation(stage=stage.name, status="waits" if above else "stale", reason=error.message)
        found = self._differences(stage, plan, good)
        cached = bool(plan.reason) and not above and self._is_kept(stage, plan)
        self._take(stage, good, runs=bool(plan.reason or above))
        run_id, ended_at = (good.run_id, good.ended_at or None) if good is not None else ("", None)
        told = (
            f"would run if {above[0]}, which comes before and would run, gives something else"
            if above
            else "up to date"
        )
        return Explanation(
            stage=stage.name,
            status="stale" if plan.reason else "waits" if above else "current",
            reason=plan.reason or told,
            differences=found,
            run_id=run_id,
            ended_at=ended_at,
            cached=cached,
        )

    def _take(self, stage: Stage, good: StageState | None, *, runs: bool) -> None:
        if runs:
            self._open.add(stage.name)
        if good is not None:
            self._planner.take(stage.name, good)

    def _differences(self, stage: Stage, plan: Plan, good: StageState | None) -> tuple[Difference, ...]:
        if good is None:
            return ()
        found = differences(good.parts, plan.parts, plan.parameters.sources)
        gone = self._planner.gone(good) if plan.state is not None and plan.state.key == good.key else ""
        if gone and plan.reason:
            found = (*found, Difference(part="state", name=gone, told=f"output {gone} is gone or changed"))
        return found

    def _is_kept(self, stage: Stage, plan: Plan) -> bool:
        asked = self._planner.around.asked(stage.source, plan.parameters.values)
        return self._keeps and not effect_of(stage, asked) and results.find(self._workspace, plan.key) is not None
