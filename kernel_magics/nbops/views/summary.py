"""What stands at the end of a stage notebook: what it did, its key figures, what it gave to the stages after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from nbops.views.html import escape, span, tag
from nbops.views.text import clip, number

_LONGEST = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The end of a stage: ``did`` in one sentence, ``figures`` by what they are, ``gave`` the values that it gives by name."""

    title: str
    did: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    gave: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": summary_html(self), "text/plain": summary_text(self)}

    def _repr_html_(self) -> str:
        return summary_html(self)

    def __str__(self) -> str:
        return summary_text(self)


def summary(
    title: str, did: str, figures: Mapping[str, Any] | None = None, gave: Mapping[str, Any] | None = None
) -> Summary:
    """Sum up a stage, as the last expression of its notebook: static HTML, and text in a terminal.

    Parameters
    ----------
    title
        Of the stage.
    did
        What it did, in one sentence.
    figures
        Key figures by what they are: numbers, texts, or a pair or triple of numbers as value and interval.
    gave
        What it gives to the stages that come after, by name.
    """
    return Summary(title=title, did=did, figures=dict(figures or {}), gave=dict(gave or {}))


def summary_html(found: Summary) -> str:
    """Give the summary as a piece of HTML without scripts; everything in it is escaped."""
    parts = [tag("div", span(found.title), "font-weight:600"), tag("div", escape(found.did), "margin:2px 0 6px")]
    if found.figures:
        cells = [
            tag("div", span(name, "dim") + "<br>" + tag("b", escape(_shown(value)), "font-weight:500;font-size:15px"))
            for name, value in found.figures.items()
        ]
        parts.append(tag("div", "".join(cells), "display:flex;flex-wrap:wrap;gap:6px 26px;margin-bottom:6px"))
    if found.gave:
        rows = "".join(
            tag("div", span(name, mono=True) + span(f"  {_shown(value)}", "dim"), "white-space:pre-wrap")
            for name, value in found.gave.items()
        )
        parts.append(tag("div", span("gives", "dim") + rows))
    return tag("div", "".join(parts), "font-size:13px;line-height:1.45;padding:4px 0", role="note")


def summary_text(found: Summary) -> str:
    """Give the summary as text."""
    lines = [found.title, found.did]
    width = max((len(name) for name in (*found.figures, *found.gave)), default=0)
    lines += [f"  {name:<{width}}  {_shown(value)}" for name, value in found.figures.items()]
    if found.gave:
        lines += ["gives", *(f"  {name:<{width}}  {_shown(value)}" for name, value in found.gave.items())]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, str) and not value):
        return "–"
    if _is_number(value):
        whole = float(value).is_integer() and abs(value) < 1e15
        return f"{int(value):,}" if whole else number(float(value))
    if isinstance(value, tuple) and len(value) in (2, 3) and all(map(_is_number, value)):
        low, high = number(float(value[-2])), number(float(value[-1]))
        return f"{number(float(value[0]))} ({low} – {high})" if len(value) == 3 else f"{low} – {high}"
    if isinstance(value, (str, PurePath)):
        return clip(str(value), _LONGEST)
    if isinstance(value, Mapping):
        return clip(", ".join(f"{key} {_shown(item)}" for key, item in value.items()) or "none", _LONGEST)
    if isinstance(value, (list, tuple, set, frozenset)):
        return clip(", ".join(map(_shown, value)) or "none", _LONGEST)
    if hasattr(value, "shape") and hasattr(value, "columns"):
        return f"{len(value):,} rows × {len(value.columns)} columns"
    return clip(type(value).__name__ if hasattr(value, "fit") else str(value), _LONGEST)


def _is_number(value: Any) -> bool:
    if isinstance(value, (bool, str, PurePath)):
        return False
    return isinstance(value, (int, float)) or (hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0)
