"""Results of ``sklearn.metrics`` calls that the code does not keep, as in ``print(f1_score(y, p))``, and predictions.

For the length of one cell, such calls are handed through :func:`record`, which gives back what it gets; those of ``predict``
and ``predict_proba`` through :func:`nbops.capture.predicted.note_prediction`. The
rewritten call keeps its place in the source, so tracebacks do not change.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from nbops.capture.analysis import PREDICTS
from nbops.capture.fits import given
from nbops.capture.syntax import dotted, statements, unwrapped
from nbops.capture.values import as_metric

_OPAQUE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp, ast.stmt)

recorded: dict[str, float] = {}


def record(name: str, value: Any) -> Any:
    """Note a scalar result under ``name`` and give it back untouched."""
    try:
        number = as_metric(value, forced=True)
        if number is not None:
            recorded[name] = number
    except Exception:  # nothing may come between the user's call and its result
        pass
    return value


class Rewriter:
    """An entry for ``shell.ast_transformers`` that hands the named calls through :func:`record`, and predictions.

    Parameters
    ----------
    metrics
        Dotted name in the code to the name of the ``sklearn.metrics`` function.
    """

    def __init__(self, metrics: Mapping[str, str]) -> None:
        self._metrics = metrics
        self._seen: dict[str, int] = {}

    def visit(self, tree: Any) -> Any:
        """Rewrite a module in place."""
        body = getattr(tree, "body", None)
        if isinstance(body, list):
            for statement in statements(body):
                self._statement(statement)
        return tree

    def _statement(self, statement: ast.stmt) -> None:
        kept: set[int] = set()
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                kept |= _kept(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            kept = _kept(statement.target, statement.value)
        self._children(statement, kept)

    def _children(self, node: ast.AST, kept: set[int]) -> None:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    value[index] = self._rewritten(item, kept)
            elif isinstance(value, ast.AST):
                setattr(node, field, self._rewritten(value, kept))

    def _rewritten(self, node: Any, kept: set[int]) -> Any:
        if not isinstance(node, ast.AST) or isinstance(node, (*_OPAQUE, ast.ExceptHandler, ast.match_case)):
            return node
        self._children(node, kept)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PREDICTS:
            return self._noted(node, node.func)
        if not isinstance(node, ast.Call) or id(node) in kept:
            return node
        function = self._metrics.get(dotted(node.func))
        return node if function is None else self._wrapped(node, function)

    def _noted(self, node: ast.Call, function: ast.Attribute) -> ast.AST:
        if not isinstance(function.value, ast.Name):
            return node
        model, rows = function.value.id, given(node, 0, "X").name
        # The model after the call, which is the first to fail where there is none.
        code = f"__import__('sys').modules['nbops.capture.predicted'].note_prediction(0, {model}, {model!r}, {function.attr!r}, {rows!r})"
        return _around(code, node, 0)

    def _wrapped(self, node: ast.Call, function: str) -> ast.AST:
        count = self._seen[function] = self._seen.get(function, 0) + 1
        name = function if count == 1 else f"{function}_{count}"
        return _around(f"__import__('sys').modules['nbops.capture.calls'].record({name!r}, None)", node, 1)


def _around(code: str, node: ast.Call, position: int) -> ast.AST:
    """Give a call of ours with the user's call as one of its arguments, all of it where the user's stands."""
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    call.args[position] = node
    for part in _new(call, node):
        ast.copy_location(part, node)
    return call


def _kept(target: ast.expr, value: ast.expr) -> set[int]:
    """Give the values that an assignment keeps under names, side by side too, and which are found there."""
    if isinstance(target, (ast.Tuple, ast.List)):
        if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(target.elts):
            return set()
        return {one for pair in zip(target.elts, value.elts, strict=True) for one in _kept(*pair)}
    return {id(unwrapped(value))}


def _new(root: ast.AST, old: ast.AST) -> list[ast.AST]:
    found = [root]
    for child in ast.iter_child_nodes(root):
        if child is not old:
            found.extend(_new(child, old))
    return found
