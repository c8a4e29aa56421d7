"""Whether a model can tell the two sides apart.

Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017. Where rows take few different values, the models
of all folds learn the same order of these, and folds that bear each other out are no independent witnesses; there chi-square over
the values has to agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import special

from nbops.data.randomness import kept_random
from nbops.monitoring.matrix import Floats, Matrix, twin_rows
from nbops.monitoring.significance import POOLED_BELOW
from nbops.monitoring.statistics import table_p
from nbops.registry.gates.ranked import roc_auc, roc_auc_error

_FOLDS = 5
_SHOWN = 20
# Values are few where this part of the rows has one that is usual enough for chi-square.
_FEW_VALUES = 0.5
# Rows are things of their own where this part of a side's rows are different ones.
_OWN = 0.9
# Of two folds each is told apart by what the other has taught, and both tell the same: the variance of the mean is twice that of
# independent folds (a degenerate U-statistic; Nadeau and Bengio 2003 have 2.25 for five folds).
_TWICE = 2.0


def domain_classifier(whole: Matrix, *, alpha: float = 0.01, min_effect: float = 0.05, seed: int = 0) -> dict[str, Any]:
    """Let gradient boosted trees tell reference from current rows, each row by a model that has not seen it.

    Parameters
    ----------
    whole
        Both sides.
    alpha, min_effect
        It is drift when the AUC is above one half significantly (one-sided), and by ``min_effect`` at least.
    seed
        Of folds and models.

    Returns
    -------
    dict
        ``auc`` (mean over 5 folds), ``low``, ``high``: its interval at ``1 - alpha``, from twice DeLong's variance in each fold;
        ``p``, at least that of chi-square where rows take few different values; ``drifted``; ``columns``: by how much of the AUC is lost when a column is shuffled, as shares that sum to 1;
        ``rows``; ``sentence``.
    """
    from threadpoolctl import threadpool_limits

    values = np.vstack([whole.reference, whole.current])
    side = np.repeat([0, 1], [len(whole.reference), len(whole.current)])
    random = np.random.default_rng(seed)
    aucs, errors = [], []
    lost = np.zeros(len(whole.names))
    # One thread: on a busy machine those of OpenMP wait for each other longer than they work.
    with threadpool_limits(1):
        for number, (train, test) in enumerate(_folds(whole, random)):
            model = _model(whole, seed).fit(values[train], side[train])
            scores = model.decision_function(values[test])
            aucs.append(roc_auc(side[test], scores))
            errors.append(roc_auc_error(side[test], scores))
            if number == 0 and aucs[0] > 0.5 + min_effect / 2:
                lost = _lost(model, values[test], side[test], aucs[0], random)
    auc = float(np.mean(aucs))
    # A fold's error may be nothing where all scores are alike or the sides are told apart without a fault.
    error = max(float(np.sqrt(_TWICE * np.square(errors).sum())) / _FOLDS, 1e-9)
    p = max(float(special.ndtr(-(auc - 0.5) / error)), _values_p(whole))
    width = float(special.ndtri(1 - alpha / 2)) * error
    drifted = p <= alpha and auc - 0.5 >= min_effect
    weights = lost / lost.sum() if lost.sum() > 0 else lost
    ranked = [i for i in np.argsort(-weights, kind="stable") if weights[i] > 0][:_SHOWN]
    found = {
        "auc": round(auc, 4),
        "low": round(max(0.0, auc - width), 4),
        "high": round(min(1.0, auc + width), 4),
        "p": float(f"{p:.3g}"),
        "drifted": bool(drifted),
        "columns": [{"name": whole.names[i], "weight": round(float(weights[i]), 4)} for i in ranked] if drifted else [],
        "rows": len(side),
    }
    return {**found, "sentence": _sentence(found)}


def _folds(whole: Matrix, random: np.random.Generator) -> Iterator[tuple[Any, Any]]:
    """Give rows to train and test on, both sides in equal parts."""
    before, after = (random.permutation(len(side)) % _FOLDS for side in (whole.reference, whole.current))
    # Of a row that both sides have, one would teach to take the other for the wrong side. Where rows are alike on one side
    # already, that both sides have them tells nothing, and pairs would make train and test more alike than chance does.
    own = all(_different(side) >= _OWN * len(side) for side in (whole.reference, whole.current))
    twins = twin_rows(whole.reference, whole.current) if own else np.full(len(whole.current), -1)
    moved = np.where(twins >= 0, before[twins], after)
    after = moved if np.bincount(moved, minlength=_FOLDS).min() else after
    fold = np.concatenate([before, after])
    for number in range(_FOLDS):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def _values_p(whole: Matrix) -> float:
    """Give the p-value of chi-square over different rows where most rows are one of few, else 0."""
    which = _codes(np.vstack([whole.reference, whole.current]))
    sides = np.split(which, [len(whole.reference)])
    p, q = (np.bincount(side, minlength=which.max() + 1).astype(float) for side in sides)
    usual = (p + q) * min(p.sum(), q.sum()) / (p + q).sum() >= POOLED_BELOW
    return table_p(p, q) if (p + q)[usual].sum() >= _FEW_VALUES * (p + q).sum() else 0.0


def _codes(rows: Floats) -> Any:
    """Give the same number to rows that are alike."""
    # They have the same bytes once all missing values and zeros have.
    rows = np.ascontiguousarray(np.where(np.isnan(rows), np.nan, rows + 0.0))
    return np.unique(rows.view(f"V{rows.shape[1] * rows.itemsize}").ravel(), return_inverse=True)[1]


def _different(rows: Floats) -> int:
    return int(_codes(rows).max()) + 1


def _model(whole: Matrix, seed: int) -> Any:
    with kept_random():
        from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=40,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        early_stopping=False,
        categorical_features=whole.categories,
        random_state=seed,
    )


def _lost(model: Any, values: Floats, side: Any, auc: float, random: np.random.Generator) -> Any:
    """Give what is lost of the AUC when each column is shuffled (permutation importance: Breiman 2001)."""
    found = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        shuffled = values.copy()
        shuffled[:, column] = random.permutation(shuffled[:, column])
        found[column] = max(0.0, auc - roc_auc(side, model.decision_function(shuffled)))
    return found


def _sentence(found: dict[str, Any]) -> str:
    figures = f"AUC {found['auc']:.2f}, {found['low']:.2f} to {found['high']:.2f}"
    if not found["drifted"]:
        return f"A classifier hardly tells the two sides apart by all columns ({figures})."
    names = [column["name"] for column in found["columns"][:3]]
    return f"A classifier tells the two sides apart ({figures}){', most by ' + ', '.join(names) if names else ''}."
