"""A policy from what a person has written; what is wrong with it is said before it is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from nbops.data.sources import parts_of
from nbops.errors import UsageError, meant
from nbops.faults import Faults
from nbops.monitoring.performance.windows import length_of
from nbops.pipelines.cron import Cron, zone_of
from nbops.pipelines.running.options import with_parameters
from nbops.records import POLICY_TEXTS, RetrainCause, RetrainPolicy
from nbops.registry.gates.scores import metric_named
from nbops.registry.reading import get_model
from nbops.registry.targets import target_name
from nbops.scheduling.checking import check_parameters, pipeline_of
from nbops.scheduling.retraining.training import check_label, stages_that_train
from nbops.workspace import Workspace

PREDICTIONS = "predictions"
CAUSES: tuple[RetrainCause, ...] = tuple(cause for cause in get_args(RetrainCause) if cause != "manual")
_NUMBERS = ("volume", "holdout", "min_gain", "confidence", "cool_down_hours", "budget", "budget_days")
KEYS = tuple(one.name for one in fields(RetrainPolicy) if one.name not in ("model", "origin", "author"))


def build(model: str, given: Mapping[str, Any], *, origin: str = "") -> RetrainPolicy:
    """Make a policy; whether what it names exists is checked where it is kept.

    Raises
    ------
    UsageError
        A key is unknown or a value has the wrong type.
    """
    where, faults = f"retraining of {model!r}: ", Faults()
    for key, value in given.items():
        if key not in KEYS:
            raise UsageError(f"{where}unknown key {key!r}.", hint=meant(key, KEYS) or f"Known: {', '.join(KEYS)}.")
        good = (
            isinstance(value, str)
            if key in POLICY_TEXTS
            else isinstance(value, bool)
            if key == "paused"
            else isinstance(value, int | float) and not isinstance(value, bool)
            if key in _NUMBERS
            else isinstance(value, Mapping)
            if key == "parameters"
            else isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        )
        with faults.about(key):
            if not good:
                raise UsageError(f"{where}{key} cannot be {value!r}.")
    faults.settle()
    facts = {"pipeline": "", **given}
    if "on" in facts:
        facts["on"] = tuple(facts["on"])
    return RetrainPolicy(model=model, **facts, origin=origin)


def check_policy(workspace: Workspace, policy: RetrainPolicy, found: Faults | None = None) -> None:
    """Check a policy and what it names; an error says which field it is about, and what is wrong with the others.

    Parameters
    ----------
    workspace, policy
        What is checked.
    found
        What is wrong with it for sure; what those fields name is not looked at.

    Raises
    ------
    UsageError
        Something of it cannot be used; the message names it.
    NotFoundError
        There is no such model, pipeline or source.
    PipelineError
        The pipeline's file is wrong.
    """
    faults = found or Faults()
    with faults.about("model"):
        get_model(workspace, policy.model)
    _check_causes(policy, faults)
    _check_numbers(policy, faults)
    with faults.about("mode"):
        if policy.mode not in ("promote", "approval"):
            raise UsageError(
                f"mode must be promote or approval, not {policy.mode!r}.",
                hint=meant(policy.mode, ("promote", "approval")),
            )
    with faults.about("target"):
        target_name(policy.target)
    with faults.about("window"):
        length_of(policy.window)
    with faults.about("metric"):
        if policy.metric:
            metric_named(policy.metric)
    if policy.source != PREDICTIONS and "source" not in faults:
        with faults.about("source"):
            _check_source(workspace, policy.source)
    if "parameters" not in faults:
        with faults.about("parameters"):
            check_parameters(policy.parameters, "policies")
    if "pipeline" not in faults:
        _check_pipeline(workspace, policy, faults)
    faults.settle()


def _check_source(workspace: Workspace, source: str) -> None:
    if not source:
        raise UsageError("Labelled rows come from predictions, or from a file, folder or pattern: none is named.")
    parts_of(workspace.root / source)


def _check_pipeline(workspace: Workspace, policy: RetrainPolicy, faults: Faults) -> None:
    """See that the pipeline takes the file, and knows the parameters."""
    with faults.about("pipeline"):
        if not policy.pipeline:
            raise UsageError(
                f"No pipeline is named that trains {policy.model!r} anew.", hint='Such as pipeline = "pipeline.toml".'
            )
        pipeline = pipeline_of(workspace, policy.pipeline)
        with faults.about("data_parameter"):
            if "." not in policy.data_parameter and not any(
                policy.data_parameter in stage.source.parameters for stage in pipeline.stages
            ):
                known = list(dict.fromkeys(name for stage in pipeline.stages for name in stage.source.parameters))
                raise UsageError(
                    f"No stage of {pipeline.name} takes the file of rows by a parameter {policy.data_parameter!r}.",
                    hint=f"Name it with --data-parameter: {', '.join(known[:12]) or 'there is none'}.",
                )
            with_parameters(pipeline, {policy.data_parameter: ""})
        if "parameters" not in faults:
            with faults.about("parameters"):
                with_parameters(pipeline, policy.parameters)
        stages_that_train(pipeline)
        with faults.about("label"):
            check_label(pipeline, policy)


def _check_causes(policy: RetrainPolicy, faults: Faults) -> None:
    with faults.about("on"):
        for cause in policy.on:
            if cause not in CAUSES:
                raise UsageError(
                    f"Nothing starts on {cause!r}.", hint=meant(cause, CAUSES) or f"It may be {', '.join(CAUSES)}."
                )
        if policy.cron and "schedule" not in policy.on:
            raise UsageError("There are times (cron), but retraining does not start on schedule.")
        if policy.volume and "volume" not in policy.on:
            raise UsageError("There is a number of rows, but retraining does not start on volume.")
    with faults.about("volume"):
        if "volume" in policy.on and not policy.volume:
            raise UsageError("Retraining on volume needs the number of rows.", hint="Such as 5000.")
    with faults.about("timezone"):
        zone_of(policy.timezone)
    with faults.about("cron"):
        if "schedule" in policy.on and not policy.cron:
            raise UsageError("Retraining on schedule needs cron: the times.", hint="Such as 0 4 * * 1.")
        if policy.cron and Cron(policy.cron, "UTC" if "timezone" in faults else policy.timezone).next(0.0) is None:
            raise UsageError(f"The cron expression {policy.cron!r} names no day that ever comes.")


def _check_numbers(policy: RetrainPolicy, faults: Faults) -> None:
    limits: dict[str, tuple[float, float]] = {
        "volume": (0, 1e12),
        "holdout": (0.05, 0.9),
        "min_gain": (0, math.inf),
        "confidence": (0.5, 0.9999),
        "cool_down_hours": (0, 24 * 366),
        "budget": (1, 10_000),
        "budget_days": (0.01, 3660),
    }
    for name, (low, high) in limits.items():
        value = getattr(policy, name)
        with faults.about(name):
            if not low <= value <= high:
                raise UsageError(f"{name} must be from {low:g} to {high:g}, not {str(value)[:40]}.")
