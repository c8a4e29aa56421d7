"""A value against what is no alert and what is no warning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nbops.errors import UsageError
from nbops.records import Check, MonitorState

Better = Literal["more", "less"]
_MORE = (
    *("accuracy", "balanced_accuracy", "precision", "precision_macro", "recall", "recall_macro", "f1", "f1_macro"),
    *("roc_auc", "roc_auc_ovr", "average_precision", "r2"),
)
_LESS = ("log_loss", "brier", "mae", "rmse", "mse", "median_absolute_error", "mape")
# Metrics of models, named as where they are computed, which need not be loaded to know them.
METRICS: Mapping[str, Better] = {**dict.fromkeys(_MORE, "more"), **dict.fromkeys(_LESS, "less")}
# What is measured beside the metrics of models, by kind.
MEASURES: Mapping[str, Mapping[str, Better]] = {
    "drift": {"effect": "less", "columns": "less", "share": "less"},
    "prediction": {"effect": "less"},
    "volume": {"rows": "more", "labelled": "more"},
    "infrastructure": {"errors": "less", "latency_p95": "less"},
    "quality": {"failed": "less"},
}


def measures(check: Check) -> Mapping[str, Better]:
    """Give what a check can measure, and whether more or less of it is better."""
    return METRICS if check.kind in ("performance", "estimate") else MEASURES[check.kind]


def better(check: Check) -> Better:
    """Give whether more or less of a check's metric is better.

    Raises
    ------
    UsageError
        It was said the other way round, or nobody knows.
    """
    known: Better | None = measures(check).get(check.metric)
    said = check.options.get("better")
    if known and said and said != known:
        raise UsageError(
            f"The check {check.name!r} has its limit the wrong way round: {known} {check.metric} is better.",
            hint=f"Write {check.metric}{'>=' if known == 'more' else '<='}{check.threshold:g}"
            if check.threshold is not None
            else "",
        )
    if said in ("more", "less"):
        found: Better = said
        return found
    return known or "more"


def judge(check: Check, value: float) -> MonitorState:
    """Give the state that a value stands for."""
    sign = 1.0 if better(check) == "more" else -1.0
    if check.threshold is not None and sign * value < sign * check.threshold:
        return "alert"
    if check.warning is not None and sign * value < sign * check.warning:
        return "warning"
    return "ok"


def against(check: Check, value: float, words: str) -> str:
    """Say a value with the limit that it is judged by."""
    limit = check.threshold if check.threshold is not None else check.warning
    if limit is None:
        return words
    beyond = "beyond" if judge(check, value) in ("alert", "warning") else "within"
    least = "least" if better(check) == "more" else "most"
    return f"{words}, {beyond} the limit of at {least} {limit:g}"
