"""Drift between a reference and a current data set.

A column has drifted when the change is both significant, after Holm's correction over everything tested in the report,
and at least ``min_effect`` large. So the report as a whole raises a false alarm with probability at most ``alpha`` (for
independent rows), and a large sample does not turn every trifle into an alarm. Missing values, new categories, more
values out of range than chance allows, and changed types are told as data quality, in the same table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbops.data.compact import aligned
from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.data.reading import read_table
from nbops.errors import DataError, UsageError
from nbops.monitoring import statistics
from nbops.monitoring.further import Further, look_further, rows_of
from nbops.monitoring.pictures import picture
from nbops.monitoring.report import ColumnDrift, DriftReport
from nbops.monitoring.wording import change_words, not_compared

_FEWEST = 30
_BINNED = "the reference is a stored profile, binned: distances are lower bounds"
_NULL_EFFECT = 0.02
_NEW_EFFECT = 0.005


def drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    alpha: float = 0.01,
    min_effect: float = 0.03,
    importance: Mapping[str, float] | None = None,
    by: str | int | None = None,
    time: str | Sequence[str] | None = None,
    against: str = "reference",
    segments: bool | str | Sequence[str] = False,
    errors: str | Sequence[str] | None = None,
    multivariate: bool = False,
    concept: str = "",
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
        Largest probability of any false alarm in the whole report.
    min_effect
        Smallest KS distance (numbers) or total variation (categories) that counts.
    importance
        Weight of each column in the model, 0 or more; orders the report.
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

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``alpha`` or ``min_effect`` is out of range, or a column does not exist.
    """
    if not 0 < alpha < 1 or not 0 <= min_effect < 1:
        raise UsageError(f"alpha must lie between 0 and 1 and min_effect from 0 to 1, not {alpha} and {min_effect}.")
    asked = Further(
        by=by,
        time=time,
        against=against,
        segments=segments,
        errors=errors,
        multivariate=multivariate,
        concept=concept,
    )
    before = reference if isinstance(reference, Profile) else profile_frame(read_table(reference))
    current = rows_of(current) if asked.anything and by != "file" else current
    after = aligned(before, profile_frame(rows_of(current), before))
    for label, profile in (("reference", before), ("current data", after)):
        if not profile.rows:
            raise DataError(f"The {label} has no rows.", hint="Drift needs rows on both sides.")
    names = _names(before, after, columns)
    compared = {name: (before.column(name), after.column(name)) for name in names}
    tests = _p_values(compared)
    rejected = statistics.holm({key: p for key, (p, _) in tests.items()}, alpha)
    found = [_judge(name, *pair, tests, rejected, min_effect, alpha) for name, pair in compared.items()]
    weights = importance or {}
    found = [column.with_weight(weights.get(column.name)) for column in found]
    # The worst first, the important before the unimportant, then as in the frame.
    ranks = {"drift": 0, "quality": 1, "steady": 2, "not compared": 3}
    order = sorted(found, key=lambda c: (ranks[c.status], -(c.weight or 0.0), -(c.effect or 0.0)))
    return DriftReport(
        columns=tuple(order),
        reference_rows=before.rows,
        current_rows=after.rows,
        alpha=alpha,
        min_effect=min_effect,
        detectable=statistics.detectable(before.rows, after.rows, len(tests), alpha),
        note=_BINNED if any(column.binned for column in before.columns) else "",
        **look_further(asked, before, after, reference, current, columns=columns, alpha=alpha, min_effect=min_effect),
    )


def _names(before: Profile, after: Profile, columns: Sequence[str] | None) -> list[str]:
    known = [column.name for column in before.columns]
    everything = known + [column.name for column in after.columns if column.name not in known]
    if columns is None:
        if not set(known) & {column.name for column in after.columns}:
            raise DataError("Reference and current data have no column in common.")
        return everything
    for name in columns:
        if name not in everything:
            raise UsageError(
                f"Neither data set has a column {name!r}.", hint=f"They have {', '.join(everything[:20])}."
            )
    return list(columns)


Pair = tuple[ColumnProfile | None, ColumnProfile | None]
Tests = dict[tuple[str, str], tuple[float, dict[str, float]]]


def _p_values(compared: Mapping[str, Pair]) -> Tests:
    tests: Tests = {}
    for name, (before, after) in compared.items():
        if before is None or after is None or not_compared(before, after):
            continue
        finite = min(before.count - before.infinite, after.count - after.infinite)
        if finite > 0 and before.kind == after.kind:
            found = (
                statistics.numeric(before, after) if before.kind == "number" else statistics.categorical(before, after)
            )
            tests[name, "values"] = (found["ks_p" if before.kind == "number" else "chi2_p"], found)
            if before.kind == "number":
                tests[name, "range"] = (statistics.range_test(before, after), {})
        tests[name, "nulls"] = (statistics.share_test(before.nulls, before.rows, after.nulls, after.rows), {})
    return tests


def _judge(
    name: str,
    before: ColumnProfile | None,
    after: ColumnProfile | None,
    tests: Tests,
    rejected: set[tuple[str, str]],
    min_effect: float,
    alpha: float,
) -> ColumnDrift:
    if before is None or after is None:
        gone = "is missing from the current data" if after is None else "is new in the current data"
        kind = (before or after).kind  # type: ignore[union-attr]
        return ColumnDrift(name=name, kind=kind, status="quality", drifted=False, reason=gone, findings=(gone,))
    why_not = not_compared(before, after)
    if why_not:
        return ColumnDrift(name=name, kind=before.kind, status="not compared", drifted=False, reason=why_not)
    findings = _findings(before, after, (name, "nulls") in rejected, (name, "range") in rejected)
    if before.kind != after.kind and "empty" not in (before.kind, after.kind):
        said = f"was {before.kind} and is {after.kind}"
        return ColumnDrift(
            name=name, kind=before.kind, status="drift", drifted=True, reason=said, findings=(said, *findings)
        )
    _, found = tests.get((name, "values"), (1.0, {}))
    effect = found.get("ks", found.get("tv"))
    fewest = min(before.count, after.count)
    drifted = (name, "values") in rejected and (effect or 0.0) >= min_effect
    status = "drift" if drifted else "quality" if findings else "steady"
    words = change_words(before, after, found, drifted, min_effect)
    if not drifted:
        if fewest < _FEWEST:
            words = f"too few rows to tell ({fewest})"
        words = findings[0] if findings else words
    return ColumnDrift(
        name=name,
        kind=before.kind,
        status=status,
        drifted=drifted,
        reason=words,
        effect=effect,
        statistics=_rounded(found),
        findings=tuple(findings),
        picture=picture(before, after),
        nulls=(before.nulls / before.rows, after.nulls / after.rows),
        means=(before.mean, after.mean),
    )


def _findings(before: ColumnProfile, after: ColumnProfile, nulls_changed: bool, beyond: bool) -> list[str]:
    found = []
    shares = before.nulls / before.rows, after.nulls / after.rows
    if nulls_changed and abs(shares[1] - shares[0]) >= _NULL_EFFECT:
        found.append(f"nulls {shares[0]:.1%} → {shares[1]:.1%}")
    if before.kind in {"category", "boolean"} and not before.rest:
        fresh = {k: v for k, v in after.categories.items() if k not in before.categories}
        share = sum(fresh.values()) / max(after.count, 1)
        if share >= _NEW_EFFECT:
            named = ", ".join(repr(k) for k in list(fresh)[:3])
            found.append(f"{share:.1%} in new categories: {named}")
    if beyond and before.minimum is not None and after.minimum is not None:
        width = (before.maximum or 0.0) - before.minimum
        if width and (after.maximum or 0.0) > (before.maximum or 0.0) + width:
            found.append(f"values up to {after.maximum:.6g}, reference ends at {before.maximum:.6g}")
        elif width and after.minimum < before.minimum - width:
            found.append(f"values down to {after.minimum:.6g}, reference begins at {before.minimum:.6g}")
    if after.infinite and not before.infinite:
        found.append(f"{after.infinite} infinite values")
    return found


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in found.items()}
