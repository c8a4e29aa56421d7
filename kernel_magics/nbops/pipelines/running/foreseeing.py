"""What a run would do, without doing it."""

from __future__ import annotations

from nbops.errors import PipelineError
from nbops.pipelines.declaration.kernels import kernel_note
from nbops.pipelines.running.options import Options, forced
from nbops.pipelines.running.planning import Planner
from nbops.pipelines.running.state import States
from nbops.pipelines.spec import Pipeline
from nbops.records import PipelineRun, StageRun


def foresee(pipeline: Pipeline, states: States, options: Options) -> PipelineRun:
    """Give the stages as a run would find them: ``skipped``, or ``pending`` with the reason."""
    planner = Planner(pipeline, states, forced(pipeline, options))
    found: dict[str, StageRun] = {}
    for stage in pipeline.stages:
        runs = [name for name in stage.after if found[name].status == "pending"]
        if options.only and stage.name not in options.only:
            runs = []
        status, reason, key = "pending", "", ""
        try:
            if options.only and stage.name not in options.only:
                status, reason = "skipped", "not asked for"
                planner.take(stage.name, planner.last(stage))
            elif runs:
                reason = f"{runs[0]} comes before and would run" if stage.name not in planner.forced else "forced"
            else:
                plan = planner.plan(stage)
                key, reason = plan.key, plan.reason
                if not reason and plan.state is not None:
                    planner.take(stage.name, plan.state)
                    status, reason = "skipped", "unchanged"
        except PipelineError as error:
            reason = reason or error.message
        found[stage.name] = StageRun(
            stage=stage.name,
            status="skipped" if status == "skipped" else "pending",
            group=stage.group,
            after=stage.after,
            reason=reason,
            key=key,
            kernel=kernel_note(stage),
        )
    return PipelineRun(
        run_id="",
        pipeline=pipeline.name,
        path=pipeline.path.as_posix(),
        status="succeeded",
        stages=tuple(found.values()),
    )
