"""What else of a comparison can be asked for: windows over time, segments, the columns together, the relation to a target."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.profile import Profile
from nbops.data.reading import read_table
from nbops.data.sources import read_source
from nbops.errors import UsageError
from nbops.monitoring import arguments
from nbops.monitoring.thresholds import Minimum
from nbops.monitoring.times import time_columns
from nbops.monitoring.window_profiles import learned_from, profiled
from nbops.monitoring.windows import drift_by_window

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """What was asked for; the words are those of :func:`nbops.monitoring.drift.drift`."""

    by: str | int | None = None
    time: str | Sequence[str] | None = None
    against: str = "reference"
    segments: bool | str | Sequence[str] = False
    errors: str | Sequence[str] | None = None
    multivariate: bool = False
    concept: str = ""

    @classmethod
    def checked(
        cls, *, by: Any, time: Any, against: Any, segments: Any, errors: Any, multivariate: Any, concept: Any
    ) -> Further:
        """Give what was asked for, names of columns as texts.

        Raises
        ------
        UsageError
            Something is no name, or no text.
        """
        chosen = segments if segments is None or isinstance(segments, bool) else arguments.names(segments, "segments")
        return cls(
            by=by,
            time=time if time is None or isinstance(time, str) else arguments.names(time, "time"),
            against=arguments.text(against, "against", "previous 4"),
            segments=chosen or False,
            errors=errors if errors is None or isinstance(errors, str) else arguments.names(errors, "errors"),
            multivariate=bool(multivariate),
            concept=str(concept) if isinstance(concept, int) else arguments.text(concept, "concept", "churned"),
        )

    @property
    def anything(self) -> bool:
        """Whether something was."""
        return self.by is not None or self.of_rows

    @property
    def of_rows(self) -> bool:
        """Whether the rows of the reference are needed."""
        return bool(self.segments) or self.errors is not None or self.multivariate or bool(self.concept)

    def time_names(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """Give the columns with the time, which drift by their nature."""
        return () if self.time is None else time_columns(frame, self.time)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides as rows and profiles, and what decides."""

    profiles: tuple[Profile, Profile]
    rows: tuple[pd.DataFrame, pd.DataFrame]
    columns: Sequence[str] | None
    decided: dict[str, Any]


def look_further(
    asked: Further,
    before: Profile,
    after: Profile,
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None,
    left_out: Sequence[str],
    alpha: float,
    minimum: Minimum,
    learn: bool,
) -> dict[str, Any]:
    """Give the further fields of a report that were asked for: ``windows``, ``segments``, ``multivariate``, ``concept``.

    Raises
    ------
    UsageError
        Something asked for cannot be had of these data.
    DataError
        The data cannot be read.
    """
    found: dict[str, Any] = {}
    if asked.by is not None:
        found["windows"] = _windows(asked, before, reference, current, columns, left_out, alpha, minimum, learn)
    if not asked.of_rows:
        return found
    if isinstance(reference, Profile):
        raise UsageError(
            "Segments, columns together and concept need the rows of the reference, and this is a profile.",
            hint="Give the data it was made of.",
        )
    rows = rows_of(reference), rows_of(current)
    decided: dict[str, Any] = {"left_out": asked.time_names(rows[1]), "alpha": alpha, "min_effect": minimum.number}
    sides = _Sides((before, after), rows, columns, decided)
    if asked.segments or asked.errors is not None:
        found["segments"] = _segments(asked, sides)
    if asked.multivariate:
        from nbops.monitoring.multivariate import multivariate

        found["multivariate"] = multivariate(*sides.profiles, *rows, columns=columns, **decided)
    if asked.concept:
        found["concept"] = _concept(asked, sides)
    return found


def _windows(
    asked: Further,
    before: Profile,
    reference: Any,
    current: Any,
    columns: Sequence[str] | None,
    left_out: Sequence[str],
    alpha: float,
    minimum: Minimum,
    learn: bool,
) -> dict[str, Any]:
    by = asked.by if asked.by is not None else "file"
    windows = profiled(before, current if by == "file" else rows_of(current), by, asked.time)
    learned = None
    if learn and not isinstance(reference, Profile):
        own = profiled(before, reference if by == "file" else rows_of(reference), by, asked.time)
        learned = learned_from(own, len(windows.labels), alpha)
    return drift_by_window(
        before,
        windows,
        against=asked.against,
        columns=columns,
        left_out=left_out,
        alpha=alpha,
        minimum=minimum,
        learned=learned,
    )


def _segments(asked: Further, sides: _Sides) -> dict[str, Any]:
    from nbops.monitoring.segments import segment_table, segment_tree

    if asked.segments and asked.segments is not True:
        named = [asked.segments] if isinstance(asked.segments, str) else list(asked.segments)
        return segment_table(*sides.profiles, *sides.rows, named, columns=sides.columns, **sides.decided)
    errors = None if asked.errors is None else _two(asked.errors)
    return segment_tree(*sides.profiles, *sides.rows, columns=sides.columns, errors=errors, **sides.decided)


def _concept(asked: Further, sides: _Sides) -> dict[str, Any]:
    from nbops.monitoring.concept import concept_drift
    from nbops.monitoring.cutting import cut

    windows: tuple[Sequence[str], Any] = ((), None)
    if asked.by not in (None, "file"):
        made = cut(sides.rows[1], asked.by, asked.time)
        windows = made.labels, made.places
    left_out = sides.decided["left_out"]
    if asked.errors is not None:
        left_out = (*left_out, _two(asked.errors)[1])
    return concept_drift(
        *sides.profiles, *sides.rows, asked.concept, windows=windows, left_out=left_out, alpha=sides.decided["alpha"]
    )


def _two(errors: Sequence[str]) -> tuple[str, str]:
    parts = [part.strip() for part in errors.split(",")] if isinstance(errors, str) else [str(part) for part in errors]
    if len(parts) != 2:
        raise UsageError(
            "errors takes two columns: the target and the prediction.", hint="errors=('cnt', 'prediction')"
        )
    return parts[0], parts[1]


def rows_of(source: Any) -> pd.DataFrame:
    """Read all rows of a frame, Arrow table, file, folder or pattern; of several of these, also by name, one after the other.

    Raises
    ------
    DataError
        Something cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        return read_source(os.fspath(source))
    if hasattr(source, "to_batches") and hasattr(source, "to_pandas"):
        frame: pd.DataFrame = source.to_pandas()
        return frame
    parts = list(source.values()) if isinstance(source, Mapping) else source
    if isinstance(parts, (list, tuple)) and parts:
        import pandas as pd

        return pd.concat([rows_of(part) for part in parts], ignore_index=True)
    return read_table(source)
