"""Whether the relation of the features to the target changed: residuals of a model of the reference, by feature and window.

A model of the reference (gradient boosted trees) says of every row what the target would be if its relation to the features
were still the same: of reference rows by models that have not seen them. What remains is compared between the sides in groups
of each feature. A shift alike in all groups is a change of level; differences of shifts between groups, beyond chance by
Cochran's Q ("The combination of estimates from different experiments", Biometrics 10, 1954), are a change of that feature's
relation to the target. That features themselves moved does not count as such, as far as the reference has rows like the
current ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from nbops.data.profile import Profile
from nbops.errors import DataError, UsageError
from nbops.monitoring import statistics
from nbops.monitoring.coding import Coded, coded, comparable, floats
from nbops.monitoring.matrix import matrix, sampled
from nbops.monitoring.residuals import Residuals, residuals

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 20_000
_MOST_COLUMNS = 100
_GROUPS, _CATEGORIES = 8, 10
_FEWEST = 100
_IN_GROUP = 20
# Standard deviations of the target that a relation must have moved by to matter.
_MATTERS = 0.05


def concept_drift(
    before: Profile,
    after: Profile,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    target: str,
    *,
    windows: tuple[Sequence[str], Any] = ((), None),
    left_out: Sequence[str] = (),
    alpha: float = 0.01,
    seed: int = 0,
) -> dict[str, Any]:
    """Find the features whose relation to the target changed.

    Parameters
    ----------
    before, after, reference, current
        Profiles of both sides, and their rows; of more than 20,000 on a side a sample is taken. Rows without a target do not count.
    target
        The column with the truth: a number, or up to ten classes.
    windows
        Labels, and the window of each current row, shape ``(rows,)``, -1 for none: the same by window.
    left_out
        Columns that are no features, such as predictions. Identifiers and times never are.
    alpha
        Largest probability of naming any feature, and of naming a change of level, where neither changed.
    seed
        Of samples, folds and models.

    Returns
    -------
    dict
        JSON-able: ``target``; ``labels`` of windows; ``level``: ``shift`` of the target for like features (in its own unit, or
        as a share of rows), ``effect`` (in standard deviations), ``p``, ``drifted``; ``columns``: each with ``name``, ``effect``
        (how much the shift differs over the feature, root mean square in standard deviations of the target, less what chance
        makes), ``p`` (Holm), ``drifted``, ``words``, ``effects`` by window; ``sentence``.

    Raises
    ------
    UsageError
        There is no such column on both sides, or it is neither a number nor has two to ten classes.
    DataError
        Fewer than 100 rows on a side have a target.
    """
    names = comparable(before, after, None, (target, *left_out))[:_MOST_COLUMNS]
    random = np.random.default_rng(seed)
    current = current.assign(**{_WINDOW: np.arange(len(current))})
    numeric = _is_number(before, target)
    rows = [sampled(_with_target(side, target, numeric), _MOST_ROWS, random) for side in (reference, current)]
    placed = rows[1][_WINDOW].to_numpy()
    if min(len(side) for side in rows) < _FEWEST:
        raise DataError(
            f"Too few rows have a {target} to tell whether the relation to it changed.",
            hint=f"It takes {_FEWEST} a side.",
        )
    if not names:
        raise UsageError(f"There is no feature to relate {target} to.")
    whole = matrix(names, before, rows[0], rows[1])
    found = residuals(whole, rows[0][target], rows[1][target], numeric=numeric, name=target, seed=seed)
    profiles = {name: profile for name in names if (profile := before.column(name)) is not None}
    codes = [
        column
        for name, profile in profiles.items()
        if (column := coded(profile, rows[0][name], rows[1][name], groups=_GROUPS, categories=_CATEGORIES))
    ]
    level = _level(found, alpha)
    tested = {column.name: _relation(column, found, slice(None)) for column in codes}
    adjusted = statistics.holm({name: p for name, (_, p, _) in tested.items()}, alpha)
    labels, window = windows
    by_window = _by_window(codes, found, None if window is None else np.asarray(window)[placed], len(labels))
    columns: list[dict[str, Any]] = [
        {
            "name": name,
            "effect": round(effect, 5),
            "p": float(f"{p:.3g}"),
            "drifted": name in adjusted and effect >= _MATTERS,
            "words": words,
            **({"effects": by_window[name]} if labels else {}),
        }
        for name, (effect, p, words) in tested.items()
    ]
    columns.sort(key=lambda column: (not column["drifted"], -column["effect"]))
    result = {"target": target, "labels": list(labels), "level": level, "columns": columns}
    return {**result, "sentence": _sentence(result, found)}


_WINDOW = "__nbops_row__"


def _with_target(frame: pd.DataFrame, target: str, numeric: bool) -> pd.DataFrame:
    named = frame.rename(columns=str)
    if target not in named.columns:
        raise UsageError(
            f"There is no target {target!r} on both sides.", hint="concept takes the column with the truth."
        )
    if numeric:
        numbers = floats(named[target])
        kept: pd.DataFrame = named.assign(**{target: numbers}).loc[np.isfinite(numbers)]
        return kept
    return named[named[target].notna()]


def _is_number(before: Profile, target: str) -> bool:
    column = before.column(target)
    return column is not None and column.kind == "number" and column.distinct > 10


def _level(found: Residuals, alpha: float) -> dict[str, Any]:
    shifts = found.current.mean(axis=0) - found.reference.mean(axis=0)
    errors = np.sqrt(
        found.current.var(axis=0) / len(found.current) + found.reference.var(axis=0) / len(found.reference)
    )
    scores = np.abs(shifts) / np.maximum(errors, 1e-12)
    at = int(np.argmax(scores))
    p = min(1.0, 2 * float(special.ndtr(-scores[at])) * len(shifts))
    effect = float(abs(shifts[at]) / found.scale[at])
    return {
        "shift": float(f"{shifts[at]:.5g}"),
        "of": found.labels[at],
        "effect": round(effect, 5),
        "p": float(f"{p:.3g}"),
        "drifted": bool(p <= alpha and effect >= _MATTERS),
    }


def _relation(column: Coded, found: Residuals, rows: Any) -> tuple[float, float, str]:
    """Give effect, p-value and words of how differently the target shifted over the groups of a feature."""
    best: tuple[float, float, str] = (0.0, 1.0, "")
    for at, label in enumerate(found.labels):
        shifts, errors, weights, groups = _shifts(column, found, at, rows)
        if len(groups) < 2:
            continue
        middle = float((shifts / errors).sum() / (1 / errors).sum())
        q = float(((shifts - middle) ** 2 / errors).sum())
        p = min(1.0, float(special.chdtrc(len(groups) - 1, q)) * len(found.labels))
        spread = float((weights * (shifts - middle) ** 2).sum() - (weights * errors).sum())
        effect = float(np.sqrt(max(0.0, spread)) / found.scale[at])
        if p < best[1] or (p == best[1] and effect > best[0]):
            far = int(np.argmax(np.abs(shifts - middle) / np.sqrt(errors)))
            best = (
                effect,
                p,
                f"{label} {shifts[far]:+.3g} where {column.words(int(groups[far]))}, {middle:+.3g} overall",
            )
    return best


def _shifts(column: Coded, found: Residuals, at: int, rows: Any) -> tuple[Any, Any, Any, Any]:
    """Give by group the shift of the mean residual, its variance, and the group's share of current rows."""
    sides = ((column.reference, found.reference[:, at]), (column.current[rows], found.current[rows, at]))
    counts = [np.bincount(codes, minlength=column.size) for codes, _ in sides]
    enough = np.minimum(*counts) >= _IN_GROUP
    means, errors = [], []
    for (codes, values), count in zip(sides, counts, strict=True):
        n = np.maximum(count, 1)
        mean = np.bincount(codes, values, column.size) / n
        squares = np.bincount(codes, (values - mean[codes]) ** 2, column.size) / np.maximum(n - 1, 1)
        means.append(mean)
        # A group whose few values are all alike is no surer than the whole.
        errors.append(np.maximum(squares, 0.01 * values.var()) / n)
    groups = np.flatnonzero(enough)
    weights = counts[1][groups] / max(counts[1][groups].sum(), 1)
    return (means[1] - means[0])[groups], np.maximum((errors[0] + errors[1])[groups], 1e-15), weights, groups


def _by_window(codes: Sequence[Coded], found: Residuals, window: Any, count: int) -> dict[str, list[float | None]]:
    effects: dict[str, list[float | None]] = {column.name: [] for column in codes}
    for number in range(count):
        rows = np.flatnonzero(window == number)
        for column in codes:
            effect, p, _ = _relation(column, found, rows) if len(rows) >= _FEWEST else (0.0, 2.0, "")
            effects[column.name].append(None if p > 1 else round(effect, 5))
    return effects


def _sentence(result: dict[str, Any], found: Residuals) -> str:
    target, level = result["target"], result["level"]
    names = [column["name"] for column in result["columns"] if column["drifted"]]
    told = f"No sign that the relation of the features to {target} changed"
    if names:
        first = next(column for column in result["columns"] if column["drifted"])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        told = f"The relation of {', '.join(names[:3])}{more} to {target} changed ({first['words']})"
    if level["drifted"]:
        unit = " of rows" if found.classes else ""
        size = f"{abs(level['shift']):.1%}{unit}" if found.classes else f"{abs(level['shift']):.4g}"
        way = "more" if level["shift"] > 0 else "less"
        told += f"; for like features {level['of']} is {size} {way} than in the reference ({level['effect']:.2f} σ)"
    return told + "."
