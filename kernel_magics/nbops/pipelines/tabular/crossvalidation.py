"""Cross-validation with an interval, and a random search of settings on the same folds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import UsageError
from nbops.pipelines.tabular.metrics import Metric, Predictions, score
from nbops.pipelines.tabular.splitting import Fold
from nbops.pipelines.tabular.task import predict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidated:
    """What folds say: ``scores`` of those that allow the metric, their ``mean`` and its 95 % interval, NaN where unknown.

    ``held`` are the predictions of each fold for the rows that it had not learnt from; ``rows`` their positions.
    """

    metric: str
    scores: tuple[float, ...]
    mean: float
    low: float
    high: float
    held: tuple[Predictions, ...] = ()
    rows: tuple[np.ndarray[Any, Any], ...] = ()

    @property
    def words(self) -> str:
        """The figure in words."""
        if not self.scores:
            return f"{self.metric} unknown: too few rows, or too few of a class"
        return f"{self.metric} {self.mean:.4g} (95 % {self.low:.4g} – {self.high:.4g}) over {len(self.scores)} folds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """``model`` is unfitted, with the best settings; ``tried`` are all trials, the best first."""

    model: Any
    settings: Mapping[str, Any]
    tried: tuple[Mapping[str, Any], ...]


def cross_validate(
    model: Any,
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: pd.Series,
    task: str,
    metric: Metric,
    folds: Sequence[Fold],
    confidence: float = 0.95,
) -> CrossValidated:
    """Fit a model on each fold and judge it on the rest.

    The interval is a corrected t interval: folds share rows they learnt from, so the variance of the mean is that of the
    scores times (1/k + judged/learnt) (Nadeau and Bengio, "Inference for the generalization error", 2003).

    Parameters
    ----------
    folds
        Positions to learn from and to judge on, as of :func:`nbops.pipelines.tabular.splitting.folds_of`.
    """
    from sklearn.base import clone

    held, rows = [], []
    folds = _with_two(folds, y)
    for learn, judge in folds:
        fitted = clone(model).fit(X.iloc[learn], y.iloc[learn])
        held.append(predict(fitted, X.iloc[judge], y.iloc[judge], task))
        rows.append(judge)
    scores = [value for one in held if (value := score(one, metric.name)) is not None]
    mean = float(np.mean(scores)) if scores else float("nan")
    ratio = float(np.mean([len(judge) / len(learn) for learn, judge in folds])) if folds else 0.0
    reach = _reach(scores, ratio, confidence)
    # No figure lies beyond what the metric can be.
    least, most = (-np.inf if metric.name == "r2" else 0.0), (1.0 if metric.more_is_better else np.inf)
    return CrossValidated(
        metric=metric.name,
        scores=tuple(scores),
        mean=mean,
        low=float(np.clip(mean - reach, least, most)),
        high=float(np.clip(mean + reach, least, most)),
        held=tuple(held),
        rows=tuple(rows),
    )


def search(
    model: Any,
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: pd.Series,
    task: str,
    metric: Metric,
    folds: Sequence[Fold],
    space: Mapping[str, Any],
    *,
    trials: int = 20,
    seed: int = 0,
) -> Searched:
    """Try settings drawn from a space on the folds; the best by the mean of the metric.

    Its score is that of the best of many on the same rows, and so too good; judge it on rows held out.

    Parameters
    ----------
    space
        By setting of the algorithm: a list of values, or ``{"low": 0.01, "high": 1.0, "log": true}``.

    Raises
    ------
    UsageError
        The space names a setting that does not exist, there are no folds, or no trial can be judged.
    """
    from sklearn.base import clone
    from sklearn.model_selection import ParameterGrid, RandomizedSearchCV

    prefix = "model__" if any(name.startswith("model__") for name in model.get_params()) else "estimator__model__"
    known = [name.removeprefix(prefix) for name in model.get_params() if name.startswith(prefix)]
    if strange := [name for name in space if name not in known]:
        raise UsageError(f"search: there is no setting {strange[0]!r}.", hint=f"There are {', '.join(known)}.")
    folds = _with_two(folds, y)
    if not folds:
        raise UsageError("There are too few rows to search settings by cross-validation.")
    drawn = search_space(space, prefix)
    if all(isinstance(values, list) for values in drawn.values()):
        trials = min(trials, len(ParameterGrid(drawn)))

    def judged(fitted: Any, given: Any, truth: Any) -> float:
        found = score(predict(fitted, given, truth, task), metric.name)
        return float("nan") if found is None else found if metric.more_is_better else -found

    looking = RandomizedSearchCV(
        model,
        drawn,
        n_iter=trials,
        scoring=judged,
        cv=list(folds),
        refit=False,
        random_state=seed,
        error_score="raise",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of folds without a class: their score is not counted
        try:
            looking.fit(X, y)
        except ValueError as error:
            raise UsageError(f"search: a trial cannot be fitted: {' '.join(str(error).split())[:200]}") from error
    found = looking.cv_results_
    scores = np.vstack([found[f"split{fold}_test_score"] for fold in range(len(folds))])
    usable = np.isfinite(scores).all(axis=1)
    if not usable.any():
        raise UsageError(f"No trial can be judged by {metric.name} on these folds.", hint="Choose another metric.")
    means, spreads = scores[usable].mean(axis=0), scores[usable].std(axis=0)
    order = np.argsort(-means, kind="stable")
    sign = 1 if metric.more_is_better else -1
    tried = tuple(
        {
            **{name.removeprefix(prefix): _plain(value) for name, value in found["params"][place].items()},
            metric.name: sign * float(means[place]),
            "spread": float(spreads[place]),
        }
        for place in order
    )
    best = found["params"][order[0]]
    chosen = {name.removeprefix(prefix): _plain(value) for name, value in best.items()}
    return Searched(model=clone(model).set_params(**best), settings=chosen, tried=tried)


def search_space(declared: Mapping[str, Any], prefix: str = "model__") -> dict[str, Any]:
    """Give a declared space as scikit-learn's random search takes it.

    Parameters
    ----------
    declared
        By setting a list of values, or ``{"low": 0.01, "high": 1.0, "log": true}``; whole where both ends are.

    Raises
    ------
    UsageError
        A setting has neither.
    """
    return {f"{prefix}{name}": _drawn(name, wanted) for name, wanted in declared.items()}


def _drawn(name: str, wanted: Any) -> Any:
    from scipy import stats

    if isinstance(wanted, (list, tuple)) and wanted:
        return list(wanted)
    low, high = (wanted.get("low"), wanted.get("high")) if isinstance(wanted, Mapping) else (None, None)
    if not _ends(low, high, wanted):
        raise UsageError(
            f"search: {name} is {wanted!r}.", hint='Give a list of values, or {"low": 0.01, "high": 1.0, "log": true}.'
        )
    assert low is not None
    assert high is not None
    if isinstance(low, int) and isinstance(high, int):
        if wanted.get("log"):
            return sorted({round(low * (high / low) ** (step / 15)) for step in range(16)})
        return stats.randint(low, high + 1)
    return stats.loguniform(low, high) if wanted.get("log") else stats.uniform(low, high - low)


def _ends(low: Any, high: Any, wanted: Any) -> bool:
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in (low, high))
    if not numbers or not set(wanted) <= {"low", "high", "log"}:
        return False
    return bool(low < high and (low > 0 or not wanted.get("log")))


def _with_two(folds: Sequence[Fold], y: pd.Series) -> list[Fold]:
    """Leave out folds whose rows to learn from have one value only, as the first by time may."""
    return [(learn, judge) for learn, judge in folds if y.iloc[learn].nunique() > 1]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _reach(scores: Sequence[float], ratio: float, confidence: float) -> float:
    from scipy import stats

    if len(scores) < 2:
        return float("nan")
    variance = float(np.var(scores, ddof=1)) * (1 / len(scores) + ratio)
    return float(stats.t.ppf((1 + confidence) / 2, len(scores) - 1) * np.sqrt(variance))
