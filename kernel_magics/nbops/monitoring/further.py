"""What else of a comparison can be asked for: windows over time, segments, the columns together, the relation to a target."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.profile import Profile
from nbops.data.reading import read_table
from nbops.data.sources import read_source
from nbops.errors import UsageError
from nbops.monitoring.times import time_columns
from nbops.monitoring.windows import drift_by_window, profiled

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What was asked for; the words are those of :func:`nbops.monitoring.drift.drift`."""

    by: str | int | None = None
    time: str | Sequence[str] | None = None
    against: str = "reference"
    segments: bool | Sequence[str] = False
    errors: Sequence[str] | None = None

    @property
    def anything(self) -> bool:
        """Whether something was."""
        return self.by is not None or bool(self.segments) or self.errors is not None

    def time_names(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """Give the columns with the time, which drift by their nature."""
        return () if self.time is None else time_columns(frame, self.time)

    @property
    def of_rows(self) -> bool:
        """Whether the rows of the reference are needed."""
        return bool(self.segments) or self.errors is not None


def look_further(
    asked: Further,
    before: Profile,
    after: Profile,
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None,
    alpha: float,
    min_effect: float,
) -> dict[str, Any]:
    """Give the further fields of a report that were asked for: ``windows``, ``segments``.

    Raises
    ------
    UsageError
        Something asked for cannot be had of these data.
    DataError
        The data cannot be read.
    """
    found: dict[str, Any] = {}
    if asked.by is not None:
        windows = profiled(before, current if asked.by == "file" else rows_of(current), asked.by, asked.time)
        found["windows"] = drift_by_window(
            before, windows, against=asked.against, columns=columns, alpha=alpha, min_effect=min_effect
        )
    if asked.of_rows:
        if isinstance(reference, Profile):
            raise UsageError(
                "Segments need the rows of the reference, and this is a profile.", hint="Give the data it was made of."
            )
        found |= _with_rows(asked, (before, after), (rows_of(reference), rows_of(current)), columns, alpha, min_effect)
    return found


def _with_rows(
    asked: Further,
    profiles: tuple[Profile, Profile],
    rows: tuple[pd.DataFrame, pd.DataFrame],
    columns: Sequence[str] | None,
    alpha: float,
    min_effect: float,
) -> dict[str, Any]:
    from nbops.monitoring.segments import segment_table, segment_tree

    shared: dict[str, Any] = {"left_out": asked.time_names(rows[1]), "alpha": alpha, "min_effect": min_effect}
    if asked.segments and asked.segments is not True:
        named = [asked.segments] if isinstance(asked.segments, str) else list(asked.segments)
        return {"segments": segment_table(*profiles, *rows, named, columns=columns, **shared)}
    errors = None if asked.errors is None else _two(asked.errors)
    return {"segments": segment_tree(*profiles, *rows, columns=columns, errors=errors, **shared)}


def _two(errors: Sequence[str]) -> tuple[str, str]:
    parts = [part.strip() for part in errors.split(",")] if isinstance(errors, str) else [str(part) for part in errors]
    if len(parts) != 2:
        raise UsageError("errors takes two columns: the target and the prediction.", hint="errors=('cnt', 'prediction')")
    return parts[0], parts[1]


def rows_of(source: Any) -> pd.DataFrame:
    """Read all rows of a frame, file, folder or pattern; of several of these one after the other.

    Raises
    ------
    DataError
        Something cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        return read_source(os.fspath(source))
    if isinstance(source, (list, tuple)) and source:
        import pandas as pd

        return pd.concat([rows_of(part) for part in source], ignore_index=True)
    return read_table(source)
