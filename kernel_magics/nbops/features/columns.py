"""Steps that look at single columns, or pairs of them, of the row itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.typed import as_numbers, as_times, as_words

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, Any]
State = dict[str, Any]

PARTS = ("year", "month", "day", "weekday", "hour", "yearday", "elapsed")
PAIRS = ("product", "ratio", "difference", "sum", "cross")


def without_learning(apply: Callable[[pd.DataFrame, Options, State], pd.DataFrame]) -> Callable[..., Any]:
    """Give the function that learns a step which has nothing to learn."""

    def learn(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
        return {}, apply(frame, options, {})

    return learn


def learn_dates(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
    """Learn from which date on days are counted, and which columns have hours."""
    state: State = {}
    for name in options["columns"]:
        known = as_times(frame[name]).dropna()
        state[name] = {
            "first": known.min().isoformat() if len(known) else "1970-01-01",
            "hours": bool((known.dt.normalize() != known).any()),
        }
    return state, dates(frame, options, state)


def dates(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give the parts of dates as numbers, missing where the date is."""
    import pandas as pd

    found: dict[str, Any] = {}
    for name in options["columns"]:
        when, learnt = as_times(frame[name]), state[name]
        for part in options["parts"]:
            if part == "elapsed":
                found[f"{name}_days"] = (when - pd.Timestamp(learnt["first"])) / pd.Timedelta(days=1)
            elif part != "hour" or learnt["hours"]:
                attribute = {"weekday": "day_of_week", "yearday": "day_of_year"}.get(part, part)
                found[f"{name}_{part}"] = getattr(when.dt, attribute).astype(float)
    return _made(frame, found)


def interactions(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Make one column of each pair."""
    found: dict[str, Any] = {}
    for a, b in combinations(options["columns"], 2):
        if options["kind"] == "cross":
            one, other = as_words(frame[a]), as_words(frame[b])
            found[f"{a} & {b}"] = (one.fillna("") + " & " + other.fillna("")).where(one.notna() | other.notna())
            continue
        x, y = as_numbers(frame[a]), as_numbers(frame[b])
        sign, value = {
            "product": ("*", x * y),
            "sum": ("+", x + y),
            "difference": ("-", x - y),
            "ratio": ("/", x / y.where(y != 0)),
        }[options["kind"]]
        found[f"{a} {sign} {b}"] = value
    return _made(frame, found)


def logarithms(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give sign(x) log(1 + abs(x))."""
    given = {name: as_numbers(frame[name]) for name in options["columns"]}
    return _made(frame, {f"{name}_log": np.sign(values) * np.log1p(values.abs()) for name, values in given.items()})


def learn_bins(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
    """Learn the inner edges of quantile bins."""
    shares = np.linspace(0, 1, options["count"] + 1)[1:-1]
    state: State = {}
    for name in options["columns"]:
        known = as_numbers(frame[name]).dropna().to_numpy()
        state[name] = np.unique(np.quantile(known, shares)).tolist() if len(known) else []
    return state, bins(frame, options, state)


def bins(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give the number of the bin of each value."""
    found = {}
    for name in options["columns"]:
        values = as_numbers(frame[name])
        place = np.searchsorted(state[name], values.to_numpy(), side="right").astype(float)
        found[f"{name}_bin"] = np.where(values.isna(), np.nan, place)
    return _made(frame, found)


def missing(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give 1 where a value is missing."""
    return _made(frame, {f"{name}_missing": frame[name].isna().astype(float) for name in options["columns"]})


def nothing(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give no column."""
    return _made(frame, {})


def _made(frame: pd.DataFrame, found: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(dict(found), index=frame.index)
