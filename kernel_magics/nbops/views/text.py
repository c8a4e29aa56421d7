"""Text for terminals: tables, numbers, times."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

# What moves the cursor, colours or turns the direction of writing: another's words must not repaint a terminal.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Show what a terminal would obey instead of print as a replacement character; line breaks stay."""
    return _UNSEEN.sub("\ufffd", text)


def table(rows: Iterable[Sequence[str]], header: Sequence[str], *, right: Sequence[int] = ()) -> str:
    """Lay out rows in columns under a header.

    Parameters
    ----------
    rows
        Cells as text; line breaks become spaces.
    header
        Names of the columns.
    right
        Columns (from 0) that are set to the right, for numbers.
    """
    lines = [[printable(" ".join(str(cell).split())) for cell in line] for line in (header, *rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(header))]
    shown = []
    for line in lines:
        cells = [_pad(cell, width, i in right) for i, (cell, width) in enumerate(zip(line, widths, strict=True))]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)


def number(value: float | None) -> str:
    """Show a number with four significant digits, an integer whole, nothing as a dash."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.4f}".rstrip("0").rstrip(".")


def some(share: float) -> str:
    """Show a share that is not nothing: what rounds to nothing as less than the smallest that is shown."""
    return f"{share:.1%}" if share >= 0.0005 else "< 0.1%"


def seconds(value: float | None) -> str:
    """Show a duration: ``12 ms``, ``1.82 s``, ``3 min 20 s``, ``2 h 5 min``, ``7.5 days``."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{value / 86_400:.1f} days"


def size(value: float) -> str:
    """Show a number of bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def moment(value: float | None) -> str:
    """Show a time in seconds since the epoch as local date and time."""
    return "–" if not value else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value))


def clip(text: str, width: int) -> str:
    """Cut a line that is longer than ``width`` characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= width else line[: width - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
