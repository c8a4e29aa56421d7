"""What a comparison of two data sets found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

# Columns that carry less of the model than this hardly matter.
LIGHT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """The verdict on one column.

    ``status`` is ``drift``, ``quality``, ``steady`` or ``not compared``; ``reason`` says it in words; ``effect`` is the KS
    distance, or the total variation beyond chance; ``p`` its p-value, adjusted over the whole report; ``limit`` what
    ``measure`` (the effect, or a statistic with a threshold by hand) had to reach. ``statistics`` are described in
    :mod:`nbops.monitoring.statistics`; of a column with ``aspects`` (hour and weekday of a time, length of a text, …) they
    are those of the aspect that moved most. ``sentinels`` counts marks for missing on both sides. ``role`` is ``prediction`` or
    ``target`` where the column is that; ``why_not`` says why values were not compared.
    """

    name: str
    kind: str
    status: str
    drifted: bool
    reason: str
    effect: float | None = None
    p: float | None = None
    limit: float | None = None
    measure: str = "effect"
    statistics: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    aspects: tuple[Mapping[str, Any], ...] = ()
    sentinels: Mapping[str, list[int]] = field(default_factory=dict)
    picture: Mapping[str, Any] = field(default_factory=dict)
    nulls: tuple[float, float] | None = None
    means: tuple[float | None, float | None] | None = None
    weight: float | None = None
    role: str = ""
    why_not: str = ""

    @property
    def too_few(self) -> bool:
        """Whether a side has too few values for a change to show."""
        return self.status == "steady" and self.reason.startswith("too few rows")

    def with_weight(self, weight: float | None, role: str = "") -> ColumnDrift:
        """Give the same verdict with the column's weight in the model and its role."""
        return replace(self, weight=weight, role=role)


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """The verdict on all columns, the worst first.

    ``alpha`` bounds the probability of any false alarm here, and ``false_alarm`` says what that means; ``detectable`` is the
    smallest KS distance that samples of this size show four times in five, and ``power`` what that means. ``carried`` is
    the share of the model's weight that drifted columns carry, ``None`` where no weights are known. ``note`` says what else
    bears on the figures, ``findings`` what concerns whole rows. ``windows``, ``segments``, ``multivariate`` and
    ``concept`` are JSON-able, and empty where nobody asked for them. ``duplicates`` is the duplicate rate of both sides
    (:func:`nbops.monitoring.rows.duplicate_rows`), where it is known; ``quality`` what broke which rule
    (:func:`nbops.monitoring.ruling.quality_part`), where rules were given.
    """

    columns: tuple[ColumnDrift, ...]
    reference_rows: int
    current_rows: int
    alpha: float
    min_effect: float
    detectable: float
    min_effects: Mapping[str, float] = field(default_factory=dict)
    thresholds: str = "calibrated"
    false_alarm: str = ""
    power: str = ""
    carried: float | None = None
    findings: tuple[str, ...] = ()
    note: str = ""
    title: str = ""
    windows: Mapping[str, Any] = field(default_factory=dict)
    segments: Mapping[str, Any] = field(default_factory=dict)
    multivariate: Mapping[str, Any] = field(default_factory=dict)
    concept: Mapping[str, Any] = field(default_factory=dict)
    duplicates: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)

    @property
    def drifted(self) -> tuple[str, ...]:
        """Names of the columns that have drifted, the worst first."""
        return tuple(column.name for column in self.columns if column.drifted)

    @property
    def matters(self) -> bool | None:
        """Whether what drifted matters to the model: its prediction moved, or it leans on the columns that did.

        ``None``: something has drifted, and neither the prediction nor weights of the columns are known.
        """
        if not self.drifted:
            return False
        if any(column.drifted and column.role for column in self.columns):
            return True
        return None if self.carried is None else self.carried >= LIGHT

    @property
    def sentence(self) -> str:
        """The conclusion in one sentence."""
        drifted = [column for column in self.columns if column.drifted and not column.role]
        compared = [c for c in self.columns if c.status != "not compared" and not c.role]
        quality = [column for column in self.columns if column.status == "quality"]
        parts = _of_roles([column for column in self.columns if column.role and column.status != "not compared"])
        if not compared:
            parts += [] if parts else ["nothing could be compared"]
        elif all(column.too_few for column in compared):
            parts.append(f"too few rows to tell in {len(compared)} column{'' if len(compared) == 1 else 's'}")
        elif not drifted:
            calm = not any(column.drifted for column in self.columns)
            parts.append(f"{'no drift that matters: ' if calm else ''}none of {len(compared)} columns has drifted")
        else:
            told = f"{len(drifted)} of {len(compared)} columns {'has' if len(drifted) == 1 else 'have'} drifted"
            told += f"{_weighed(self.carried, len(drifted))}: "
            told += ", ".join(f"{column.name} ({column.reason})" for column in drifted[:3])
            parts.append(told + (f" and {len(drifted) - 3} more" if len(drifted) > 3 else ""))
        if quality:
            named = ", ".join(f"{column.name} ({column.reason})" for column in quality[:2])
            more = f" and {len(quality) - 2} more" if len(quality) > 2 else ""
            needs = "1 needs" if len(quality) == 1 else f"{len(quality)} need"
            parts.append(f"{needs} a look for data quality: {named}{more}")
        parts += self.findings
        if self.quality.get("findings"):
            parts.append(str(self.quality["sentence"]).rstrip("."))
        told = "; ".join(parts)
        return told[:1].upper() + told[1:] + "."

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: ``columns`` (each with ``name``, ``statistics``, ``drifted``, …) and the report's own facts."""
        return {
            "sentence": self.sentence,
            "drifted": list(self.drifted),
            "matters": self.matters,
            "carried": self.carried,
            "rows": {"reference": self.reference_rows, "current": self.current_rows},
            "alpha": self.alpha,
            "min_effect": self.min_effect,
            "min_effects": dict(self.min_effects),
            "thresholds": self.thresholds,
            "false_alarm": self.false_alarm,
            "detectable": round(self.detectable, 4),
            "power": self.power,
            "findings": list(self.findings),
            "note": self.note,
            "title": self.title,
            "windows": dict(self.windows),
            "segments": dict(self.segments),
            "multivariate": dict(self.multivariate),
            "concept": dict(self.concept),
            "duplicates": dict(self.duplicates),
            "quality": dict(self.quality),
            "columns": [_plain(column) for column in self.columns],
        }


def _of_roles(columns: list[ColumnDrift]) -> list[str]:
    """Say of the prediction and the target what became of them, however many columns they have."""
    found = []
    for role in dict.fromkeys(column.role for column in columns):
        mine = [column for column in columns if column.role == role]
        drifted = [column for column in mine if column.drifted]
        told = drifted or [column for column in mine if column.status == "quality"]
        said = ", ".join(f"{column.name} ({column.reason})" for column in told[:3])
        if drifted:
            found.append(f"the {role} has drifted: {said}")
        else:
            found.append(f"the {role} has not moved" + (f": {said}" if told else ""))
    return found


def _weighed(carried: float | None, count: int) -> str:
    if carried is None:
        return ""
    matters = "and it matters" if carried >= LIGHT else "and it hardly matters"
    return f", {matters} ({'it carries' if count == 1 else 'they carry'} {carried:.0%} of the model's weight)"


def _plain(column: ColumnDrift) -> dict[str, Any]:
    found = asdict(column)
    return {
        **found,
        "statistics": dict(column.statistics),
        "findings": list(column.findings),
        "aspects": [dict(aspect) for aspect in column.aspects],
        "nulls": list(column.nulls) if column.nulls else None,
        "means": list(column.means) if column.means else None,
    }
