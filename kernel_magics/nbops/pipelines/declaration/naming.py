"""Names of stages: what may be one, what the stages of a grid are called, and what their files are called."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

# A declared name becomes part of a file name and of a command line.
STAGE_NAME = re.compile(r"[^\W][\w .+-]{0,79}")
_PLAIN_FILE = re.compile(r"[^\W](?:[\w .+-]*[\w+-])?")
_BARE = re.compile(r"[A-Za-z_][\w.+:/-]*|\d{4}-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d)?)?)?", re.ASCII)
_WORDS = frozenset({"true", "false", "null", "NaN", "Infinity"})
_LONGEST_VALUE, _LONGEST_FILE = 40, 120
# No declared name holds it, so that no name of one stage is the file name of another.
_MARK = "~"


def slug_of(name: str) -> str:
    """Give a file name for a stage: its own name where that is safe, else made so and told apart by a digest."""
    if _PLAIN_FILE.fullmatch(name) and len(name.encode("utf-8", "replace")) <= _LONGEST_FILE:
        return name
    safe = re.sub(r"[^A-Za-z0-9_.+-]+", "-", name).strip(".-")[:60]
    return f"{safe}{_MARK}{_digest(name)[:12]}"


def instance_name(group: str, instance: Mapping[str, Any]) -> str:
    """Give the name of a stage of a grid, as ``train[depth=2,alpha=0.1]``; different values never share one."""
    return f"{group}[{','.join(f'{key}={shown(value)}' for key, value in instance.items())}]"


def shown(value: Any) -> str:
    """Show a value in few signs: text bare where it cannot be taken for another value, long ones by a digest."""
    if isinstance(value, str) and _BARE.fullmatch(value) and value not in _WORDS and len(value) <= _LONGEST_VALUE:
        return value
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if not text.isprintable():
        text = json.dumps(value, sort_keys=True)
    # What was cut ends in a digest and not in a sign that ends a value.
    return text if len(text) <= _LONGEST_VALUE else f"{text[:20]}…{_digest(text)[:12]}"


def folded(name: str) -> str:
    """Give a name as file systems compare it that know no capitals and one form of accents."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFC", name).casefold()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
