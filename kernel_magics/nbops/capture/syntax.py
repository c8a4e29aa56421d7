"""What syntax trees of cells are asked for: their statements, names, calls and literals."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nbops.capture.values import as_param

_CLOCKS = frozenset({"time", "perf_counter", "monotonic", "process_time", "default_timer", "thread_time", "time_ns"})
_WRAPPERS = frozenset({"round", "float", "abs"})
OPAQUE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk the statements that run at module scope, those inside if, for, while, with, try and match included."""
    for statement in body:
        yield statement
        if isinstance(statement, OPAQUE):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from statements(getattr(statement, part, []))
        for part in ("handlers", "cases"):
            for branch in getattr(statement, part, []):
                yield from statements(branch.body)


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the expressions of one statement that are evaluated where they stand, not in nested statements."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case, *OPAQUE)):
            yield child
            yield from expressions(child)


def dotted(node: ast.AST) -> str:
    """Give ``a.b.c`` for an attribute chain on a name, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def unwrapped(node: ast.AST | None) -> ast.AST | None:
    """Look through ``round(…)``, ``float(…)``, ``abs(…)`` and ``await``."""
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _WRAPPERS and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Await):
            node = node.value
        else:
            return node


def base_of(node: ast.AST) -> str:
    """Give the name that attributes, items and stars hang on; empty where it is no name."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def calls_in(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the calls of a chain such as ``a.b(…).c(…)``, the last first."""
    while True:
        if isinstance(node, ast.Call):
            yield node
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        else:
            return


def literal_of(node: ast.expr) -> str | None:
    """Give a literal as a parameter is written; ``None`` for anything else."""
    try:
        return as_param(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def reads_clock(node: ast.AST) -> bool:
    """Whether an expression does nothing but ask what time it is."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    return (
        bool(calls)
        and all(dotted(n.func).rpartition(".")[2] in _CLOCKS | _WRAPPERS for n in calls)
        and any(dotted(n.func).rpartition(".")[2] in _CLOCKS for n in calls)
    )


def first_text(call: ast.Call) -> str:
    """Give the first argument of a call if it is a literal text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
