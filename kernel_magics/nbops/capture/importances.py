"""How much each feature counts in a fitted model, as the model itself tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_LIBRARIES = frozenset({"catboost", "imblearn", "lightgbm", "nbops", "sklearn", "xgboost"})


def importances_of(model: Any, features: Sequence[str], deviations: Mapping[str, float]) -> dict[str, float]:
    """Give weights that add up to 1 by feature; nothing where the model tells none.

    ``feature_importances_`` as they are; else the size of ``coef_`` (mean over classes), of features that no step has scaled
    times their standard deviation. What a step makes of a feature counts as the feature.

    Parameters
    ----------
    model
        A fitted estimator, or a pipeline whose last step is one.
    features
        Names of the columns that it takes.
    deviations
        Standard deviations of those that are numbers.
    """
    try:
        # To ask a person's own class would run a person's code, which must not notice that somebody looks.
        return _told(model, list(features), deviations) if _is_of_library(model) else {}
    except Exception:
        # An estimator that is not fitted raises; then nothing is known.
        return {}


def _is_of_library(part: Any) -> bool:
    """Whether an estimator and all its parts are of libraries whose attributes can be read without anything happening."""
    if part is None or isinstance(part, str):
        return True
    if type(part).__module__.partition(".")[0] not in _LIBRARIES:
        return False
    facts = getattr(part, "__dict__", {})
    if callable(facts.get("feature_names_out")):
        return False
    given = (facts.get("steps"), facts.get("transformers_") or facts.get("transformers"), facts.get("transformer_list"))
    # What is called steps elsewhere, as in our own feature steps, is no list of named parts.
    named = [one for parts in given if isinstance(parts, list) for one in parts if isinstance(one, tuple)]
    return all(_is_of_library(one[1]) for one in named)


def _told(model: Any, features: list[str], deviations: Mapping[str, float]) -> dict[str, float]:
    steps = [step for _, step in getattr(model, "steps", ())]
    last = steps[-1] if steps else model
    weights, scaled = getattr(last, "feature_importances_", None), True
    if weights is None:
        weights, scaled = getattr(last, "coef_", None), len(steps) > 1
    if weights is None:
        return {}
    if getattr(weights, "ndim", 1) == 2:
        weights = abs(weights).mean(axis=0)
    sizes = [abs(float(weight)) for weight in weights]
    names = features
    if len(steps) > 1 and hasattr(model[:-1], "get_feature_names_out"):
        names = [_feature(str(name), features) for name in model[:-1].get_feature_names_out()]
    if len(names) != len(sizes):
        return {}
    found = dict.fromkeys(features, 0.0)
    for name, size in zip(names, sizes, strict=True):
        if name in found:
            found[name] += size if scaled else size * deviations.get(name, 1.0)
    total = sum(found.values())
    # Not-a-number is no total either.
    return {name: round(size / total, 6) for name, size in found.items()} if 0 < total < float("inf") else {}


def _feature(made: str, features: Sequence[str]) -> str:
    """Give the feature that a step's column is made of: ``words__city_Lyon`` of ``city``."""
    plain = made.partition("__")[2] or made
    fitting = [name for name in features if plain == name or plain.startswith(f"{name}_")]
    return max(fitting, key=len, default="")
