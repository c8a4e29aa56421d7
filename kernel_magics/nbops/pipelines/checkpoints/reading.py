"""What the source of cells says about the state they need and leave."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbops.capture.names import names_of
from nbops.capture.parsing import parse
from nbops.pipelines.notebook import python_lines

# Whoever uses one of these may read any variable.
_DYNAMIC = frozenset({"globals", "locals", "vars", "eval", "exec", "dir", "get_ipython", "breakpoint"})
# Magics of whole cells: what is under the first is Python, under the second something else.
_PYTHON = frozenset({"time", "timeit", "capture", "prun", "track"})
_OTHER = frozenset(
    {
        "bash",
        "sh",
        "script",
        "html",
        "HTML",
        "javascript",
        "js",
        "latex",
        "markdown",
        "svg",
        "writefile",
        "file",
        "perl",
        "ruby",
        "cmd",
    }
)
_WORD = re.compile(r"[^\W\d]\w*")
_SHOWN = re.compile(r"_{1,3}|_\d+|_oh|Out")
_TYPED = re.compile(r"_i{1,3}|_i\d+|_ih|In")
_BLOCKS = ("body", "orelse", "finalbody")
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Needs:
    """What cells read that they have not bound themselves before: ``names`` is none when that may be anything.

    ``shown`` and ``typed`` say whether they use the shell's own names for what was shown (``_``, ``Out``) or typed (``In``).
    """

    names: frozenset[str] | None
    shown: bool = False
    typed: bool = False


def needs_of(sources: Iterable[str]) -> Needs:
    """Say what cells need of those before them; in doubt it is more."""
    read: set[str] = set()
    anything = False
    bound: set[str] = set()
    for source in sources:
        words = {word for line in _magic_lines(source) for word in _WORD.findall(line)}
        read |= words
        magic = _cell_magic(source)
        if magic in _OTHER:
            read |= set(_WORD.findall(source))
            continue
        anything |= bool(magic) and magic not in _PYTHON
        try:
            tree = parse(python_lines(source))
            found, now = _block(tree.body, bound)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            anything = True
            read |= set(_WORD.findall(source))
            continue
        read |= found
        bound |= now
    shown = any(_SHOWN.fullmatch(name) for name in read)
    typed = any(_TYPED.fullmatch(name) for name in read)
    anything = anything or not read.isdisjoint(_DYNAMIC)
    return Needs(None if anything else frozenset(read), shown, typed)


def _block(statements: list[ast.stmt], bound: set[str]) -> tuple[set[str], set[str]]:
    """Give the names that statements read and that are not bound then, and those that are bound after them in any case."""
    read: set[str] = set()
    bound = set(bound)
    for statement in statements:
        inner = [getattr(statement, part, []) for part in _BLOCKS]
        inner += [branch.body for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))]
        nested = any(inner) and not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        loads, stores = names_of(ast.Module([statement], []))
        if not nested:
            mentioned = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            # Somebody may have a variable of that name.
            read |= (set(loads) | mentioned & _BUILTINS) - bound
            bound |= set(stores)
            continue
        targets = _targets(statement)
        for part in _heads(statement):
            read |= {node.id for node in ast.walk(part) if isinstance(node, ast.Name)} - targets - bound
        for body in inner:
            read |= _block(body, bound | targets)[0]
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            bound |= targets | _block(statement.body, bound | targets)[1]
    return read, bound


def _heads(statement: ast.stmt) -> list[ast.AST]:
    """Give what stands in the first lines of a compound statement and its branches."""
    handlers = [one.type for one in getattr(statement, "handlers", ()) if one.type is not None]
    rest = [part for part in ast.iter_child_nodes(statement) if not isinstance(part, (ast.stmt, ast.excepthandler))]
    return [*handlers, *rest]


def _targets(statement: ast.stmt) -> set[str]:
    """Give the names that a loop or ``with`` binds before its body."""
    targets: list[ast.expr | None] = []
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        targets = [statement.target]
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in statement.items]
    return {node.id for one in targets if one is not None for node in ast.walk(one) if isinstance(node, ast.Name)}


def _cell_magic(source: str) -> str:
    found = re.match(r"\s*%%(\w*)", source)
    return (found[1] or "?") if found else ""


def _magic_lines(source: str) -> list[str]:
    lines = source.splitlines()
    return [line for line in lines if line.lstrip()[:1] in ("%", "!") or re.search(r"=\s*[%!]", line)]


@dataclass(frozen=True, slots=True)
class Leaves:
    """What cells leave beside variables.

    ``modules`` are imported; ``imports`` are ``[OTHER, MODULE, NAME]`` for each ``from MODULE import NAME as OTHER``;
    ``assigned`` are places such as ``module.LIMIT``, of which some may be attributes of modules.
    """

    modules: tuple[str, ...]
    imports: tuple[tuple[str, str, str], ...]
    assigned: tuple[str, ...]


def leaves_of(sources: Iterable[str]) -> Leaves:
    """Say what cells leave that is not in a variable."""
    modules: dict[str, None] = {}
    imports: dict[tuple[str, str, str], None] = {}
    assigned: dict[str, None] = {}
    for source in sources:
        try:
            tree = parse(python_lines(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules[node.module] = None
                for alias in node.names:
                    # It may be a module; those that are none are left out by the kernel.
                    modules[f"{node.module}.{alias.name}"] = None
                    imports[(alias.asname or alias.name, node.module, alias.name)] = None
            elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Attribute) and (place := _dotted(target)):
                        assigned[place] = None
    return Leaves(tuple(modules), tuple(imports), tuple(assigned))


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
