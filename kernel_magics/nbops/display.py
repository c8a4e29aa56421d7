"""Objects that show themselves in a notebook: records of the lower floors joined with their views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from nbops.monitoring import drift as engine
from nbops.monitoring.report import DriftReport
from nbops.views.drift import drift_html, drift_text

DRIFT_MIME = "application/vnd.nbops.drift.v1+json"


class ShownDriftReport(DriftReport):
    """A drift report that a notebook, a static page and a terminal can show."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        data = self.to_dict()
        return {DRIFT_MIME: data, "text/html": drift_html(data), "text/plain": drift_text(data)}

    def _repr_html_(self) -> str:
        return drift_html(self.to_dict())

    def __str__(self) -> str:
        return drift_text(self.to_dict())


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = 0.01,
    min_effect: float = 0.03,
    importance: Mapping[str, float] | None = None,
) -> ShownDriftReport:
    """Compare two data sets; see :func:`nbops.monitoring.drift.drift`. The result shows itself in a notebook.

    Parameters
    ----------
    reference, current
        DataFrames or paths of files.
    columns
        Only these; all by default.
    alpha
        Largest probability of any false alarm in the whole report.
    min_effect
        Smallest KS distance (numbers) or total variation (categories) that counts.
    importance
        Weight of each column in the model; orders the report.

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``alpha`` or ``min_effect`` is out of range, or a column does not exist.
    """
    found = engine.drift(reference, current, columns=columns, alpha=alpha, min_effect=min_effect, importance=importance)
    return ShownDriftReport(**{field.name: getattr(found, field.name) for field in fields(found)})
