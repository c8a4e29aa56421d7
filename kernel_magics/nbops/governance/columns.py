"""Which columns of a frame a piece of code names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbops.capture.parsing import parse


def columns_used(code: str, name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns of the frame ``name`` that ``code`` names, in the order of ``columns``.

    Seen are ``df["a"]``, ``df[["a", "b"]]``, ``df.loc[…, "a"]``, ``df.a`` and names in calls of its methods, such as
    ``df.drop(columns="a")``. Empty where the code shows none: it then uses all of them, or names that only running
    shows.
    """
    try:
        tree = parse(code)
    except (SyntaxError, ValueError):
        return ()
    named = {text for node in ast.walk(tree) for text in _named(node, name)}
    return tuple(column for column in columns if column in named)


def _named(node: ast.AST, name: str) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and _root(node.value) == name:
        yield from _texts(node.slice)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
        yield node.attr
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _root(node.func.value) == name:
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _texts(argument)


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for item in node.elts:
            yield from _texts(item)
