"""What the code gives to a call of ``fit``."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Given:
    """What a call of ``fit`` is given: the name it stands on, and the column where the code picks one.

    ``exact`` says that all rows of the name are given as they are, if perhaps not all columns.
    """

    name: str
    column: str = ""
    exact: bool = True


def given(call: ast.Call, position: int, keyword: str) -> Given:
    """Give what one argument of a call stands on; an empty name where it is none of the block's."""
    node: ast.AST | None = call.args[position] if len(call.args) > position else None
    node = next((k.value for k in call.keywords if k.arg == keyword), node)
    column = ""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        column = node.slice.value
    elif isinstance(node, ast.Attribute):
        column = node.attr
    exact = True
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        exact = exact and _keeps_rows(node)
        node = node.func if isinstance(node, ast.Call) else node.value
    return Given(node.id, column, exact) if isinstance(node, ast.Name) else Given("")


def _keeps_rows(node: ast.Attribute | ast.Subscript | ast.Call) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in {"drop", "values", "to_numpy", "copy"}
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, (ast.Constant, ast.List, ast.Name))
    return not node.args and all(keyword.arg in {"columns", "axis"} for keyword in node.keywords)
