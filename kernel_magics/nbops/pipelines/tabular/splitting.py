"""Rows to learn from and rows to judge on: at random, by time, by group, once or in folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import DataError, UsageError
from nbops.pipelines.tabular.metrics import CLASSIFICATION

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]
Fold = tuple[Array, Array]

SPLITS = ("auto", "random", "time", "group")
_STRATA = 10
_TRIES = 20


def split_kind(wanted: str, time: str = "", group: str = "") -> str:
    """Give how rows are parted: ``auto`` is by time where a time column is named, else by group, else at random.

    Raises
    ------
    UsageError
        It is of no known kind, or needs a column that is not named.
    """
    if wanted not in SPLITS:
        raise UsageError(f"There is no split {wanted!r}.", hint=f"There are {', '.join(SPLITS)}.")
    kind = wanted if wanted != "auto" else "time" if time else "group" if group else "random"
    if (kind == "time" and not time) or (kind == "group" and not group):
        raise UsageError(f"A split by {kind} needs the name of a column.", hint=f"Set {kind}.")
    return kind


def hold_out(
    frame: pd.DataFrame,
    target: str,
    task: str,
    share: float,
    *,
    split: str = "random",
    time: str = "",
    group: str = "",
    seed: int = 0,
) -> Fold:
    """Give the positions of the rows to learn from and of those held out.

    At random the shares of the classes, or of the target's tenths, are kept alike where there are enough rows. By time the
    latest rows are held out, and all rows of one moment are on one side. By group no group is on both sides; of 20
    draws the one is taken whose sides are most alike.

    Parameters
    ----------
    share
        Part of the rows that is held out, between 0 and 1.
    split
        ``random``, ``time`` or ``group``.

    Raises
    ------
    UsageError
        ``share`` is out of range.
    DataError
        There are too few rows, moments or groups to have some on both sides.
    """
    if not 0 < share < 1:
        raise UsageError(f"The share that is held out must lie between 0 and 1, not {share}.")
    if len(frame) < 2:
        raise DataError(f"{len(frame)} rows cannot be split.", hint="There must be two at least.")
    if split == "time":
        return _by_time(frame[time], time, share)
    if split == "group":
        return _by_group(frame[group], _strata(frame[target], task), group, share, seed)
    from sklearn.model_selection import train_test_split

    strata: pd.Series | None = _strata(frame[target], task)
    held = max(1, min(len(frame) - 1, round(share * len(frame))))
    assert strata is not None
    if strata.value_counts().min() < 2 or min(held, len(frame) - held) < strata.nunique():
        strata = None  # too few rows of a kind to have it on both sides
    learn, rest = train_test_split(np.arange(len(frame)), test_size=held, random_state=seed, stratify=strata)
    return learn, rest


def folds_of(
    target: pd.Series,
    task: str,
    folds: int,
    *,
    time: pd.Series | None = None,
    group: pd.Series | None = None,
    seed: int = 0,
) -> list[Fold]:
    """Give the folds of a cross-validation: positions to learn from and to judge on.

    With a time, each fold is judged on rows later than those it learns from; with a group, no group is on both sides; else
    classes are spread alike. There are fewer folds than asked for where the rows do not allow more, none for fewer than four.

    Raises
    ------
    UsageError
        ``folds`` is less than 2.
    """
    from sklearn import model_selection as ms

    if folds < 2:
        raise UsageError(f"A cross-validation has two folds at least, not {folds}.")
    rows = np.arange(len(target))
    if len(rows) < 4:
        return []
    if time is not None:
        return _forward(time, min(folds, max(2, len(rows) // 2)))
    if group is not None:
        names = group.astype(str).to_numpy()
        count = min(folds, len(np.unique(names)))
        if count < 2:
            return []
        return list(ms.GroupKFold(count, shuffle=True, random_state=seed).split(rows, groups=names))
    count = min(folds, len(rows) // 2)
    if task == CLASSIFICATION:
        smallest = int(target.value_counts().min())
        if smallest >= 2:
            kept = ms.StratifiedKFold(min(count, smallest), shuffle=True, random_state=seed)
            return list(kept.split(rows, target.astype(str)))
    return list(ms.KFold(count, shuffle=True, random_state=seed).split(rows))


def described(split: str, time: str, group: str) -> str:
    """Say in words how rows are parted."""
    return {"time": f"the latest by {time}", "group": f"whole groups of {group}"}.get(split, "drawn at random")


def _by_time(values: pd.Series, name: str, share: float) -> Fold:
    order = _moments(values)
    if np.isnan(order).any():
        raise DataError(f"{int(np.isnan(order).sum())} rows have no {name!r}.", hint="Fill them, or split at random.")
    moments = np.sort(order)
    wanted = len(moments) - max(1, min(len(moments) - 1, round(share * len(moments))))
    # The cut lies between two moments, the nearest to what was asked for that leaves rows on both sides.
    cuts = np.flatnonzero(np.diff(moments) > 0) + 1
    if not len(cuts):
        raise DataError(f"All rows have the same {name!r}, so none is later.", hint="Split at random.")
    cut = cuts[np.argmin(abs(cuts - wanted))]
    early = order < moments[cut]
    return np.flatnonzero(early), np.flatnonzero(~early)


def _by_group(values: pd.Series, strata: pd.Series, name: str, share: float, seed: int) -> Fold:
    import pandas as pd

    if values.isna().any():
        raise DataError(f"{int(values.isna().sum())} rows have no {name!r}.", hint="Fill them, or split at random.")
    codes, groups = pd.factorize(values.astype(str), sort=True)
    if len(groups) < 2:
        raise DataError(f"There is one group of {name!r} only.", hint="Split at random.")
    draw = np.random.default_rng(seed)
    whole = strata.value_counts(normalize=True)
    best: tuple[float, Array] = (np.inf, np.zeros(0, bool))
    for _ in range(_TRIES):
        order = draw.permutation(len(groups))
        reached = np.cumsum(np.bincount(codes)[order])
        taken = order[: max(1, min(len(groups) - 1, int(np.argmin(abs(reached - share * len(codes)))) + 1))]
        held = np.isin(codes, taken)
        shares = strata[held].value_counts(normalize=True).reindex(whole.index, fill_value=0.0)
        unlike = float(abs(shares - whole).sum()) + 2 * abs(held.mean() - share)
        if unlike < best[0]:
            best = (unlike, held)
    return np.flatnonzero(~best[1]), np.flatnonzero(best[1])


def _forward(time: pd.Series, folds: int) -> list[Fold]:
    """Cut the moments into one part more than folds: each is judged on after learning from all before it."""
    order = _moments(time)
    known = np.flatnonzero(~np.isnan(order))
    parts = np.array_split(np.unique(order[known]), folds + 1)
    cuts = [part[0] for part in parts[1:] if len(part)]
    found: list[Fold] = []
    for start, end in zip(cuts, [*cuts[1:], np.inf], strict=True):
        learn, judge = np.flatnonzero(order < start), np.flatnonzero((order >= start) & (order < end))
        if len(learn) > 1 and len(judge):
            found.append((learn, judge))
    return found


def _moments(values: pd.Series) -> Array:
    """Give times, or numbers that order the rows, as floats; seconds are exact."""
    import pandas as pd

    from nbops.data.typed import as_numbers, as_times

    if pd.api.types.is_numeric_dtype(values.dtype):
        return as_numbers(values).to_numpy()
    when = as_times(values)
    return np.asarray((when - pd.Timestamp(0)) / pd.Timedelta(seconds=1), dtype=float)


def _strata(target: pd.Series, task: str) -> pd.Series:
    import pandas as pd

    if task == CLASSIFICATION:
        return target.astype(str)
    tenths: pd.Series = pd.qcut(target.rank(method="first"), min(_STRATA, len(target)), labels=False)
    return tenths


def newest(frame: pd.DataFrame, share: float, time: str = "") -> Fold:
    """Give the positions of the older rows and of the newest; without a time column the last in their order.

    Raises
    ------
    DataError
        All rows are of one moment, or there are fewer than two.
    """
    if time:
        return _by_time(frame[time], time, share)
    if len(frame) < 2:
        raise DataError(f"{len(frame)} rows cannot be split.")
    cut = len(frame) - max(1, min(len(frame) - 1, round(share * len(frame))))
    return np.arange(cut), np.arange(cut, len(frame))
