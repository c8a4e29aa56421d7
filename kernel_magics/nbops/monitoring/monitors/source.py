"""The rows that one look takes in: of the prediction log, or of files by a column of time, by when they were written, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.data.reading import read_table
from nbops.data.sources import parts_of, read_source
from nbops.errors import DataError, NbopsError, meant
from nbops.monitoring.monitors.between import newest_time, read_between
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.subject import split_model
from nbops.monitoring.monitors.window import ALL, Window, read_window
from nbops.records import Monitor
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

# Numbers greater than the first are of so many in a second since the epoch: nano-, micro- or milliseconds; 1e11 seconds are
# the year 5138.
_FINER = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


class NothingYet(NbopsError):
    """A window holds nothing that could be looked at; that is no trouble by itself."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one look, and the time they are of, in seconds since the epoch, where it is known."""

    frame: pd.DataFrame
    start: float | None = None
    end: float | None = None


def read_rows(workspace: Workspace, monitor: Monitor, end: float, *, strict: bool = True) -> Rows:
    """Give the rows of the window that ends at a time.

    Parameters
    ----------
    workspace
        Where relative paths start.
    monitor
        What is read, and how much of it.
    end
        Where the window ends, in seconds since the epoch.
    strict
        Keep to that end; if not, and the data end before the window begins, the window ends with them.

    Raises
    ------
    DataError
        The data cannot be read, or have no such column of time.
    NotFoundError
        There are no such files.
    """
    window = read_window(monitor.window)
    if monitor.source == PREDICTIONS:
        return _predictions(workspace, monitor, window, end)
    if monitor.time:
        return _by_column(_file(workspace, monitor.source), monitor, window, end, strict)
    if window.timed:
        return _by_change(workspace, monitor, window, end)
    frame = read_source(_file(workspace, monitor.source))
    return Rows(frame if window.unit == ALL else frame.tail(window.count))


def file_of(workspace: Workspace, source: str) -> str:
    """Give where a file, folder or pattern lies; other sources as they are."""
    return _file(workspace, source)


def _file(workspace: Workspace, source: str) -> str:
    if "://" in source or source.startswith(("sklearn:", "env:")):
        return source
    return str(workspace.root / Path(source).expanduser())


def _predictions(workspace: Workspace, monitor: Monitor, window: Window, end: float) -> Rows:
    from nbops.monitoring.predictions import read_predictions

    name, _ = split_model(monitor.model)
    start, until = window.bounds(end, monitor.timezone) if window.timed else (None, end)
    newest = window.count if window.unit == "rows" else None
    frame = read_predictions(workspace, name, start=start, end=until, newest=newest)
    if start is None and len(frame):
        start = float(frame["at"].min())
    return Rows(frame, start, until)


def _by_column(source: str, monitor: Monitor, window: Window, end: float, strict: bool) -> Rows:
    if not window.timed:
        return _last(read_source(source), monitor, window, end)
    if not strict:
        end = _end_of_data(source, monitor, window, end)
    start, _ = window.bounds(end, monitor.timezone)
    frame = read_between(source, monitor.time, start, end)
    times = times_of(frame, monitor)
    inside = (times >= start) & (times < end)
    return Rows(frame[inside.to_numpy()], start, end)


def _end_of_data(source: str, monitor: Monitor, window: Window, end: float) -> float:
    """Give where a window ends that is to hold rows: at the newest, where that is before it would begin."""
    only = newest_time(source, monitor.time)
    known = times_of(read_source(source) if only is None else only, monitor).dropna()
    newest = float(known.max()) if len(known) else end
    # The newest row belongs to it.
    return newest + 1e-3 if newest < window.bounds(end, monitor.timezone)[0] else end


def _last(frame: pd.DataFrame, monitor: Monitor, window: Window, end: float) -> Rows:
    times = times_of(frame, monitor)
    inside = times < end
    frame, times = frame[inside.to_numpy()], times[inside]
    if window.unit == "rows":
        newest = times.sort_values(kind="stable").index[-window.count :]
        frame, times = frame.loc[newest], times.loc[newest]
    return Rows(frame, float(times.min()) if len(times) else None, float(times.max()) if len(times) else end)


def times_of(frame: pd.DataFrame, monitor: Monitor) -> pd.Series:
    """Give the time of each row in seconds since the epoch; times without a zone are of the monitor's.

    Raises
    ------
    DataError
        There is no such column, or it holds no times.
    """
    import pandas as pd

    if monitor.time not in frame.columns:
        names = [str(name) for name in frame.columns]
        raise DataError(
            f"The data have no column {monitor.time!r}.",
            hint=meant(monitor.time, names) or f"They have {', '.join(names[:20])}.",
        )
    column = frame[monitor.time]
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype(float)
        largest = numbers.abs().max()
        return numbers / next((many for least, many in _FINER if largest > least), 1.0)
    try:
        moments = column if pd.api.types.is_datetime64_any_dtype(column) else pd.to_datetime(column, format="ISO8601")
    except (ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(f"The column {monitor.time!r} holds no times: {said}.") from error
    if moments.dt.tz is None:
        # Of an hour that comes twice the first is meant.
        moments = moments.dt.tz_localize(monitor.timezone, ambiguous=True, nonexistent="shift_forward")
    epoch = pd.Timestamp("1970-01-01", tz="UTC")
    found: pd.Series = (moments - epoch).dt.total_seconds()
    return found


def _by_change(workspace: Workspace, monitor: Monitor, window: Window, end: float) -> Rows:
    start, _ = window.bounds(end, monitor.timezone)
    parts = [part for part in parts_of(_file(workspace, monitor.source)) if start <= part.stat().st_mtime < end]
    if not parts:
        raise NothingYet(f"No file of {monitor.source} was written in the window.")
    return Rows(_joined(parts), start, end)


def _joined(parts: Sequence[Path]) -> pd.DataFrame:
    import pandas as pd

    frames = [read_table(part) for part in parts]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
