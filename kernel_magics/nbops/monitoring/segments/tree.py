"""Where it is worst: a small tree of segments in which the drift is larger than in the whole.

A search over subsets always finds one that looks bad. So half of the rows, chosen by lot, is searched, and the other half
says how large the effect is in what was found, whether it is significant (Holm over the segments shown) and whether it is
larger than in the rest of the parent, by the event (a range of values, some categories) that moved most in the half searched, so that
its effect is no overestimate; what does not hold there is cut off. (Sample splitting: Cox, "A note on data-splitting for
the evaluation of significance levels", Biometrika 62, 1975; honest trees: Athey and Imbens, "Recursive partitioning for
heterogeneous causal effects", PNAS 113, 2016.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import ColumnProfile, Profile
from nbops.errors import UsageError
from nbops.monitoring.coding import Coded, alike_words, coded, comparable
from nbops.monitoring.pairs import compared
from nbops.monitoring.segments.parts import Node, Part, Rows
from nbops.monitoring.segments.search import grown
from nbops.monitoring.segments.verdicts import judged, kept, plain, told

if TYPE_CHECKING:
    import pandas as pd

DEPTH = 3
_MOST_ROWS = 200_000
_GROUPS, _TARGET_GROUPS, _CATEGORIES = 8, 32, 12
_MOST_TARGETS, _MOST_SPLITS = 16, 40
_LABELS = 20


def segment_tree(
    before: Profile,
    after: Profile,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    errors: tuple[str, str] | None = None,
    depth: int = DEPTH,
    min_rows: int | None = None,
    alpha: float = 0.01,
    min_effect: float = 0.03,
    seed: int = 0,
) -> dict[str, Any]:
    """Find the segments in which the drift is worst.

    Parameters
    ----------
    before, after
        Profiles of both sides.
    reference, current
        Their rows; of more than 200,000 a sample.
    columns
        Whose drift counts, all that can be compared by default. Segments are told apart by any column that has not moved itself.
    left_out
        Columns that take no part, such as the time of windows.
    errors
        Target and prediction: where predictions have become worse, instead of where columns moved.
    depth
        How many conditions a segment has at most.
    min_rows
        Rows that a segment has on each side, in each half; by default 1 % of the half and no fewer than 50.
    alpha
        Largest probability of naming any segment where nothing changed.
    min_effect
        Smallest KS distance (over 32 quantile groups) or total variation that counts.
    seed
        Of the lot that halves the rows; the state of nobody's random generator is touched.

    Returns
    -------
    dict
        JSON-able: ``nodes``, each with ``id``, ``parent``, ``words``, ``path``, ``rows``, ``share`` (of current rows),
        ``reference_share``, ``column`` (that moved most), ``effect``, ``p``, ``drifted``, all as the verifying half has them;
        ``worst`` (an id, or -1), ``sentence``.
    """
    random = np.random.default_rng(seed)
    total = len(current)
    reference, current = (_sample(frame, random) for frame in (reference, current))
    halves = [_halves(len(frame), random) for frame in (reference, current)]
    searched, held = (Part(halves[0][i], halves[1][i]) for i in (0, 1))
    smallest = min(len(part) for part in (searched.reference, searched.current, held.reference, held.current))
    least = min_rows or max(50, smallest // 100)
    if smallest < 2 * least:
        few = f"Too few rows to look for segments ({2 * smallest} on the smaller side)."
        return {"nodes": [], "worst": -1, "sentence": few}
    moved = _moved(before, after, left_out)
    names = [name for name in moved if columns is None or name in columns][:_MOST_TARGETS]
    targets = (
        [_error(reference, current, errors)] if errors else _coded(names, before, (reference, current), _TARGET_GROUPS)
    )
    steadiest = [name for name in reversed(moved) if name not in (errors or ())]
    splits = [c for c in _coded(steadiest[:_MOST_SPLITS], before, (reference, current), _GROUPS) if c.size > 2]
    if not targets:
        return {"nodes": [], "worst": -1, "sentence": "There is no column to compare in segments."}
    nodes = grown(Node("all rows", {}, searched, held, None, 0), splits, targets, least, depth)
    judged(nodes, {target.name: target for target in targets}, alpha, min_effect)
    return told(plain(kept(nodes, alpha, min_effect), total))


def _sample(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= _MOST_ROWS:
        return frame
    return frame.iloc[np.sort(random.choice(len(frame), _MOST_ROWS, replace=False))]


def _halves(rows: int, random: np.random.Generator) -> tuple[Rows, Rows]:
    order = random.permutation(rows)
    return np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])


def _moved(before: Profile, after: Profile, left_out: Sequence[str]) -> list[str]:
    """Give the columns that can be compared, by how far they moved in all rows."""
    effects = {}
    for name in comparable(before, after, None, left_out):
        pair = compared(*(profile.column(name) for profile in (before, after)))  # type: ignore[arg-type]
        if pair is not None:
            effects[name] = pair.effect
    return sorted(effects, key=lambda name: -effects[name])


def _coded(
    names: Sequence[str], before: Profile, frames: tuple[pd.DataFrame, pd.DataFrame], groups: int
) -> list[Coded]:
    places = [{str(name): i for i, name in enumerate(frame.columns)} for frame in frames]
    found = []
    for name in names:
        reference, current = (frame.iloc[:, place[name]] for frame, place in zip(frames, places, strict=True))
        profile = before.column(name)
        column = profile and coded(profile, reference, current, groups=groups, categories=_CATEGORIES)
        if column:
            found.append(column)
    return found


def _error(reference: pd.DataFrame, current: pd.DataFrame, names: tuple[str, str]) -> Coded:
    """Code how wrong predictions are: the absolute difference of numbers, or whether two labels differ."""
    import pandas as pd
    from pandas.api import types

    sides = [
        [frame.iloc[:, [str(c) for c in frame.columns].index(_known(frame, name))] for name in names]
        for frame in (reference, current)
    ]
    numbers = all(types.is_float_dtype(value.dtype) or value.nunique() > _LABELS for side in sides for value in side)
    if numbers and all(types.is_numeric_dtype(value.dtype) for side in sides for value in side):
        wrong = [(truth - said).abs() for truth, said in sides]
    else:
        said = [[values.fillna("").to_numpy() for values in alike_words(*side)] for side in sides]
        wrong = [pd.Series(np.where(t == s, "right", "wrong")) for t, s in said]
    kind = "number" if numbers else "category"
    name = f"error of {names[1]}"
    found = coded(
        ColumnProfile(name=name, kind=kind, dtype="", rows=0), *wrong, groups=_TARGET_GROUPS, categories=_CATEGORIES
    )
    if found is None:
        raise UsageError(f"{names[1]} is never known together with {names[0]}, so it has no error.")
    return found


def _known(frame: pd.DataFrame, name: str) -> str:
    if name not in [str(column) for column in frame.columns]:
        raise UsageError(f"There is no column {name!r} on both sides.", hint="errors=(TARGET, PREDICTION)")
    return name
