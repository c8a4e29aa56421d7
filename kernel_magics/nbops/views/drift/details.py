"""One column of a drift report in full: both distributions, every figure with what it is compared to, what is looked at of it."""

from __future__ import annotations

from nbops.views.drift.figures import Figures, overlay, trend
from nbops.views.drift.summary import Html, simple_table
from nbops.views.drift.words import STATES, Values, figure, name_of, probability, safe

# Name of a statistic: what it is called and what it is compared to.
_STATISTICS = {
    "ks": ("KS", "min_effect"),
    "tv": ("total variation", "tv_by_chance"),
    "tv_beyond_chance": ("total variation beyond chance", "min_effect"),
    "chi2": ("chi-square", ""),
    "cramers_v": ("Cramér's V", ""),
    "wasserstein": ("Wasserstein, in σ", ""),
    "energy": ("energy distance", ""),
    "psi": ("PSI", "psi_critical"),
    "jensen_shannon": ("Jensen-Shannon", ""),
    "hellinger": ("Hellinger", ""),
    "l_infinity": ("L-infinity", ""),
    "linf": ("L-infinity", ""),
    "mean_shift": ("shift of mean, in σ", ""),
    "spread": ("ratio of spreads", ""),
    "new": ("share in new categories", ""),
    "auc": ("AUC of telling both apart", ""),
}
_TESTS = {"ks_p": "KS", "rank_p": "ranks", "spread_p": "spread", "range_p": "range", "chi2_p": "chi-square"}
_HIDDEN = {"psi_critical", "tv_by_chance"}
_MOST = 24


def details(column: Values, report: Values, figures: Figures, anchor: str = "", *, opened: bool = False) -> str:
    """Give the part of a column, to be unfolded."""
    css, word = STATES.get(str(column.get("status")), ("dim", str(column.get("status"))))
    head = f'<b>{name_of(column["name"])}</b> <span class="{css}">{safe(word)}</span> · {safe(column.get("reason", ""), 140)}'
    mark = f' id="{anchor}"' if anchor else ""
    return (
        f"<details{mark}{' open' if opened else ''}><summary>{head}</summary>{full(column, report, figures)}</details>"
    )


def full(column: Values, report: Values, figures: Figures) -> str:
    """Give both distributions of a column, its trend, its figures and what is looked at of it."""
    large = figures.draw(
        overlay(column.get("picture") or {}, 420, 130, axis=True), f"{column['name']}, reference and current", 420, 130
    )
    left, right = large + _trend(column, report, figures), _figures(column, report)
    beside = f'<div class="pair">{f"<div>{left}</div>" if left else ""}<div>{right}</div></div>'
    return beside + _aspects(column) + _sentinels(column)


def _figures(column: Values, report: Values) -> str:
    found = column.get("statistics") or {}
    rows: list[tuple[object, ...]] = []
    for name in [*(n for n in _STATISTICS if n in found), *(n for n in found if n not in _STATISTICS)][:_MOST]:
        if name in _HIDDEN or name.endswith("_p"):
            continue
        label, against = _STATISTICS.get(name, (name.replace("_", " "), ""))
        rows.append((Html(safe(label)), figure(found[name]), _against(against, column, found, report)))
    tests = [f"{_TESTS.get(name, name[:-2])} {probability(found[name])}" for name in found if name.endswith("_p")]
    if column.get("p") is not None:
        alpha = (
            f"{figure(report.get('alpha'))} and less counts, over the report" if report.get("alpha") is not None else ""
        )
        rows.append((Html("p, corrected"), probability(column["p"]), alpha))
    if tests:
        rows.append((Html("p of each test"), "", ", ".join(tests)))
    rows += _sides(column)
    table = simple_table(("figure", "value", "compared to"), rows, right=(1,))
    notes = "".join(f"<li>{safe(finding, 200)}</li>" for finding in list(column.get("findings") or ())[:12])
    why = f'<p class="dim">{safe(column["why_not"], 200)}</p>' if column.get("why_not") else ""
    return table + (f"<ul>{notes}</ul>" if notes else "") + why


def _against(what: str, column: Values, found: Values, report: Values) -> str:
    least = column["limit"] if column.get("limit") is not None else report.get("min_effect")
    if what == "min_effect" and least is not None:
        return f"{figure(least)} and more counts"
    if what == "tv_by_chance" and found.get("tv_by_chance") is not None:
        return f"{figure(found['tv_by_chance'])} by chance on average, at this size"
    if what == "psi_critical" and found.get("psi_critical") is not None:
        return f"{figure(found['psi_critical'])} by chance once in a hundred"
    return ""


def _sides(column: Values) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    means, nulls = column.get("means"), column.get("nulls")
    if means and any(value is not None for value in means):
        rows.append((Html("mean"), figure(means[1]), f"{figure(means[0])} in the reference"))
    if nulls and any(nulls):
        rows.append((Html("missing"), f"{nulls[1]:.2%}", f"{nulls[0]:.2%} in the reference"))
    return rows


def _trend(column: Values, report: Values, figures: Figures) -> str:
    windows = report.get("windows") or {}
    found = (windows.get("columns") or {}).get(column["name"]) or {}
    drawn = trend(found.get("effects") or (), found.get("limit"), 420, 60)
    if not drawn:
        return ""
    labels = windows.get("labels") or []
    span = f"{safe(labels[0], 24)} to {safe(labels[-1], 24)}" if labels else ""
    onset = f", changed since {safe(found['onset'], 24)}" if found.get("onset") else ""
    told = f'<p class="dim"><small>effect by {safe(windows.get("by", "window"), 20)}, {span}{onset}; dashed: the limit</small></p>'
    return figures.draw(drawn, f"{column['name']} over the windows", 420, 60) + told


def _aspects(column: Values) -> str:
    aspects = list(column.get("aspects") or ())[:_MOST]
    rows = [(a.get("name", ""), figure(a.get("effect")), probability(a.get("p")), a.get("reason", "")) for a in aspects]
    head = ("looked at of it", "KS / TV", "p", "what changed")
    return f"<div>{simple_table(head, rows, right=(1, 2))}</div>" if rows else ""


def _sentinels(column: Values) -> str:
    found = column.get("sentinels") or {}
    if not found:
        return ""
    if isinstance(found, dict):
        told = ", ".join(f"{name} ({_counted(number)})" for name, number in list(found.items())[:8])
    else:
        told = ", ".join(str(one) for one in list(found)[:8])
    return f'<p class="warn">Looks like a mark for missing: {safe(told, 200)}</p>'


def _counted(value: object) -> str:
    if isinstance(value, list | tuple):
        return " → ".join(figure(one) for one in value)
    return f"{figure(value)} rows"
