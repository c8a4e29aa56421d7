"""What differs between two runs. Standard library only: the card is built with it in the kernel."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from nbops.records import Change, Run

_LOWER = re.compile(
    r"(^|[^a-z])(loss|losses|err|error|errors|mse|rmse|mae|mape|rmsle|msle|brier|deviance|perplexity|wer|cer|fpr|fnr|"
    r"latency|hinge|hamming|ece|regret|davies)([^a-z]|$)",
)
_HIGHER = re.compile(
    r"(^|[^a-z])(acc|accuracy|auc|auroc|roc|f1|f2|fbeta|precision|recall|score|r2|map|ap|ndcg|jaccard|kappa|mcc|"
    r"silhouette|sensitivity|specificity|tpr|tnr|bleu|rouge|iou|dice|gain|lift)([^a-z]|$)",
)


def higher_is_better(metric: str, function: str = "") -> bool | None:
    """Say in which direction a metric improves: by the ``sklearn.metrics`` function that made it, else by its name.

    Returns
    -------
    bool or None
        ``None`` when neither tells.
    """
    for text in (function, metric):
        words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower())
        # The d2 scores say how much of a loss is explained.
        if words.startswith(("neg ", "d2 ")):
            return True
        if _LOWER.search(words):
            return False
        if _HIGHER.search(words):
            return True
    return None


def changes(before: Run | None, after: Run) -> tuple[Change, ...]:
    """Give everything that differs from ``before`` to ``after``; nothing when there is no run before.

    Order: parameters, metrics, data, code, environment, each by name in the order of ``after``.
    """
    if before is None:
        return ()
    found = _texts("param", before.params, after.params)
    found += _metrics(before, after)
    found += _texts("data", _data(before), _data(after))
    if before.code_digest != after.code_digest:
        found.append(Change(kind="code", name="code", before=before.code_digest[:12], after=after.code_digest[:12]))
    if before.environment and after.environment:
        python = {"python": before.environment.python}, {"python": after.environment.python}
        shared = before.environment.packages.keys() & after.environment.packages.keys()
        packages = (
            {name: env.packages[name] for name in sorted(shared)} for env in (before.environment, after.environment)
        )
        found += _texts("environment", *python) + _texts("environment", *packages)
    return tuple(found)


def _texts(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    names = [*after, *(name for name in before if name not in after)]
    return [
        Change(kind=kind, name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _metrics(before: Run, after: Run) -> list[Change]:
    found = []
    for name in [*after.metrics, *(name for name in before.metrics if name not in after.metrics)]:
        old, new = before.metrics.get(name), after.metrics.get(name)
        if old == new or (old is not None and new is not None and math.isnan(old) and math.isnan(new)):
            continue
        delta = None if old is None or new is None else new - old
        direction = higher_is_better(name, after.metric_functions.get(name, ""))
        better = None if delta is None or direction is None or not delta else (delta > 0) == direction
        found.append(
            Change(
                kind="metric",
                name=name,
                before=None if old is None else repr(old),
                after=None if new is None else repr(new),
                delta=delta if delta is None or math.isfinite(delta) else None,
                better=better,
            )
        )
    return found


def _data(run: Run) -> dict[str, str]:
    return {data.name: data.fingerprint for data in run.data if data.context == "read"}
