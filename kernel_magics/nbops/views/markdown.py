"""Pieces of Markdown as GitHub and GitLab show it: what others wrote stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from nbops.views.text import clip

# Signs of Markdown and HTML, and what would become a link, a mention or a reference. `_` and `.` only where they would count.
_SIGNS = re.compile(r"[\\`*{}\[\]<>#|~@!&$^=]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=www)\.|(?<=^)[-+](?=\s|-|$)|(?<=^\d)[.)]")


def text(value: object, width: int = 200) -> str:
    """Give text of one line, cut at ``width`` characters, in which nothing is markup."""
    return _SIGNS.sub(lambda found: f"&#{ord(found[0])};", clip(str(value), width))


def link(label: object, path: str) -> str:
    """Give a link to a file of the project."""
    return f"[{text(label)}]({quote(path, safe='/.-_~')})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Lay out cells, which must be Markdown already, as a table; columns in ``right`` are set to the right."""
    rules = ["---:" if number in right else "---" for number in range(len(header))]
    lines = [header, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
