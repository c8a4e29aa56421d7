"""Two data sets compared for a notebook: the reference may be named, the report shows itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from nbops.display.drift_report import ShownDriftReport, described
from nbops.display.references import resolved, with_rows
from nbops.monitoring import drift as engine
from nbops.monitoring.ruling import asks_for, ruled
from nbops.workspace import Workspace


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = 0.05,
    min_effect: float | None = None,
    thresholds: str | Mapping[str, Any] = "calibrated",
    reference_windows: int | Sequence[Any] | None = None,
    importance: Mapping[str, float] | None = None,
    prediction: str | Sequence[str] = (),
    target: str | Sequence[str] = (),
    by: str | int | None = None,
    time: str | Sequence[str] | None = None,
    against: str = "reference",
    segments: bool | str | Sequence[str] = False,
    errors: str | Sequence[str] | None = None,
    multivariate: bool = False,
    concept: str = "",
    duplicates: bool = False,
    rules: Any = None,
    workspace: Workspace | None = None,
) -> ShownDriftReport:
    """Compare two data sets; see :func:`nbops.monitoring.drift.drift`. The result shows itself in a notebook.

    Parameters
    ----------
    reference, current
        DataFrames or paths of files. The reference may be a stored profile: ``models:/NAME/3`` or ``models:/NAME@champion``
        of the training data of that version; ``run:WHICH/FRAME``, ``data:FINGERPRINT``, or the id of a run or a fingerprint alone,
        of a frame that a tracked run has seen.
    columns
        Only these; all by default.
    alpha
        Largest probability of any false alarm in the whole report; of one column, a fifth of it.
    min_effect
        Smallest KS distance (numbers) and total variation (categories) that counts; 0.028 and 0.05 by default.
    thresholds, reference_windows
        ``calibrated`` by both sample sizes, ``learned`` from windows of the reference, or fixed ones by statistic.
    importance
        Weight of each column in the model; orders the report and tells whether what drifted matters.
    prediction, target
        Columns that hold these; what became of them is said first.
    by, time, against
        Compare windows as well: ``by="week", time="date", against="first"``.
    segments, errors
        Find where it is worst, or compare within the values of these columns; where predictions became worse.
    multivariate, concept
        Look at all columns together; at the relation of the columns to this target.
    duplicates
        Count the rows that repeat an earlier one, on both sides.
    rules
        Check the current rows as well: ``True`` against rules inferred from the reference, or what :func:`nbops.validate` takes.
    workspace
        Where that model or run is; the workspace of the working directory by default.

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``alpha``, ``min_effect`` or a threshold is out of range, or a column does not exist.
    """
    named = resolved(reference, workspace)
    with_rows(current)
    about = described(reference, current) | ({"reference": named.words} if named.words else {})
    importance = named.importance or None if importance is None else importance
    found = engine.drift(
        named.data,
        current,
        columns=columns,
        alpha=alpha,
        min_effect=min_effect,
        thresholds=thresholds,
        reference_windows=reference_windows,
        importance=importance,
        prediction=prediction,
        target=target,
        by=by,
        time=time,
        against=against,
        segments=segments,
        errors=errors,
        multivariate=multivariate,
        concept=concept,
        duplicates=duplicates,
        rules=ruled(rules, named.data, workspace) if asks_for(rules) else None,
    )
    return ShownDriftReport(**{field.name: getattr(found, field.name) for field in fields(found)}, about=about)
