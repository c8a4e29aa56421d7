"""What a drift report says in words: the title, what it is compared with, the lead, and how figures are written."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbops.views.text import printable

Values = Mapping[str, Any]

STATES = {
    "drift": ("bad", "▲ drift"),
    "quality": ("warn", "◆ quality"),
    "steady": ("good", "steady"),
    "not compared": ("dim", "not compared"),
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LONGEST = 70
_HALVES = re.compile("[\ud800-\udfff]")
# A change of the distribution below this is real and yet small, by the usual reading of KS and total variation.
_LARGE = 0.1
# Columns that carry less than this of the model's weight hardly move what it says.
_HEAVY = 0.05
# What is said with a verb of its own goes on from the name of the column.
_VERBS = ("is ", "was ")


def plain(text: object, longest: int = _LONGEST) -> str:
    """Give text in one line without what turns, colours or breaks a document, cut where it is too long; not escaped."""
    line = _HALVES.sub("\ufffd", printable(" ".join(str(text).split())))
    return line if len(line) <= longest else line[: longest - 1] + "…"


def safe(text: object, longest: int = _LONGEST) -> str:
    """Give text for element content and quoted attributes."""
    return escape(plain(text, longest), quote=True)


def named(column: object, longest: int = _LONGEST) -> str:
    """Give a name in one line; one that is blank in quotes, so that there is something to see."""
    return plain(column, longest) or f'"{plain(str(column).replace(" ", "␣"), longest)}"'


def name_of(column: object) -> str:
    """Give a name as HTML; its direction of writing does not turn what stands beside it, and a line may break behind ``_``."""
    return f"<bdi>{escape(named(column), quote=True).replace('_', '_<wbr>')}</bdi>"


def count(number: int, noun: str) -> str:
    """Say how many, in words up to twelve: ``two columns``."""
    told = _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"
    return f"{told} {noun}" + ("" if number == 1 else "s")


def by_status(report: Values) -> dict[str, list[Values]]:
    """Give the columns of each status, the worst first as in the report."""
    found: dict[str, list[Values]] = {status: [] for status in STATES}
    for column in report.get("columns", ()):
        found.setdefault(str(column.get("status")), []).append(column)
    return found


def matters(report: Values) -> str:
    """Say whether what drifted matters: by what carries the model where that is known, else by how large it is."""
    known = report.get("matters")
    carried = weight_share(report)
    if known is None and carried is not None:
        known = carried >= _HEAVY
    if known is not None:
        return "and it matters" if known else "but it hardly matters"
    drifted = by_status(report)["drift"]
    large = any(column.get("effect") is None or column["effect"] >= _LARGE for column in drifted)
    return "and it is large enough to matter" if large else "but only a little"


def weight_share(report: Values) -> float | None:
    """Give the share of the model's weight that the drifted columns carry; ``None`` where weights are not known."""
    if isinstance(report.get("carried"), int | float):
        return float(report["carried"])
    weights = [(c.get("weight"), c.get("status") == "drift") for c in report.get("columns", ())]
    total = sum(abs(w) for w, _ in weights if w is not None)
    return sum(abs(w) for w, drifted in weights if w is not None and drifted) / total if total else None


def title(report: Values) -> str:
    """Say in one line what changed and whether it matters, as plain text."""
    found = by_status(report)
    of_roles = any(column.get("role") for status in ("drift", "quality") for column in found[status])
    noun = "feature" if weight_share(report) is not None and not of_roles else "column"
    drifted, quality = len(found["drift"]), len(found["quality"])
    compared = drifted + quality + len(found["steady"])
    if not compared:
        told = "nothing could be compared"
    elif drifted:
        told = f"{count(drifted, noun)} {'has' if drifted == 1 else 'have'} drifted, {matters(report)}"
    elif quality:
        told = f"no drift, but {count(quality, noun)} {'needs' if quality == 1 else 'need'} a look"
    elif len(_too_few(found["steady"])) == compared:
        told = "too few rows to tell"
    else:
        told = "no drift that matters"
    subject = plain(report.get("title") or (report.get("about") or {}).get("subject") or "")
    return f"{subject}: {told}" if subject else told[0].upper() + told[1:]


def subtitle(report: Values) -> str:
    """Say what was compared with what, as plain text."""
    about, rows = report.get("about") or {}, report.get("rows") or {}
    current = plain(about.get("current") or "current data")
    reference = plain(about.get("reference") or "the reference")
    told = f"{current} ({rows.get('current', 0):,} rows) against {reference} ({rows.get('reference', 0):,} rows)"
    width = len(report.get("columns", ()))
    told += f" · {width:,} column{'' if width == 1 else 's'}"
    return told + (f" · {plain(report['note'], 300)}" if report.get("note") else "")


def lead(report: Values) -> list[tuple[str, str]]:
    """Give the paragraph below the title in pieces: text with how it is set, ``b`` or nothing."""
    found, pieces = by_status(report), []
    for state, closing in (("drift", "drifted"), ("quality", "to look at for data quality")):
        columns = found[state]
        shown = columns[:3]
        for position, column in enumerate(shown):
            role = f"the {plain(column['role'])} " if column.get("role") else ""
            verbal = str(column.get("reason")).startswith(_VERBS)
            before = f"In {role}" if state == "quality" and not position and not verbal else role
            # A sentence begins with a capital letter, but a name is written as it is.
            pieces += [(before if position else before[:1].upper() + before[1:], ""), *_change(column)]
            rest = len(columns) - len(shown)
            last = position == len(shown) - 1
            pieces.append((_joined(position, len(shown), rest) if not last else _end(rest, closing), ""))
    share = weight_share(report)
    if found["drift"] and share is not None:
        carriers = "It carries" if len(found["drift"]) == 1 else "Together they carry"
        pieces.append((f"{carriers} {share:.0%} of the model's weight. ", ""))
    if not found["drift"] and not found["quality"] and found["steady"]:
        pieces.append((_calm(report, found["steady"]), ""))
    pieces += [(f"{told}{'' if told.endswith('.') else '.'} ", "") for told in _more(report)]
    return pieces


def _joined(position: int, shown: int, rest: int) -> str:
    return " and " if position == shown - 2 and not rest else ", "


def _end(rest: int, closing: str) -> str:
    return f", and {rest:,} more {closing}. " if rest else ". "


def _change(column: Values) -> list[tuple[str, str]]:
    name, reason = named(column.get("name"), 50), plain(column.get("reason"), 120)
    before, after = column.get("means") or (None, None)
    shift = re.fullmatch(r"shifted (?:up|down) by ([\d.,]+ σ)(.*)", reason)
    if shift and before is not None and after is not None:
        verb = "rose" if after > before else "fell"
        return [(name, "b"), (f" {verb} from {figure(before)} to {figure(after)} ({shift[1]})", "")]
    return [(name, "b"), (f" {reason}" if reason.startswith(_VERBS) else f": {reason}", "")]


def _too_few(steady: Sequence[Values]) -> list[Values]:
    return [column for column in steady if str(column.get("reason", "")).startswith("too few rows")]


def _calm(report: Values, steady: Sequence[Values]) -> str:
    few = len(_too_few(steady))
    if few == len(steady):
        return "There are too few rows on a side for a change to show. "
    largest = max(steady, key=lambda column: column.get("effect") or 0.0)
    told = f"{count(len(steady), 'column')} {'was' if len(steady) == 1 else 'were'} compared and none changed beyond what counts"
    told = told[0].upper() + told[1:]
    told += f", {count(few, 'column')} of them with too few rows to tell" if few else ""
    effect, counts = largest.get("effect"), report.get("min_effect")
    if effect:
        # Large and yet not significant is another thing than small.
        chance = counts is not None and effect >= counts
        told += f"; the largest change is {figure(effect)} in {plain(largest['name'], 50)}, "
        told += "which could be chance with so few rows" if chance else f"where {figure(counts)} counts"
    return told + ". "


def _more(report: Values) -> list[str]:
    windows, performance = report.get("windows") or {}, report.get("performance") or {}
    onset = (windows.get("onset") or {}).get("words", "")
    found = [str(one) for one in report.get("findings") or ()][:3]
    segments = report.get("segments") or {}
    worst = segments.get("sentence", "") if segments.get("worst") not in (None, -1) else ""
    quality = report.get("quality") or {}
    broken = quality.get("sentence", "") if quality.get("findings") else ""
    told = [*found, onset, worst, broken, performance.get("sentence", "")]
    return [plain(one, 240) for one in told if one]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def false_alarm(report: Values) -> str:
    """Say how sure the report is, in plain text."""
    if report.get("false_alarm"):
        said = [plain(report[key], 500) for key in ("false_alarm", "power") if report.get(key)]
        return " ".join(_sentence(one) for one in said)
    alpha, least = report.get("alpha"), report.get("min_effect")
    told = (
        "" if alpha is None else f"With no change at all, at most {alpha * 100:.3g} in 100 such reports name a column"
    )
    told += "" if least is None else f"; changes below {figure(least)} (KS or total variation) do not count"
    return told + "." if told else ""


def figure(value: object) -> str:
    """Write a number with three digits that tell; nothing as a dash."""
    if value is None or isinstance(value, str):
        return plain(value) if value else "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if isinstance(value, int) or (value == int(value) and 10 <= abs(value) < 1e6):
        return f"{int(value):,}".replace("-", "−")
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e7):
        return f"{value:.2e}".replace("-", "−")
    return (f"{value:,.0f}" if size >= 1000 else f"{value:.3f}" if size < 10 else f"{value:.4g}").replace("-", "−")


def effect(value: object) -> str:
    """Write a KS distance or total variation."""
    return f"{value:.3f}" if isinstance(value, int | float) and math.isfinite(value) else figure(value)


def probability(value: object) -> str:
    """Write a p-value: small ones as a bound."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def digest(report: Values) -> str:
    """Give the sha256 of what the report found; the same for the same data and settings, whatever they are called."""
    found = {key: value for key, value in report.items() if key not in {"about", "title"}}
    text = json.dumps(found, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
