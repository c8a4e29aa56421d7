"""Do the columns still hang together as in the reference? Errors of reconstruction by its principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from nbops.monitoring.matrix import Floats, Matrix, twin_rows

_FOLDS = 5
_KEPT_VARIANCE = 0.65
_FAR = 8.0


def reconstruction(whole: Matrix, *, alpha: float = 0.01, min_effect: float = 0.03, seed: int = 0) -> dict[str, Any]:
    """Compare how well the principal components of the reference reconstruct rows of both sides.

    Components are those of the other folds for each reference row, so that its error is that of an unseen row, as the current
    rows' errors are (means over the folds' components). Numbers are standardised, clipped at 8 deviations, and imputed by the
    mean; categories stand as the shares they have in the reference (as NannyML does, whose limits, three deviations of
    the mean in reference chunks that the components have seen, raise false alarms).

    Parameters
    ----------
    whole
        Both sides.
    alpha, min_effect
        It is drift when the mean error is out of its limits, and the errors' distributions are ``min_effect`` (KS) apart.
    seed
        Of the folds.

    Returns
    -------
    dict
        ``error`` and ``reference``: mean errors (root of the summed squares, in deviations); ``low``, ``high``: what the mean
        error of so many rows without drift lies between with probability ``1 - alpha`` (Welch); ``components``, ``effect`` (KS
        distance of errors), ``p``, ``drifted``, ``sentence``.
    """
    if len(whole.names) < 2:
        return {"drifted": False, "sentence": "One column alone has nothing to hang together with."}
    reference, current = _scaled(whole)
    random = np.random.default_rng(seed)
    fold = random.permutation(len(reference)) % _FOLDS
    own, other, components = np.empty(len(reference)), np.zeros(len(current)), 0
    for number in range(_FOLDS):
        held = fold == number
        middle, axes = _axes(reference[~held])
        own[held] = _errors(reference[held], middle, axes)
        other += _errors(current, middle, axes) / _FOLDS
        components = max(components, len(axes))
    twins = twin_rows(reference, current)
    # A row that the reference has as well is no better known for that.
    other[twins >= 0] = own[twins[twins >= 0]]
    error = float(np.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other)))
    mean, moved = float(own.mean()), float(other.mean() - own.mean())
    width = float(special.ndtri(1 - alpha / 2)) * error
    p = float(2 * special.ndtr(-abs(moved) / error)) if error > 0 else 1.0
    effect = _ks(own, other)
    found = {
        "error": round(float(other.mean()), 5),
        "reference": round(mean, 5),
        "low": round(mean - width, 5),
        "high": round(mean + width, 5),
        "components": components,
        "effect": round(effect, 5),
        "p": float(f"{p:.3g}"),
        "drifted": bool(p <= alpha and effect >= min_effect),
    }
    return {**found, "sentence": _sentence(found)}


def _scaled(whole: Matrix) -> tuple[Floats, Floats]:
    sides: list[list[Floats]] = [[], []]
    for at, category in enumerate(whole.categories):
        a, b = whole.reference[:, at], whole.current[:, at]
        if category:
            groups, counts = np.unique(a[~np.isnan(a)], return_counts=True)
            share = dict(zip(groups, counts / max(counts.sum(), 1), strict=True))
            a, b = (np.array([np.nan if np.isnan(v) else share.get(v, 0.0) for v in side]) for side in (a, b))
        finite = a[np.isfinite(a)]
        mean, deviation = (float(finite.mean()), float(finite.std())) if len(finite) else (0.0, 0.0)
        if deviation <= 0 or not np.isfinite(deviation):
            continue
        for side, values in zip(sides, (a, b), strict=True):
            side.append(np.nan_to_num(np.clip((values - mean) / deviation, -_FAR, _FAR)))
    empty = np.zeros((len(whole.reference), 1)), np.zeros((len(whole.current), 1))
    return tuple(np.column_stack(side) if side else bare for side, bare in zip(sides, empty, strict=True))  # type: ignore[return-value]


def _axes(values: Floats) -> tuple[Floats, Floats]:
    """Give the mean and as many principal axes as hold 65 % of the variance, always fewer than columns."""
    middle = values.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(values - middle, rowvar=False).reshape(values.shape[1], -1))
    order = np.argsort(-variances)
    share = np.cumsum(variances[order]) / max(float(variances.sum()), 1e-300)
    count = min(int(np.searchsorted(share, _KEPT_VARIANCE)) + 1, max(1, values.shape[1] - 1))
    return middle, vectors[:, order[:count]].T


def _errors(values: Floats, middle: Floats, axes: Floats) -> Floats:
    moved = values - middle
    return np.asarray(np.sqrt(np.square(moved - moved @ axes.T @ axes).sum(axis=1)))


def _ks(a: Floats, b: Floats) -> float:
    every = np.concatenate([a, b])
    steps = [np.searchsorted(np.sort(side), every, "right") / len(side) for side in (a, b)]
    return float(np.abs(steps[0] - steps[1]).max())


def _sentence(found: dict[str, Any]) -> str:
    figures = f"reconstruction error {found['error']:.3g}, expected {found['low']:.3g} to {found['high']:.3g}"
    if not found["drifted"]:
        return f"The columns hang together as in the reference ({figures})."
    return f"The columns no longer hang together as in the reference ({figures})."
