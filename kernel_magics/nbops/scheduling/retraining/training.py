"""Which stages of a pipeline a training runs: those that train, not those that would decide who holds a target."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.pipelines.spec import Pipeline
from nbops.records import RetrainPolicy

_PROMOTES = "promote"


def stages_that_train(pipeline: Pipeline) -> tuple[str, ...]:
    """Give the stages before any promotion, in their order.

    A stage of the template ``promote`` would let a challenger hold a target before it is compared; it is left out with
    everything after it. What a notebook of one's own does to the registry cannot be foreseen.

    Raises
    ------
    UsageError
        Nothing is left.
    """
    promoting = [stage.name for stage in pipeline.stages if stage.template == _PROMOTES]
    left_out = {*promoting, *(name for stage in promoting for name in pipeline.graph.downstream(stage))}
    found = tuple(stage.name for stage in pipeline.stages if stage.name not in left_out)
    if not found:
        raise UsageError(f"{pipeline.name} has no stage before the promotion, so nothing would train.")
    return found


def check_label(pipeline: Pipeline, policy: RetrainPolicy) -> None:
    """See that the stage which takes the rows looks for what is to be predicted under the name that it has there.

    Raises
    ------
    UsageError
        It looks for another column.
    """
    if "target" in policy.parameters:
        return
    for stage in pipeline.stages:
        known = stage.source.parameters
        takes = any(policy.data_parameter in (name, f"{stage.name}.{name}") for name in known)
        if not takes or f"{stage.name}.target" in policy.parameters:
            continue
        sought = stage.parameters.get("target", known.get("target"))
        if isinstance(sought, str) and sought and sought != policy.label:
            raise UsageError(
                f"Stage {stage.name!r} predicts {sought!r}, and the rows would hold that as {policy.label!r}.",
                hint=f"Say that it is called so: --label {sought}",
            )
