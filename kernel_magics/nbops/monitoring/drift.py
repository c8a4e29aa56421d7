"""Drift between a reference and a current data set.

A column has drifted when the change is both significant, after Holm's correction over everything tested in the report,
and large enough to count. So the report as a whole raises a false alarm with probability at most ``alpha`` (for
independent rows), and a large sample does not turn every trifle into an alarm. Missing values, new categories, more
values out of range than chance allows, and changed types are told as data quality, in the same table.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nbops.data.compact import aligned
from nbops.data.profile import Profile
from nbops.errors import DataError, UsageError, meant
from nbops.monitoring import arguments
from nbops.monitoring.comparing import Comparison, compared
from nbops.monitoring.further import Further, look_further, rows_of
from nbops.monitoring.judging import judged, significance
from nbops.monitoring.learning import learned_limits
from nbops.monitoring.pairing import paired
from nbops.monitoring.report import DriftReport
from nbops.monitoring.rows import counted_rows, duplicate_rows, duplicate_words
from nbops.monitoring.ruling import asks_for, quality_of, ruled
from nbops.monitoring.sides import Sides, both_sides
from nbops.monitoring.stating import detectable_here, false_alarm, power
from nbops.monitoring.thresholds import Minimum, Thresholds, fixed_thresholds
from nbops.monitoring.weighing import carried, checked_weights, ranked

ALPHA = 0.05
# What is asked for beyond the columns has this part of the false alarms each: a window, the segments, a model.
_PARTS = 5
_NOTHING_IN_COMMON = "Reference and current data have no column in common."
_HEADLESS = (
    "The first line of a file names its columns; one that has no names is read with pandas.read_csv(FILE, header=None)."
)
_BINNED = "the reference is a stored profile, binned: distances are lower bounds"


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = ALPHA,
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
) -> DriftReport:
    """Compare two data sets.

    Parameters
    ----------
    reference, current
        DataFrames, paths of files that :func:`nbops.data.reading.read_table` reads, or (the reference) a stored
        :class:`~nbops.data.profile.Profile`. Against one that is binned, as those of a model's versions are, distances are
        lower bounds, and the report says so.
    columns
        Only these; all by default.
    alpha
        Largest probability of any false alarm in the whole report. One column is named wrongly at most in a fifth of it.
    min_effect
        Smallest KS distance (numbers) and total variation (categories) that counts; 0.028 and 0.05 by default.
    thresholds
        ``calibrated``: by both sample sizes. ``learned``: by how far windows of the reference lie apart. Or fixed ones by
        statistic, for all columns or single ones: ``{"psi": 0.2, "tenure": {"wasserstein": 0.3}}``; columns that have none of
        these statistics stay calibrated.
    reference_windows
        To learn from: data sets, or the number of windows that the reference is cut into, in its order.
    importance
        Weight of each column in the model, 0 or more; orders the report and tells whether what drifted matters.
    prediction, target
        Columns that hold these; what became of them is said first.
    by, time
        Compare window by window as well, as :func:`nbops.monitoring.cutting.cut` cuts: ``week``, ``7d``, ``1000 rows``, ``file``, …
        by the column ``time``.
    against
        What each window is compared with: ``reference``, ``first`` or ``previous`` (``previous 4``: the four before it together).
    segments
        Find the segments in which it is worst (:mod:`nbops.monitoring.segments`), or compare within the values of these columns.
    errors
        Target and prediction, ``("cnt", "forecast")``: the segments in which predictions have become worse.
    multivariate
        Look at all columns together as well (:mod:`nbops.monitoring.multivariate`).
    concept
        The target: has the relation of the others to it changed (:mod:`nbops.monitoring.concept`)?
    duplicates
        Count the rows that repeat an earlier one; files are read whole for it. Where both profiles know, it is told anyway.
    rules
        Check the current rows as well: ``True`` against rules inferred from the reference, or what :func:`nbops.validate` takes
        (:mod:`nbops.monitoring.ruling`).

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``alpha``, ``min_effect`` or a threshold is out of range, or a column does not exist.
    """
    alpha, least, columns = (
        arguments.level(alpha),
        arguments.smallest(min_effect),
        arguments.some_names(columns, "columns"),
    )
    minimum = Minimum() if least is None else Minimum(number=least, category=least)
    asked = Further.checked(
        by=by,
        time=time,
        against=against,
        segments=segments,
        errors=errors,
        multivariate=multivariate,
        concept=concept,
    )
    learn = isinstance(thresholds, str) and thresholds == "learned"
    windows = arguments.window_count(reference_windows, learn=learn)
    current = rows_of(current) if asked.anything and by != "file" else current
    if duplicates and by != "file":
        # Read once, for both.
        reference, current = (rows_of(side) if _is_path(side) else side for side in (reference, current))
    sides = both_sides(reference, current, learn=learn, windows=windows)
    before, after = sides.reference, aligned(sides.reference, sides.current)
    for label, profile in (("reference", before), ("current data", after)):
        if not profile.columns and before.rows:
            raise DataError(_NOTHING_IN_COMMON, hint=_HEADLESS)
        if not profile.rows:
            raise DataError(f"The {label} has no rows.", hint="Drift needs rows on both sides.")
    roles = {**_roles(target, "target", before, after), **_roles(prediction, "prediction", before, after)}
    found = _compared(before, after, columns)
    limits = _limits(thresholds, minimum, sides, alpha)
    tested = significance(found, alpha)
    weights = checked_weights(importance)
    if not before.left_out:
        _check(list(weights), _known(before, sides.current))
    verdicts = [
        judged(one, tested, limits).with_weight(
            weights.get(one.pair.name, 0.0 if weights else None), roles.get(one.pair.name, "")
        )
        for one in found
    ]
    counted = (before, sides.current)
    if duplicates:
        counted = counted_rows(*counted, reference, current, columns)
    repeated = duplicate_rows(*counted)
    return DriftReport(
        columns=ranked(verdicts),
        reference_rows=before.rows,
        current_rows=after.rows,
        alpha=alpha,
        min_effect=minimum.number,
        min_effects={"number": minimum.number, "category": minimum.category},
        detectable=detectable_here(before.rows, after.rows, found, alpha),
        thresholds="fixed" if isinstance(thresholds, Mapping) else thresholds,
        false_alarm=false_alarm(found, verdicts, limits, alpha),
        power=power(before.rows, after.rows, found, alpha, minimum.number),
        carried=carried(verdicts),
        findings=(duplicate_words(repeated),) if repeated.get("changed") else (),
        duplicates=repeated,
        quality={} if not asks_for(rules) else quality_of(current, ruled(rules, reference), columns),
        note=_note(
            before,
            [column.name for column in after.columns] if columns is None else [],
            found,
            _rows_note(repeated, duplicates),
        ),
        **look_further(
            asked,
            before,
            after,
            reference,
            current,
            columns=columns,
            left_out=[verdict.name for verdict in verdicts if verdict.status == "not compared"],
            alpha=alpha / _PARTS,
            minimum=minimum,
            learn=learn,
        ),
    )


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _rows_note(repeated: Mapping[str, Any], asked: bool) -> list[str]:
    if not repeated:
        return ["repeated rows are not known of both sides"] if asked else []
    return [] if repeated["changed"] else [duplicate_words(repeated)]


def _note(before: Profile, current: Sequence[str], found: Sequence[Comparison], rows: list[str]) -> str:
    marked: dict[str, list[str]] = {}
    for one in found:
        for mark in one.pair.sentinels:
            marked.setdefault(mark, []).append(one.pair.name)
    said = [_BINNED] if any(column.binned for column in before.columns) else []
    said += [f"{before.left_out:,} columns had no room in it and are not compared"] if before.left_out else []
    unasked = [name for name in current if before.of_features and not before.left_out and before.column(name) is None]
    said += [f"not taken by the model, and not compared: {_few(unasked)}"] if unasked else []
    said += [f"{mark} in {_few(names)} reads as a mark for missing and is left out" for mark, names in marked.items()]
    return "; ".join([*rows, *said])


def _few(names: Sequence[str]) -> str:
    return f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"


def _compared(before: Profile, after: Profile, columns: Sequence[str] | None) -> list[Comparison]:
    known, present = ({column.name: column for column in profile.columns} for profile in (before, after))
    # What a stored profile had no room for, or a model does not take, is not new.
    alike = before.left_out or before.of_features
    names = _names(known, known.keys() & present.keys() if alike else present, columns)
    return [compared(paired(name, known.get(name), present.get(name))) for name in names]


def _names(before: Mapping[str, Any], after: Collection[str], columns: Sequence[str] | None) -> list[str]:
    everything = list(dict.fromkeys([*before, *after]))
    if columns is None:
        if not before.keys() & set(after):
            raise DataError(_NOTHING_IN_COMMON, hint=_HEADLESS)
        return everything
    _check(columns, everything)
    return list(columns)


def _check(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            hint = meant(name, known) or f"They have {', '.join(known[:20])}."
            raise UsageError(f"Neither data set has a column {name!r}.", hint=hint)


def _known(*profiles: Profile) -> list[str]:
    return list(dict.fromkeys(column.name for profile in profiles for column in profile.columns))


def _roles(given: str | Sequence[str], role: str, before: Profile, after: Profile) -> dict[str, str]:
    names = [name for name in arguments.names(given, role) if name]
    _check(names, _known(before, after))
    return dict.fromkeys(names, role)


def _limits(thresholds: str | Mapping[str, Any], minimum: Minimum, sides: Sides, alpha: float) -> Thresholds:
    if isinstance(thresholds, Mapping):
        fixed, single = fixed_thresholds(thresholds)
        _check(list(single), _known(sides.reference, sides.current))
        return Thresholds(minimum=minimum, fixed=fixed, by_column=single)
    if thresholds == "learned":
        return Thresholds(minimum=minimum, learned=learned_limits(sides.windows, alpha), windows=len(sides.windows))
    if thresholds != "calibrated":
        raise UsageError(
            f"thresholds are 'calibrated', 'learned' or a dictionary of fixed ones, not {thresholds!r}.",
            hint='Fixed ones look like {"psi": 0.2, "tenure": {"wasserstein": 0.3}}.',
        )
    return Thresholds(minimum=minimum)
