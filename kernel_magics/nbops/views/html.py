"""Pieces of static HTML: everything the user supplied is escaped, colours follow JupyterLab's theme where there is one."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence

from nbops.views.text import printable

_COLOURS = {
    "dim": "var(--jp-ui-font-color2,#616161)",
    "faint": "var(--jp-ui-font-color3,#8a8a8a)",
    "good": "var(--jp-success-color1,#2e7d32)",
    "bad": "var(--jp-error-color1,#c62828)",
    "warn": "var(--jp-warn-color0,#b85600)",
    "line": "var(--jp-brand-color1,#1976d2)",
    "border": "var(--jp-border-color2,#d0d0d0)",
}
# JupyterLab would set names and values that hold $…$ as formulas: MathJax's classes for what it is to leave alone.
UNTYPESET = "mathjax_ignore tex2jax_ignore"
# Half a character, which no file can hold.
_HALVES = re.compile("[\ud800-\udfff]")
_MONO = "font-family:var(--jp-code-font-family,Menlo,Consolas,'DejaVu Sans Mono',monospace)"


def colour(tone: str) -> str:
    """Give the CSS colour of a tone: ``dim``, ``faint``, ``good``, ``bad``, ``warn``, ``line``, ``border``."""
    return _COLOURS[tone]


def escape(text: object) -> str:
    """Escape text for element content and quoted attributes; what turns the direction of writing is shown as one sign."""
    return html.escape(_HALVES.sub("\ufffd", printable(str(text))), quote=True)


def span(text: object, tone: str = "", *, mono: bool = False) -> str:
    """Give escaped text in a tone, perhaps in the code font."""
    style = ";".join(filter(None, (f"color:{_COLOURS[tone]}" if tone else "", _MONO if mono else "")))
    return f'<span style="{style}">{escape(text)}</span>' if style else escape(text)


def tag(name: str, content: str, style: str = "", **attributes: object) -> str:
    """Wrap HTML in an element; attribute values are escaped."""
    given = "".join(f' {key.replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}" + (f' style="{style}"' if style else "") + f"{given}>{content}</{name}>"


def sparkline(values: Sequence[float], label: str, *, width: int = 190, height: int = 36) -> str:
    """Draw values as a small line with a dot at the last; nothing for fewer than two finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    spread = (high - low) or 1.0
    points = [
        (3 + i * (width - 9) / (len(finite) - 1), height - 5 - (v - low) / spread * (height - 10))
        for i, v in enumerate(finite)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="{escape(label)}" style="margin-left:auto">'
        f'<polyline points="{path}" fill="none" stroke="{_COLOURS["line"]}" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{_COLOURS["line"]}"/></svg>'
    )
