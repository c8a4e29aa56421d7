"""Drift window by window: each window profiled once, with the reference's shifts, and compared by its profile alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nbops.data.compact import aligned
from nbops.data.profile import ColumnProfile, Profile
from nbops.errors import UsageError
from nbops.monitoring.onset import column_onset, largest_step, whole_onset
from nbops.monitoring.pairs import Found, least, limit, pooled
from nbops.monitoring.thresholds import Minimum
from nbops.monitoring.window_profiles import Cut, Learned
from nbops.monitoring.window_tests import tested
from nbops.monitoring.window_verdicts import passed_tests, quality, verdicts
from nbops.monitoring.wording import not_compared

_PREVIOUS = re.compile(r"(?:previous|sliding)(?:\s+(\d+))?|(\d+)\s+(?:previous|before)")
_MOST_NOTES = 50


def drift_by_window(
    reference: Profile,
    windows: Cut,
    *,
    against: str = "reference",
    columns: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    alpha: float = 0.01,
    minimum: Minimum | None = None,
    learned: Learned | None = None,
) -> dict[str, Any]:
    """Compare every window with the reference, the first window, or those before it.

    Parameters
    ----------
    reference
        A profile; binned ones are allowed for ``against="reference"``.
    windows
        What :func:`profiled` gave.
    against
        ``reference``; ``first``: the first window, for each column the first that has values; ``previous`` or ``previous 4``: the
        one, or the four merged, before it that have values.
    columns, left_out
        Only these, all that can be compared by default; not these.
    alpha
        Largest probability of any false alarm in one window, over its columns (Holm 1979).
    minimum
        Smallest effects that count, those of the report of the whole by default.
    learned
        Limits from windows of the reference instead of those calibrated by sizes, which take rows as independent.

    Returns
    -------
    dict
        JSON-able. ``by``, ``mode`` (``reference``, ``first``, ``sliding``), ``labels``, ``rows``, ``drifted`` (columns by window),
        ``columns``: by name ``effects`` (KS distance or total variation; ``None`` where a side has no value), ``drifted``,
        ``limit`` (of a window of median size), ``limits``, ``nulls`` (share), ``onset`` (a label, or empty), ``kind``, ``quality``
        (what is wrong with the data in each window, empty where nothing is); ``quality`` (columns by window); ``onset`` of the whole; ``incomplete``, ``unplaced``, ``notes``, ``sentence``.

    Raises
    ------
    UsageError
        ``against`` is none of these, or there is no window with rows.
    """
    mode, back = _mode(against)
    if not any(profile.rows for profile in windows.profiles):
        raise UsageError("There is no window with rows.")
    minimum = minimum or Minimum()
    names = [name for name in _names(reference, windows, columns) if name not in left_out]
    series = {name: [_column(profile, name) for profile in windows.profiles] for name in names}
    bases = {name: _bases(name, reference, found, mode, back) for name, found in series.items()}
    pairs = {name: tested(bases[name], _folded(bases[name], series[name])) for name in names}
    leasts = {
        name: [
            None if base is None else least(base, pair, minimum)
            for base, pair in zip(bases[name], pairs[name], strict=True)
        ]
        for name in names
    }
    count = len(windows.labels)
    passed = passed_tests(pairs, count, alpha)
    drifted = verdicts(pairs, leasts, passed, learned)
    # Where rows are not independent, tests of shares and ranges are too sure of themselves window by window.
    faults = {} if learned else quality(bases, series, pairs, passed)
    level = alpha / max(1, len(names))
    found = {}
    for name in names:
        ends = learned.ends(name) if learned else None
        trend = _trend(windows.labels, bases[name], series[name], pairs[name], leasts[name], level, mode, ends)
        found[name] = {**trend, "drifted": drifted[name], "quality": faults.get(name, [""] * count)}
    counts = [sum(drifted[name][i] for name in names) for i in range(len(windows.labels))]
    result = {
        "by": windows.by,
        "mode": mode,
        "limits_are": "learned" if learned else "calibrated",
        "against": against,
        "labels": list(windows.labels),
        "rows": [profile.rows for profile in windows.profiles],
        "drifted": counts,
        "quality": [sum(bool(said[i]) for said in faults.values()) for i in range(count)],
        "columns": found,
        "onset": whole_onset(found),
        "incomplete": list(windows.incomplete),
        "unplaced": windows.unplaced,
        "notes": _notes(windows, series, reference if mode == "reference" else None, faults),
    }
    return {**result, "sentence": _sentence(result)}


def _mode(against: str) -> tuple[str, int]:
    if against in {"reference", "first"}:
        return against, 0
    found = _PREVIOUS.fullmatch(against.strip())
    back = int(next((group for group in found.groups() if group), 1)) if found else 0
    if not back:
        raise UsageError(
            f"Windows cannot be compared against {against!r}.",
            hint="Against: reference, first, previous, 'previous 4'.",
        )
    return "sliding", back


def _names(reference: Profile, windows: Cut, columns: Sequence[str] | None) -> list[str]:
    known = [column.name for column in reference.columns]
    chosen = known if columns is None else [name for name in columns if name in known]
    left_out = {*windows.skipped}
    return [name for name in chosen if name not in left_out and not _never(reference.column(name), windows)]


def _never(before: ColumnProfile | None, windows: Cut) -> bool:
    """Whether a column can be compared in no window."""
    found = (
        [column for column in (profile.column(before.name) for profile in windows.profiles) if column] if before else []
    )
    return before is None or not found or all(column.rows and not_compared(before, column) for column in found)


def _column(profile: Profile, name: str) -> ColumnProfile | None:
    found = profile.column(name)
    return found if found is not None and found.count else None


def _bases(
    name: str, reference: Profile, found: Sequence[ColumnProfile | None], mode: str, back: int
) -> list[ColumnProfile | None]:
    """Give what each window's column is compared with."""
    if mode == "reference":
        return [reference.column(name)] * len(found)
    if mode == "first":
        first = next((i for i, column in enumerate(found) if column is not None), len(found))
        return [None if i <= first else found[first] for i in range(len(found))]
    bases: list[ColumnProfile | None] = []
    for i in range(len(found)):
        earlier = [column for column in found[:i] if column is not None][-back:]
        bases.append(pooled(earlier) if earlier else None)
    return bases


def _folded(
    bases: Sequence[ColumnProfile | None], series: Sequence[ColumnProfile | None]
) -> list[ColumnProfile | None]:
    """Give the windows of a column as coarse as what they are compared with."""
    return [
        column
        if base is None or column is None or not base.binned
        else aligned(Profile(base.rows, (base,)), Profile(column.rows, (column,))).columns[0]
        for base, column in zip(bases, series, strict=True)
    ]


def _trend(
    labels: Sequence[str],
    bases: Sequence[ColumnProfile | None],
    series: Sequence[ColumnProfile | None],
    pairs: Sequence[Found | None],
    leasts: Sequence[float | None],
    level: float,
    mode: str,
    learned: tuple[float, float] | None,
) -> dict[str, Any]:
    limits = [
        None
        if base is None or column is None or least is None
        else max(least, learned[0] if learned else limit(base, column, level))
        for base, column, least in zip(bases, series, leasts, strict=True)
    ]
    if mode == "sliding":
        spell = largest_step(labels, pairs, limits, level)
    else:
        base = next((base for base in bases if base is not None), None)
        spell = column_onset(labels, base, series, pairs, limits, level, sure=learned[1] if learned else None)
    known = [value for value in limits if value is not None]
    kind = next((column.kind for column in [*bases, *series] if column is not None), "empty")
    return {
        "kind": kind,
        "effects": [None if pair is None else round(pair.effect, 5) for pair in pairs],
        "limit": round(float(np.median(known)), 5) if known else 1.0,
        "limits": [None if value is None else round(value, 5) for value in limits],
        "nulls": [None if column is None else round(column.nulls / column.rows, 5) for column in series],
        "onset": spell.get("label", ""),
        "spell": spell,
    }


def _notes(
    windows: Cut,
    series: Mapping[str, Sequence[ColumnProfile | None]],
    reference: Profile | None,
    faults: Mapping[str, Sequence[str]],
) -> list[str]:
    rows = {label: profile.rows for label, profile in zip(windows.labels, windows.profiles, strict=True)}
    notes = list(windows.notes)
    nothing = [label for label in windows.labels if not rows[label]]
    if nothing:
        notes.append(f"no rows in {_listed(nothing)}")
    for name, columns in series.items():
        bare = [label for label, column in zip(windows.labels, columns, strict=True) if column is None and rows[label]]
        if bare:
            notes.append(f"{name} has no value in {_listed(bare)}")
        before = reference.column(name) if reference else None
        other = {label: c.kind for label, c in zip(windows.labels, columns, strict=True) if c is not None}
        changed = [label for label, kind in other.items() if before and kind != before.kind != "empty"]
        if changed and before:
            notes.append(f"{name} was {before.kind} and is {other[changed[0]]} in {_listed(changed)}")
    for name, said in faults.items():
        where = [label for label, words in zip(windows.labels, said, strict=True) if words]
        notes.append(f"{name}: {next(filter(None, said))} in {_listed(where)}")
    if windows.incomplete:
        notes.append(f"{_listed(windows.incomplete)}: not the whole of it is there")
    if windows.unplaced:
        notes.append(f"{windows.unplaced:,} rows without a readable time are in no window")
    return notes[:_MOST_NOTES]


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(labels[:3]) + more


def _sentence(result: Mapping[str, Any]) -> str:
    hit = sum(count > 0 for count in result["drifted"])
    whole = sum(rows > 0 for rows in result["rows"])
    of = {"reference": "the reference", "first": "the first one", "sliding": "those before"}[result["mode"]]
    told = f"{hit} of {whole} windows differ from {of}" if hit else f"None of {whole} windows differs from {of}"
    words = result["onset"].get("words", "")
    return f"{told}{'; ' + words if words else ''}."
