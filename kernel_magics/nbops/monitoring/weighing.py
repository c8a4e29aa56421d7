"""What the columns weigh in the model: which come first, and whether what drifted matters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from nbops.errors import UsageError
from nbops.monitoring.report import ColumnDrift

_RANKS = {"drift": 0, "quality": 1, "steady": 2, "not compared": 3}


def ranked(columns: Iterable[ColumnDrift]) -> tuple[ColumnDrift, ...]:
    """Put predictions and targets first, then the worst, the largest effect times weight before others, then as in the frame."""
    return tuple(
        sorted(
            columns,
            key=lambda c: (not c.role, _RANKS[c.status], -(c.effect or 0.0) * _factor(c), -(c.weight or 0.0)),
        )
    )


def carried(columns: Sequence[ColumnDrift]) -> float | None:
    """Give the share of all weight that drifted columns have; ``None`` where there are no weights."""
    whole = sum(column.weight or 0.0 for column in columns)
    if not whole:
        return None
    return float(f"{sum(column.weight or 0.0 for column in columns if column.drifted) / whole:.4g}")


def checked_weights(importance: Mapping[str, float] | None) -> dict[str, float]:
    """Give weights as numbers; a negative one (a feature that did harm when it was measured) is none.

    Raises
    ------
    UsageError
        A weight is no number, or these are no weights by column.
    """
    if importance is not None and not isinstance(importance, Mapping):
        raise UsageError(
            f"importance maps columns to weights; this is a {type(importance).__name__}.",
            hint='importance={"age": 0.3}',
        )
    found = {}
    for name, value in (importance or {}).items():
        try:
            weight = float(value)
        except (TypeError, ValueError):
            weight = math.nan
        if math.isnan(weight):
            raise UsageError(f"The weight of {name} must be a number, not {value!r}.")
        found[str(name)] = max(0.0, weight)
    return found


def _factor(column: ColumnDrift) -> float:
    return 1.0 if column.weight is None else column.weight
