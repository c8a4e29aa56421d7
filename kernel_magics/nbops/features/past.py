"""Steps that look back: earlier values of the same entity, never the present or a later one.

Rows of one entity at one moment are one moment, whose value is their mean; a row sees moments strictly before its own. What
the last moments of the rows learnt from were is remembered, so that the first rows scored later have a past; where a row to
be scored is of a moment that is remembered, the row counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.typed import as_numbers, as_times, as_words

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, Any]
State = dict[str, Any]

STATISTICS = ("mean", "min", "max", "sum", "std")
_ENTITY, _TIME, _VALUE = "entity", "time", "value"
_APART = "\x1f"
_NEVER = np.iinfo(np.int64).min


def learn_lag(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
    """Remember the last moments of each entity."""
    return _remembered(frame, options, max(options["lags"])), lag(frame, options, {})


def lag(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give the value of earlier moments; missing where there are not as many."""
    shifted = {
        f"{options['column']}_lag_{back}": (lambda values, back=back: values.groupby(level=0, sort=False).shift(back))
        for back in options["lags"]
    }
    return _looked_back(frame, options, state, shifted)


def learn_rolling(frame: pd.DataFrame, options: Options, target: Any, task: str) -> tuple[State, pd.DataFrame]:
    """Remember as many last moments of each entity as a window has."""
    return _remembered(frame, options, options["window"]), rolling(frame, options, {})


def rolling(frame: pd.DataFrame, options: Options, state: State) -> pd.DataFrame:
    """Give a statistic of the last earlier moments; of as many as there are, missing where there is none."""
    window, statistic = options["window"], options["statistic"]

    def summed_up(values: pd.Series) -> pd.Series:
        earlier = [values.groupby(level=0, sort=False).shift(back) for back in range(1, window + 1)]
        return pd.concat(earlier, axis=1).agg(statistic, axis=1)

    import pandas as pd

    return _looked_back(frame, options, state, {f"{options['column']}_{statistic}_{window}": summed_up})


def _looked_back(
    frame: pd.DataFrame, options: Options, state: State, made: Mapping[str, Callable[[pd.Series], pd.Series]]
) -> pd.DataFrame:
    import pandas as pd

    own = _moments(frame, options)
    values = _values(own)
    before = _history(state)
    if len(before):
        values = pd.concat([before[~before.index.isin(values.index)], values]).sort_index(kind="stable")
    at = pd.MultiIndex.from_frame(own[[_ENTITY, _TIME]])
    found = {name: function(values).reindex(at).to_numpy() for name, function in made.items()}
    return pd.DataFrame(found, index=frame.index)


def _moments(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Give entity, time (nanoseconds) and value of each row."""
    import pandas as pd

    entity = pd.Series("", index=frame.index, dtype=object)
    for name in options["by"]:
        entity = entity + as_words(frame[name]).fillna("") + _APART
    given: pd.Series = frame[str(options["time"])]
    value: pd.Series = as_numbers(frame[str(options["column"])])
    if pd.api.types.is_numeric_dtype(given.dtype):
        moment = as_numbers(given)
    else:
        found = as_times(given).astype("datetime64[ns]")
        # Nanoseconds as whole numbers: a float would take neighbours together.
        moment = pd.Series(found.to_numpy().view("i8"), index=frame.index).where(found.notna(), _NEVER)
    return pd.DataFrame({_ENTITY: entity, _TIME: moment, _VALUE: value})


def _values(own: pd.DataFrame) -> pd.Series:
    """Give the value of each moment, in order."""
    known = own[_dated(own)]
    return known.groupby([_ENTITY, _TIME], sort=True)[_VALUE].mean()


def _dated(own: pd.DataFrame) -> pd.Series:
    return own[_TIME].notna() & (own[_TIME] != _NEVER)


def _remembered(frame: pd.DataFrame, options: Options, depth: int) -> State:
    last = _values(_moments(frame, options)).groupby(level=0, sort=False).tail(depth)
    return {
        "entities": [str(name) for name in last.index.get_level_values(0)],
        "times": np.asarray(last.index.get_level_values(1).to_numpy()),
        "values": last.to_numpy(dtype=float),
    }


def _history(state: State) -> pd.Series:
    import pandas as pd

    if not state:
        return pd.Series(dtype=float)
    index = pd.MultiIndex.from_arrays(
        [pd.Index(state["entities"], dtype=object), state["times"]], names=[_ENTITY, _TIME]
    )
    return pd.Series(state["values"], index=index)
