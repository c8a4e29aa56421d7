"""The kinds of feature steps, by name: what each can be told, and the functions that learn and apply it.

==================  =============================================================================================
``dates``           year, month, day, weekday, hour, and days since the first date of the rows learnt from
``frequency``       the share of the rows learnt from that have the same value; 0 for one never seen
``target_encoding`` the mean target of the rows with the same value, shrunk to the overall mean (Micci-Barreca 2001);
                    rows learnt from are encoded by the other folds; a value never seen gets the overall mean
``interactions``    product, ratio, difference or sum of each pair of columns, or both values as one (``cross``)
``lag``             the value that many moments earlier of the same entity
``rolling``         mean, minimum, maximum, sum or deviation of that many earlier moments of the same entity
``log``             sign(x) log(1 + abs(x))
``bins``            the number of the quantile bin of the rows learnt from
``missing``         1 where the value is missing
``drop``            leaves columns out
==================  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbops.features import columns as plain
from nbops.features import encoding, past

if TYPE_CHECKING:
    import pandas as pd

State = dict[str, Any]
Learn = Callable[["pd.DataFrame", Mapping[str, Any], "pd.Series | None", str], "tuple[State, pd.DataFrame]"]
Apply = Callable[["pd.DataFrame", Mapping[str, Any], State], "pd.DataFrame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What a step can be told: type, default, the values it may have, whether it names columns."""

    kind: type | tuple[type, ...]
    meaning: str
    default: Any = None
    needed: bool = False
    columns: bool = False
    among: tuple[str, ...] = ()
    least: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of step. ``replaces``: its columns go, unless ``keep`` is set; ``looks_back``: rows depend on earlier rows."""

    name: str
    learn: Learn
    apply: Apply
    options: Mapping[str, Option] = field(default_factory=dict)
    replaces: bool = False
    looks_at_target: bool = False
    looks_back: bool = False


def _columns(meaning: str = "columns: a list of names") -> Option:
    return Option(kind=list, needed=True, columns=True, meaning=meaning)


_KEEP = Option(kind=bool, default=False, meaning="keep: true leaves the columns beside what is made of them")
_PAST = {
    "column": Option(kind=str, needed=True, columns=True, meaning="column: whose earlier values"),
    "time": Option(kind=str, needed=True, columns=True, meaning="time: the column that orders the rows"),
    "by": Option(kind=list, default=(), columns=True, meaning="by: columns that name the entity, such as a shop"),
}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="dates",
            learn=plain.learn_dates,
            apply=plain.dates,
            replaces=True,
            options={
                "columns": _columns(),
                "parts": Option(
                    kind=list,
                    default=("year", "month", "day", "weekday", "hour"),
                    among=plain.PARTS,
                    meaning="parts: a list",
                ),
                "keep": _KEEP,
            },
        ),
        Kind(
            name="frequency",
            learn=encoding.learn_frequency,
            apply=encoding.frequency,
            replaces=True,
            options={"columns": _columns(), "keep": _KEEP},
        ),
        Kind(
            name="target_encoding",
            learn=encoding.learn_target,
            apply=encoding.target,
            replaces=True,
            looks_at_target=True,
            options={
                "columns": _columns(),
                "keep": _KEEP,
                "folds": Option(kind=int, default=5, least=2, meaning="folds: how many, 2 or more"),
                "smooth": Option(kind=int, default=10, least=0, meaning="smooth: as many rows of the overall mean"),
            },
        ),
        Kind(
            name="interactions",
            learn=plain.without_learning(plain.interactions),
            apply=plain.interactions,
            options={
                "columns": _columns("columns: two or more names"),
                "kind": Option(kind=str, default="product", among=plain.PAIRS, meaning="kind: how a pair becomes one"),
            },
        ),
        Kind(
            name="lag",
            learn=past.learn_lag,
            apply=past.lag,
            looks_back=True,
            options=_PAST | {"lags": Option(kind=list, default=(1,), least=1, meaning="lags: how many moments back")},
        ),
        Kind(
            name="rolling",
            learn=past.learn_rolling,
            apply=past.rolling,
            looks_back=True,
            options=_PAST
            | {
                "window": Option(kind=int, default=7, least=1, meaning="window: how many earlier moments"),
                "statistic": Option(
                    kind=str, default="mean", among=past.STATISTICS, meaning="statistic: of the window"
                ),
            },
        ),
        Kind(
            name="log",
            learn=plain.without_learning(plain.logarithms),
            apply=plain.logarithms,
            replaces=True,
            options={"columns": _columns(), "keep": _KEEP},
        ),
        Kind(
            name="bins",
            learn=plain.learn_bins,
            apply=plain.bins,
            replaces=True,
            options={
                "columns": _columns(),
                "count": Option(kind=int, default=10, least=2, meaning="count: how many bins"),
                "keep": _KEEP,
            },
        ),
        Kind(
            name="missing",
            learn=plain.without_learning(plain.missing),
            apply=plain.missing,
            options={"columns": _columns()},
        ),
        Kind(
            name="drop",
            learn=plain.without_learning(plain.nothing),
            apply=plain.nothing,
            replaces=True,
            options={"columns": _columns()},
        ),
    )
}
