"""What else of a comparison can be asked for: windows over time, segments, the columns together, the relation to a target."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.profile import Profile
from nbops.data.reading import read_table
from nbops.data.sources import read_source
from nbops.monitoring.windows import drift_by_window, profiled

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What was asked for; the words are those of :func:`nbops.monitoring.drift.drift`."""

    by: str | int | None = None
    time: str | Sequence[str] | None = None
    against: str = "reference"

    @property
    def anything(self) -> bool:
        """Whether something was."""
        return self.by is not None


def look_further(
    asked: Further,
    before: Profile,
    current: Any,
    *,
    columns: Sequence[str] | None,
    alpha: float,
    min_effect: float,
) -> dict[str, Any]:
    """Give the further fields of a report: ``windows``, those that were asked for.

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
    return found


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
