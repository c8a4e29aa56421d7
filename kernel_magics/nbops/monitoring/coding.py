"""Rows of both sides as small whole numbers, a group each: what a search over subsets of rows counts again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import ColumnProfile, Profile
from nbops.monitoring.wording import not_compared
from nbops.redaction import redacted_cells

if TYPE_CHECKING:
    import pandas as pd

Codes = np.ndarray[Any, np.dtype[np.int16]]
COMPARABLE = frozenset({"number", "category", "boolean"})
_MISSING = "missing"
_TRUTH = {"True": "1", "False": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column as groups.

    ``reference`` and ``current`` have shapes ``(rows,)`` of their frames; the last group is missing values. ``cuts`` are the upper
    ends of all groups of numbers but the last, ``labels`` the categories (the last but one is all others); ``size`` groups in all.
    """

    name: str
    kind: str
    reference: Codes
    current: Codes
    size: int
    cuts: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether groups are neighbours in a scale."""
        return self.kind == "number"

    @property
    def gaps(self) -> bool:
        """Whether values are missing on any side."""
        return any(bool((side == self.size - 1).any()) for side in (self.reference, self.current))

    def words(self, group: int, *, upto: bool = False, beyond: bool = False, without: bool = False) -> str:
        """Say what a group, all up to it, all beyond it, or all without it are."""
        if group == self.size - 1:
            return f"{self.name} is {'not ' if without else ''}{_MISSING}"
        if self.ordered:
            if upto or (group == 0 and not (beyond or without)):
                return f"{self.name} ≤ {self.cuts[group]:.6g}"
            if beyond or group == len(self.cuts):
                return f"{self.name} > {self.cuts[min(group, len(self.cuts) - 1) if beyond else group - 1]:.6g}"
            return f"{self.name} {'not ' if without else ''}from {self.cuts[group - 1]:.6g} to {self.cuts[group]:.6g}"
        return f"{self.name} is {'not ' if without else ''}{self.labels[group]}"


def comparable(
    before: Profile, after: Profile, columns: Sequence[str] | None, left_out: Sequence[str] = ()
) -> list[str]:
    """Give the columns that both sides have as the same kind of number, category or truth value."""
    found = []
    for column in before.columns:
        other = after.column(column.name)
        if other is None or column.name in left_out or (columns is not None and column.name not in columns):
            continue
        if column.kind == other.kind and column.kind in COMPARABLE and not not_compared(column, other):
            found.append(column.name)
    return found


def coded(
    profile: ColumnProfile, reference: pd.Series, current: pd.Series, *, groups: int, categories: int
) -> Coded | None:
    """Code a column by quantiles of the reference, or by its most frequent categories and those of the current data.

    Parameters
    ----------
    profile
        Of the reference's column; says its kind.
    reference, current
        Shapes ``(n,)`` and ``(m,)``.
    groups, categories
        How many at most. Numbers with as few different values have one group for each.

    Returns
    -------
    Coded or None
        Nothing for a column without two groups.
    """
    if profile.kind == "number":
        return _numbers(profile.name, floats(reference), floats(current), groups)
    return _categories(profile, reference, current, categories)


def floats(values: pd.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read a column as floats, shape ``(n,)``; NaN where it is missing or no number, lengths of time in seconds."""
    import pandas as pd
    from pandas.api import types

    if types.is_timedelta64_dtype(values.dtype):
        values = values.dt.total_seconds()
    numbers = pd.to_numeric(values, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))


def alike_words(reference: pd.Series, current: pd.Series) -> list[pd.Series]:
    """Give the values of both sides as words, ``None`` where missing: 1 and 1.0 are one word, and so are 1 and true beside it."""
    from nbops.data.values import word_of

    sides = [values.astype("object").where(values.notna(), None) for values in (reference, current)]
    sides = [values.map(word_of, na_action="ignore") for values in sides]
    known = [set(values.dropna().unique()) for values in sides]
    for names in (_TRUTH, {digit: word for word, digit in _TRUTH.items()}):
        if known[1] and known[1] <= names.keys() and known[0] and known[0] <= set(names.values()):
            sides[1] = sides[1].map(names, na_action="ignore")
            break
    return sides


def _numbers(name: str, reference: Any, current: Any, groups: int) -> Coded | None:
    finite = reference[np.isfinite(reference)]
    if not len(finite):
        return None
    known = np.unique(finite[:: max(1, len(finite) // 20_000)])
    if len(known) <= groups:
        cuts = (known[:-1] + known[1:]) / 2
    else:
        cuts = np.unique(np.quantile(finite, np.arange(1, groups) / groups))
        cuts = cuts[cuts < finite.max()]
    size = len(cuts) + 2
    sides = []
    for values in (reference, current):
        codes = np.searchsorted(cuts, values, "left").astype(np.int16)
        codes[np.isnan(values)] = size - 1
        sides.append(codes)
    # A constant is still told from missing; without either there is nothing to tell.
    if size == 2 and not any((side == 1).any() for side in sides):
        return None
    return Coded(
        name=name, kind="number", reference=sides[0], current=sides[1], size=size, cuts=tuple(float(c) for c in cuts)
    )


def _categories(profile: ColumnProfile, reference: pd.Series, current: pd.Series, most: int) -> Coded | None:
    import pandas as pd

    texts = alike_words(reference, current)
    counts = [values.value_counts(normalize=True) for values in texts]
    total = counts[0].add(counts[1], fill_value=0.0)
    ordered = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))
    labels = tuple(str(name) for name, _ in ordered[:most])
    if not labels:
        return None
    place = {name: i for i, name in enumerate(labels)}
    others, missing = len(labels), len(labels) + 1
    sides = []
    for values in texts:
        codes, known = pd.factorize(values)
        table = np.array([*(place.get(name, others) for name in known), missing], np.int16)
        sides.append(table[codes])
    return Coded(
        name=profile.name,
        kind=profile.kind,
        reference=sides[0],
        current=sides[1],
        size=missing + 1,
        labels=(*redacted_cells(profile.name, labels), "another"),
    )
