"""The challenger that a training made against the champion, on the newest rows, which neither has seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.typed import conform, settle
from nbops.errors import NotFoundError, PipelineError, PromotionRefused
from nbops.pipelines.models import run_model
from nbops.pipelines.result import PipelineResult
from nbops.pipelines.tabular import reference
from nbops.pipelines.tabular.task import metric_of, task_of
from nbops.records import Identity, ModelVersion, RetrainOutcome, RetrainPolicy
from nbops.registry import get_version, holder, load_model, promote, register, request_promotion
from nbops.registry.comparison import Comparison, compare
from nbops.registry.targets import is_stage, target_name
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

_MODELS = ("challenger", "model")


@dataclass(frozen=True, slots=True)
class Challenger:
    """What was trained: the fitted model, and the run it comes from or the version that it is already."""

    model: Any
    reference: str = ""
    version: int | None = None


def champion_of(workspace: Workspace, policy: RetrainPolicy) -> ModelVersion:
    """Give the version that holds the target of the policy.

    Raises
    ------
    NotFoundError
        Nobody does: then there is no loop to close, and the first promotion is a person's.
    """
    target = target_name(policy.target)
    number = holder(workspace, policy.model, target)
    if number is None and is_stage(target):
        raise NotFoundError(f"Nobody holds {target} of {policy.model}.", hint="Promote a version first.")
    return get_version(workspace, policy.model, number if number is not None else target)


def challenger_of(
    workspace: Workspace, policy: RetrainPolicy, result: PipelineResult, stages: Collection[str]
) -> Challenger:
    """Find what a run of the pipeline trained: the last of its ``stages`` that gives a version of the model, or a fitted one.

    Raises
    ------
    PipelineError
        No stage gives one.
    """
    for stage in reversed(result.stages):
        if stage.name not in stages:
            # What was not asked for stands there with what it gave an earlier time.
            continue
        outputs = stage.outputs
        number = outputs.get("version")
        named = outputs.get("registered_name", policy.model) == policy.model
        if named and isinstance(number, int) and not isinstance(number, bool) and number > 0:
            return Challenger(load_model(policy.model, number, workspace=workspace), version=number)
        for name in _MODELS:
            reference = outputs.get(name)
            if isinstance(reference, str) and reference.count("/") == 1:
                return Challenger(run_model(reference, workspace=workspace)[0], reference)
    raise PipelineError(
        f"no stage of {result.name} gives a model.",
        hint="A stage says so with nbops.output(model=…), as the template train does.",
    )


def contest(
    workspace: Workspace,
    policy: RetrainPolicy,
    champion: ModelVersion,
    challenger: Challenger,
    judge: pd.DataFrame,
    learn: pd.DataFrame,
) -> Comparison:
    """Compare both on the rows that were kept away, by a paired test.

    Raises
    ------
    DataError
        One of them does not take the rows, or the metric is not defined on them.
    """
    kinds = settle(learn).kinds
    truth = judge[policy.label]
    task = task_of(learn[policy.label])
    metric = policy.metric or metric_of(task, "auto").name
    held = load_model(policy.model, champion.version, workspace=workspace)
    return compare(
        champion,
        (held, _rows(held, champion.features, judge, kinds, policy.label)),
        (challenger.model, _rows(challenger.model, (), judge, kinds, policy.label)),
        truth,
        metric,
        confidence=policy.confidence,
        min_gain=policy.min_gain,
    )


def predicted(
    policy: RetrainPolicy, challenger: Challenger, judge: pd.DataFrame, learn: pd.DataFrame
) -> dict[str, Any]:
    """Give the profile of what a challenger predicts of the rows that were kept away."""
    rows = _rows(challenger.model, (), judge, settle(learn).kinds, policy.label)
    return reference.outputs(challenger.model, rows, task_of(learn[policy.label]), "judge.parquet", len(learn))


def crown(
    workspace: Workspace,
    policy: RetrainPolicy,
    champion: ModelVersion,
    challenger: Challenger,
    found: Comparison,
    *,
    outputs: Mapping[str, Any],
    identity: Identity,
) -> tuple[RetrainOutcome, int, str]:
    """Register a challenger that has won, and promote it or ask for that; give what became of it, its number, and words.

    The promotion is conditional: if another version has become champion meanwhile, nothing is changed. All of it is done in
    the name of ``identity``. ``outputs`` go with a version that is made.
    """
    said = f"{found.metric} {found.challenger:.4g} against {found.champion:.4g} of v{champion.version} on {found.rows:,} newest rows"
    mine: dict[str, Any] = {"identity": identity, "workspace": workspace}
    number = challenger.version
    if number is None:
        run, _, name = challenger.reference.partition("/")
        number = register(policy.model, run_id=run, model=name, description=said, outputs=outputs, **mine).version
    if policy.mode == "approval":
        request_promotion(policy.model, number, policy.target, comment=said, **mine)
        return "awaiting approval", number, f"v{number} is better ({said}); {policy.target} was asked for"
    try:
        promote(policy.model, number, policy.target, expect=champion.version, reason=said, **mine)
    except PromotionRefused as refusal:
        if refusal.kinds == ("approvals",):
            request_promotion(policy.model, number, policy.target, comment=said, **mine)
            return (
                "awaiting approval",
                number,
                f"v{number} is better ({said}); {policy.target} needs approval and was asked for",
            )
        return (
            "gates failed",
            number,
            f"v{number} is better ({said}), but {'; '.join(refusal.reasons)}; nothing was changed",
        )
    return "promoted", number, f"v{number} holds {policy.target} now: {said}"


def _rows(model: Any, features: tuple[str, ...], judge: pd.DataFrame, kinds: Any, label: str) -> pd.DataFrame:
    names = [str(name) for name in getattr(model, "feature_names_in_", features)]
    names = names or [name for name in kinds if name != label]
    known = {name: kinds[name] for name in names if name in kinds}
    rows, _ = conform(judge, {name: known.get(name, "number") for name in names})
    return rows
