"""What most builds are: nothing has changed. Standard library only, and as little of that as can be."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace

from nbops.errors import NbopsError, PipelineError
from nbops.pipelines.result import PipelineEvent, PipelineResult, StageResult
from nbops.pipelines.running.planning import Planner
from nbops.pipelines.running.state import States
from nbops.pipelines.spec import Pipeline, load_pipeline
from nbops.pipelines.staleness import witness
from nbops.records import to_wire
from nbops.workspace.rooting import FILE_NAME


def unchanged(
    pipeline: Pipeline, states: States, tell: Callable[[PipelineEvent], None], *, word: str = ""
) -> PipelineResult | None:
    """Give the result of a pipeline in which no stage has to run; nothing where one has.

    Such a build leaves no run behind: there is nothing to tell of it.

    Parameters
    ----------
    word
        How the pipeline was named (an absolute path, or a name), if it was read from a file as it is: then the build leaves
        a witness for the next one.
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
    done = PipelineResult(name=pipeline.name, run_id="", status="succeeded", stages=tuple(results))
    if word:
        _leave_witness(planner, word, done)
    planner.around.digests.close()
    return replace(done, duration=time.monotonic() - begun)


def _leave_witness(planner: Planner, word: str, result: PipelineResult) -> None:
    pipeline, states, digests = planner.pipeline, planner.states, planner.around.digests
    root = states.workspace.root
    read = {path for stage in pipeline.stages for path in (stage.notebook, stage.written)}
    for path in (root / FILE_NAME, pipeline.path, *read):
        digests.stat(path)
    for path in states.files(stage.name for stage in pipeline.stages):
        digests.stat(path)
    try:
        # These were read before they were looked at.
        if load_pipeline(pipeline.path if os.path.isabs(word) else word, root=root) != pipeline:
            return
    except NbopsError:
        return
    if digests.settled():
        told = [(stage.name, stage.run_id) for stage in result.stages]
        text = json.dumps(to_wire(result.to_dict()), indent=2, ensure_ascii=False)
        witness.keep(str(root), word, digests.looked, witness.Witness(pipeline.name, told, text))
