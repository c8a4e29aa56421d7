"""Whether a value is of the type that a parameters cell writes behind a name.

What is not known (a class of the user's own, a type variable) accepts everything: a check that is wrong is worse than none.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

_PLAIN: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "complex": (int, float),
    "str": (str,),
    "bool": (bool,),
    "Path": (str,),
    "PathLike": (str,),
    "bytes": (),
}
_LISTS = frozenset(
    {"list", "List", "tuple", "Tuple", "set", "Set", "frozenset", "FrozenSet", "Sequence", "Iterable", "Collection"}
)
_TABLES = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_WRAPPERS = frozenset({"Annotated", "Final", "Required", "NotRequired"})


def accepts(annotation: str, value: Any) -> bool:
    """Tell whether an annotation, as it is written, accepts a value of TOML or JSON.

    A whole number will do for ``float``, text for ``Path`` and dates; ``true`` is no number.
    """
    node = _parsed(annotation)
    return node is None or _fits(node, value)


@lru_cache(maxsize=256)
def _parsed(annotation: str) -> ast.expr | None:
    try:
        return ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _fits(node: ast.expr, value: Any) -> bool:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return accepts(node.value, value)
        return value is None if node.value is None else True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _fits(node.left, value) or _fits(node.right, value)
    if isinstance(node, ast.Subscript):
        return _fits_subscript(_name(node.value), _parts(node.slice), value)
    return _fits_name(_name(node), value)


def _fits_name(name: str, value: Any) -> bool:
    if name in _PLAIN:
        wanted = _PLAIN[name]
        return isinstance(value, wanted) and (not isinstance(value, bool) or bool in wanted)
    if name in _LISTS:
        return isinstance(value, (list, tuple))
    if name in _TABLES:
        return isinstance(value, Mapping)
    if name in {"date", "datetime"}:
        return isinstance(value, str) and _is_date(value)
    return True


def _fits_subscript(name: str, parts: list[ast.expr], value: Any) -> bool:
    if name == "Literal":
        return any(_is_literal(part, value) for part in parts)
    if name == "Optional":
        return value is None or _fits(parts[0], value)
    if name == "Union":
        return any(_fits(part, value) for part in parts)
    if name in _WRAPPERS:
        return _fits(parts[0], value)
    if name in {"tuple", "Tuple"} and not any(isinstance(part, ast.Constant) and part.value is ... for part in parts):
        fitting = isinstance(value, (list, tuple)) and len(value) == len(parts)
        return fitting and all(_fits(part, item) for part, item in zip(parts, value, strict=True))
    if name in _LISTS:
        return isinstance(value, (list, tuple)) and all(_fits(parts[0], item) for item in value)
    if name in _TABLES:
        return isinstance(value, Mapping) and all(_fits(parts[-1], item) for item in value.values())
    return True


def _name(node: ast.expr) -> str:
    """Give the last part of a name: ``Any`` for ``typing.Any``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) and node.elts else [node]


def _is_literal(node: ast.expr, value: Any) -> bool:
    try:
        wanted = ast.literal_eval(node)
    except ValueError:
        return True
    return type(wanted) is type(value) and bool(wanted == value)


def _is_date(text: str) -> bool:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return False
