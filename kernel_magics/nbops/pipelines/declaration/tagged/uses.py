"""What one cell takes and makes: names it reads before it binds them, binds, or changes in place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbops.capture.names import names_of
from nbops.pipelines.staleness.cells import LINE, is_python, parsed, special_lines, split_magic

# Methods that change the object they are called on.
_CHANGING = frozenset(
    [
        "append",
        "extend",
        "insert",
        "remove",
        "pop",
        "popitem",
        "clear",
        "sort",
        "reverse",
        "update",
        "setdefault",
        "add",
        "discard",
        "appendleft",
        "popleft",
        "fit",
        "fit_transform",
        "fit_predict",
        "partial_fit",
        "set_params",
        "fill",
        "resize",
        "put",
    ]
)
_WORD = re.compile(r"[^\W\d]\w*")
_EXPANDED = re.compile(r"[{$]\s*([^\W\d]\w*)")
_IPYTHON = frozenset({"In", "Out", "get_ipython", "display", "exit", "quit", LINE})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(slots=True)
class Uses:
    """What a cell does with names.

    ``binds`` maps a name to ``value``, ``import`` or the kind of a definition (``function``, ``class``); ``imports`` to the
    line that imports it; ``inside`` a definition to the names that its body takes from outside. ``problem`` is set where the
    cell is no Python.
    """

    reads: dict[str, None] = field(default_factory=dict)
    binds: dict[str, str] = field(default_factory=dict)
    changes: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    at_once: frozenset[str] = frozenset()
    defines_only: bool = False
    problem: str = ""


def uses_of(source: str) -> Uses:
    """Look at a cell. Magics and shell lines count as reading every name in them."""
    head, body = split_magic(source)
    if head is not None and not is_python(head):
        # Some other language; IPython puts variables in where they stand in braces or behind a dollar sign.
        return Uses(reads=_names(_EXPANDED.findall(f"{head}\n{body}")))
    tree = parsed(body)
    if tree is None:
        return Uses(problem=_problem(body))
    reads, stores = names_of(tree)
    found = Uses(reads=_names(reads), binds=dict.fromkeys(_names(stores), "value"))
    for line in special_lines(tree):
        found.reads.update(_names(_WORD.findall(line)))
    if head is not None and head.startswith("%%capture"):
        found.binds.update(dict.fromkeys(_WORD.findall(head.partition(" ")[2]), "value"))
    for statement in _statements(tree.body):
        _bindings(statement, found)
    found.changes = frozenset(_changed(tree)) & (found.reads.keys() | found.binds.keys())
    at_once = (names_of(ast.Module([one], []))[0] for one in tree.body if not _is_definition(one))
    found.at_once = frozenset(name for names in at_once for name in names)
    found.defines_only = bool(tree.body) and all(map(_is_plain_definition, tree.body))
    return found


def _names(names: object) -> dict[str, None]:
    assert isinstance(names, (list, tuple))
    # What begins with an underscore and a digit or nothing is IPython's own.
    return {name: None for name in names if name not in _IPYTHON and name.strip("_0123456789")}


def _bindings(statement: ast.stmt, found: Uses) -> None:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            if name != "*" and getattr(statement, "module", "") != "__future__":
                found.binds[name] = "import"
                found.imports[name] = ast.unparse(_only(statement, alias))
    elif isinstance(statement, _DEFINITIONS):
        found.binds[statement.name] = "class" if isinstance(statement, ast.ClassDef) else "function"
        found.inside[statement.name] = names_of(ast.Module([statement], []))[0]
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                found.binds[target.id] = "function"
                found.inside[target.id] = names_of(ast.Module([statement], []))[0]
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for name in (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)):
            if name in found.binds:
                found.binds[name] = "value"


def _only(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk the statements that run at the level of the cell, those in blocks too."""
    for statement in body:
        yield statement
        if isinstance(statement, _DEFINITIONS):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, part, []))
        for part in ("handlers", "cases"):
            for branch in getattr(statement, part, []):
                yield from _statements(branch.body)


def _changed(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield _base(node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            in_place = any(
                word.arg == "inplace" and getattr(word.value, "value", None) is True for word in node.keywords
            )
            if in_place or node.func.attr in _CHANGING:
                yield _base(node.func)


def _base(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_definition(statement: ast.stmt) -> bool:
    lambda_ = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda)
    return lambda_ or isinstance(statement, _DEFINITIONS)


def _is_plain_definition(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but define: what decorates may do more."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, _DEFINITIONS) and not statement.decorator_list


def _problem(source: str) -> str:
    try:
        ast.parse(source)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return "it cannot be read"
