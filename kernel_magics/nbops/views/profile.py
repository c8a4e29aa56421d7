"""A profile as a readable table: what each column is, how much is missing, how its values lie, what to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nbops.data.profile import ColumnProfile, Profile, dense
from nbops.data.remarks import Remark
from nbops.views.html import UNTYPESET, escape, span, tag
from nbops.views.svg import small_bars
from nbops.views.text import clip, number, some, table

PROFILE_MIME = "application/vnd.nbops.profile+json"
_BARS, _NAMED, _SHOWN = 24, 5, 200
_CELL = "padding:3px 10px 3px 0;text-align:left;vertical-align:middle;white-space:nowrap"
# Long names take two lines, and leave room for what is said of them.
_NAME = "min-width:60px;max-width:300px;width:max-content;white-space:normal;overflow-wrap:anywhere"
_HEADS = ("column", "kind", "missing", "different", "values", "")


def profile_text(profile: Profile, remarks: Sequence[Remark]) -> str:
    """Give the table as text, remarks below it."""
    rows = [
        (clip(c.name, 32), c.kind, _missing(c), f"{c.distinct:,}", clip(_values(c), 60))
        for c in profile.columns[:_SHOWN]
    ]
    lines = [_head(profile), "", table(rows, _HEADS[:5], right=(2, 3))]
    if len(profile.columns) > _SHOWN:
        lines.append(f"… and {len(profile.columns) - _SHOWN:,} more columns")
    if remarks:
        lines += ["", *(f"▲ {r.column + ': ' if r.column else ''}{r.words}" for r in remarks)]
    return "\n".join(lines)


def profile_html(profile: Profile, remarks: Sequence[Remark]) -> str:
    """Give the table as static HTML with small charts; everything is escaped."""
    by_column: dict[str, list[Remark]] = {}
    for remark in remarks:
        by_column.setdefault(remark.column, []).append(remark)
    heads = "".join(tag("th", escape(head), _CELL) for head in _HEADS)
    body = "".join(_row(column, by_column.get(column.name, [])) for column in profile.columns[:_SHOWN])
    more = len(profile.columns) - _SHOWN
    rest = tag("div", span(f"… and {more:,} more columns", "dim")) if more > 0 else ""
    whole = "".join(tag("div", span(f"▲ {remark.words}", "warn")) for remark in by_column.get("", []))
    grid = tag("table", tag("thead", tag("tr", heads)) + tag("tbody", body), "border-collapse:collapse;margin:6px 0")
    style = "font-size:13px;overflow-x:auto"
    return tag("div", tag("strong", escape(_head(profile))) + whole + grid + rest, style, **{"class": UNTYPESET})


def picture_of(column: ColumnProfile) -> tuple[list[float], list[str]]:
    """Give the heights of a small chart, and what each stands for; nothing where there is none to draw."""
    if column.kind == "number":
        return _numbers(column)
    if column.kind == "time" and column.aspects:
        counts = column.aspects[0].categories
        return [float(counts.get(str(hour), 0)) for hour in range(24)], [f"{hour}:00" for hour in range(24)]
    if column.kind == "text" and column.aspects:
        return _numbers(column.aspects[0])
    names = sorted(column.categories, key=lambda name: (-column.categories[name], name))[:_NAMED]
    return [float(column.categories[name]) for name in names], names


def _numbers(column: ColumnProfile) -> tuple[list[float], list[str]]:
    counts, middles = dense(column)
    used = counts > 0
    counts, values = counts[used], middles[used] + column.shift
    if not len(counts):
        return [], []
    share = np.cumsum(counts) / counts.sum()
    # A few far values must not squeeze all others into one bar.
    low, high = (float(values[min(int(np.searchsorted(share, s)), len(values) - 1)]) for s in (0.005, 0.995))
    if high <= low:
        return [float(counts.sum())], [number(low)]
    place = np.clip(((values - low) / (high - low) * _BARS).astype(int), 0, _BARS - 1)
    edges = [f"from {number(low + (high - low) * i / _BARS)}" for i in range(_BARS)]
    return [float(found) for found in np.bincount(place, counts, _BARS)], edges


def _row(column: ColumnProfile, remarks: Sequence[Remark]) -> str:
    heights, names = picture_of(column)
    said = "".join(tag("div", span(f"▲ {clip(remark.words, 120)}", "warn")) for remark in remarks)
    cells = (
        tag("div", span(clip(column.name, 60) or '""', mono=True), _NAME),
        span(column.kind, "dim"),
        escape(_missing(column)),
        escape(f"{column.distinct:,}"),
        escape(clip(_values(column), 90)) + said,
        small_bars(heights, names, f"how {column.name} lies") if heights else "",
    )
    return tag("tr", "".join(tag("td", cell, _CELL) for cell in cells))


def _head(profile: Profile) -> str:
    return f"{profile.rows:,} rows, {len(profile.columns):,} columns"


def _missing(column: ColumnProfile) -> str:
    return some(column.nulls / column.rows) if column.rows and column.nulls else "–"


def _values(column: ColumnProfile) -> str:
    if column.kind == "number" and column.minimum is not None:
        spread = f"{number(column.mean)} ± {number(column.deviation)}"
        return f"{spread}, {number(column.minimum)} to {number(column.maximum)}"
    if column.kind == "time" and column.minimum is not None and column.maximum is not None:
        first, last = (
            np.datetime64(int(end * 1e6), "us").astype("datetime64[s]") for end in (column.minimum, column.maximum)
        )
        return f"{first} to {last}".replace("T", " ")
    if column.kind == "text" and column.aspects:
        length = column.aspects[0]
        return f"{number(length.mean)} characters, {number(length.minimum)} to {number(length.maximum)}"
    if column.kind == "vector" and column.aspects:
        return f"norm {number(column.aspects[0].mean)} ± {number(column.aspects[0].deviation)}"
    names = sorted(column.categories, key=lambda name: (-column.categories[name], name))[:3]
    return ", ".join(f"{clip(name, 24)}: {column.categories[name] / column.count:.0%}" for name in names)
