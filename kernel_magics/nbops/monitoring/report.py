"""What a comparison of two data sets found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """The verdict on one column.

    ``status`` is ``drift``, ``quality``, ``steady`` or ``not compared``; ``reason`` says it in words; ``effect`` is the KS
    distance or total variation; ``statistics`` are described in :mod:`nbops.monitoring.statistics`.
    """

    name: str
    kind: str
    status: str
    drifted: bool
    reason: str
    effect: float | None = None
    statistics: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    picture: Mapping[str, Any] = field(default_factory=dict)
    nulls: tuple[float, float] | None = None
    means: tuple[float | None, float | None] | None = None
    weight: float | None = None

    def with_weight(self, weight: float | None) -> ColumnDrift:
        """Give the same verdict with the column's weight in the model."""
        return self if weight is None else replace(self, weight=weight)


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """The verdict on all columns, the worst first.

    ``alpha`` bounds the probability of any false alarm here; ``detectable`` is the smallest KS distance that samples of
    this size show four times in five; ``note`` says what else bears on the figures. ``windows``, ``segments``, ``multivariate``
    and ``concept`` are JSON-able, and empty where nobody asked for them.
    """

    columns: tuple[ColumnDrift, ...]
    reference_rows: int
    current_rows: int
    alpha: float
    min_effect: float
    detectable: float
    note: str = ""
    title: str = ""
    windows: Mapping[str, Any] = field(default_factory=dict)
    segments: Mapping[str, Any] = field(default_factory=dict)
    multivariate: Mapping[str, Any] = field(default_factory=dict)
    concept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of the columns that have drifted, the worst first."""
        return tuple(column.name for column in self.columns if column.drifted)

    @property
    def sentence(self) -> str:
        """The conclusion in one sentence."""
        drifted = [column for column in self.columns if column.drifted]
        compared = sum(column.status != "not compared" for column in self.columns)
        quality = sum(column.status == "quality" for column in self.columns)
        if not drifted:
            told = f"None of {compared} columns has drifted"
        else:
            told = f"{len(drifted)} of {compared} columns {'has' if len(drifted) == 1 else 'have'} drifted: "
            told += ", ".join(f"{column.name} ({column.reason})" for column in drifted[:3])
            told += f" and {len(drifted) - 3} more" if len(drifted) > 3 else ""
        if quality:
            told += f"; {quality} {'needs' if quality == 1 else 'need'} a look for data quality"
        return told + "."

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: ``columns`` (each with ``name``, ``statistics``, ``drifted``, …) and the report's own facts."""
        return {
            "sentence": self.sentence,
            "drifted": list(self.drifted),
            "rows": {"reference": self.reference_rows, "current": self.current_rows},
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "detectable": round(self.detectable, 4),
            "note": self.note,
            "title": self.title,
            "windows": dict(self.windows),
            "segments": dict(self.segments),
            "multivariate": dict(self.multivariate),
            "concept": dict(self.concept),
            "columns": [_plain(column) for column in self.columns],
        }


def _plain(column: ColumnDrift) -> dict[str, Any]:
    found = asdict(column)
    return {
        **found,
        "statistics": dict(column.statistics),
        "findings": list(column.findings),
        "nulls": list(column.nulls) if column.nulls else None,
        "means": list(column.means) if column.means else None,
    }
