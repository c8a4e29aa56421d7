"""What most builds are: nothing has changed. Standard library only, and as little of that as can be."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from nbops.errors import PipelineError
from nbops.pipelines.planning import Planner
from nbops.pipelines.result import PipelineEvent, PipelineResult, StageResult
from nbops.pipelines.spec import Pipeline
from nbops.pipelines.state import States


def unchanged(pipeline: Pipeline, states: States, tell: Callable[[PipelineEvent], None]) -> PipelineResult | None:
    """Give the result of a pipeline in which no stage has to run; nothing where one has.

    Such a build leaves no run behind: there is nothing to tell of it.
    """
    begun = time.monotonic()
    planner = Planner(pipeline, states)
    results = []
    for stage in pipeline.stages:
        try:
            plan = planner.plan(stage)
        except PipelineError:
            return None
        if plan.reason or plan.state is None:
            return None
        planner.take(stage.name, plan.state)
        results.append(
            StageResult(
                name=stage.name,
                status="skipped",
                reason="unchanged",
                run_id=plan.state.run_id,
                notebook=plan.state.notebook,
                duration=0.0,
                outputs={name: item.value for name, item in plan.state.outputs.items()},
            )
        )
    for number, result in enumerate(results, 1):
        # Whoever watches a pipeline is not part of it.
        with contextlib.suppress(Exception):
            tell(
                PipelineEvent(
                    kind="skipped", stage=result.name, number=number, stages=len(results), message="unchanged"
                )
            )
    return PipelineResult(
        name=pipeline.name, run_id="", status="succeeded", stages=tuple(results), duration=time.monotonic() - begun
    )
