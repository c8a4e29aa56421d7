"""What a cell's source says before it runs: names, literals, bindings, calls."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nbops.capture.fits import Given, given
from nbops.capture.names import names_of
from nbops.capture.parsing import parse
from nbops.capture.syntax import (
    base_of,
    calls_in,
    dotted,
    expressions,
    first_text,
    literal_of,
    reads_clock,
    statements,
    unwrapped,
)

_FITS = frozenset({"fit", "fit_transform", "fit_predict", "partial_fit"})
PREDICTS = frozenset({"predict", "predict_proba"})


@dataclass(frozen=True, slots=True)
class Argument:
    """A keyword argument: ``kind`` is ``literal``, ``name``, ``call`` (``text``: the class) or ``source``."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Construction:
    """A call of a CapWords name, perhaps an estimator. ``target`` is the name it is bound to, or empty."""

    path: str
    target: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the source of one block says.

    ``literals`` maps a name to the texts of the literals it is bound to; ``computed`` are names bound to anything
    else, loop variables and clock readings excepted. ``functions`` maps a name to the dotted function whose
    result it is. ``shown`` is the name for the value of the last expression. ``problem`` is set when the source is
    not Python. ``fits`` maps the name of a model to the data and target of its last ``fit``; ``predicted`` a name that is bound to
    predictions to the model, the method and the name of the rows; ``refitted`` are models that were fitted after their last prediction.
    """

    source: str
    digest: str
    problem: str = ""
    names_read: tuple[str, ...] = ()
    names_written: tuple[str, ...] = ()
    literals: dict[str, tuple[str, ...]] = field(default_factory=dict)
    computed: tuple[str, ...] = ()
    functions: dict[str, str] = field(default_factory=dict)
    shown: str = ""
    constructions: tuple[Construction, ...] = ()
    calls: frozenset[str] = frozenset()
    imports: dict[str, str] = field(default_factory=dict)
    readers: dict[str, str] = field(default_factory=dict)
    mutated: frozenset[str] = frozenset()
    fitted: frozenset[str] = frozenset()
    fits: dict[str, tuple[Given, Given]] = field(default_factory=dict)
    predicted: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    refitted: frozenset[str] = frozenset()
    uses_mlflow: bool = False


def digest_of(source: str) -> str:
    """Give the sha256 of a source, line ends and trailing blanks aside."""
    lines = [line.rstrip() for line in source.strip("\n").splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=64)
def analyse(source: str) -> Analysis:
    """Analyse a block of Python. Never raises: what is not Python gives an ``Analysis`` with a ``problem``."""
    digest = digest_of(source)
    try:
        tree = parse(source)
        return _Reader(tree).analysis(source, digest)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Analysis(source=source, digest=digest, problem=f"{type(error).__name__}: {error}")


class _Reader:
    """Reads one tree."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.literals: dict[str, tuple[str, ...]] = {}
        self.computed: dict[str, None] = {}
        self.functions: dict[str, str] = {}
        self.constructions: list[Construction] = []
        self.calls: set[str] = set()
        self.imports: dict[str, str] = {}
        self.readers: dict[str, str] = {}
        self.mutated: set[str] = set()
        self.fitted: set[str] = set()
        self.fits: dict[str, tuple[Given, Given]] = {}
        self.predicted: dict[str, tuple[str, str, str]] = {}
        self.refitted: set[str] = set()
        self.targets: dict[int, str] = {}

    def analysis(self, source: str, digest: str) -> Analysis:
        for statement in statements(self.tree.body):
            self._statement(statement)
        read, written = names_of(self.tree)
        uses = any(origin.partition(".")[0] == "mlflow" for origin in self.imports.values()) or "mlflow" in read
        return Analysis(
            source=source,
            digest=digest,
            names_read=read,
            names_written=written,
            literals={n: t for n, t in self.literals.items() if n not in self.computed},
            computed=tuple(self.computed),
            functions=self.functions,
            shown=self._shown(),
            constructions=tuple(self.constructions),
            calls=frozenset(self.calls),
            imports=self.imports,
            readers=self.readers,
            mutated=frozenset(self.mutated),
            fitted=frozenset(self.fitted),
            fits=self.fits,
            predicted=self.predicted,
            refitted=frozenset(self.refitted),
            uses_mlflow=uses,
        )

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._bind(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._bind(statement.target, statement.value)
        elif isinstance(statement, ast.AugAssign):
            self._bind(statement.target, statement.value, augmented=True)
        elif isinstance(statement, ast.Delete):
            self.mutated.update(filter(None, map(base_of, statement.targets)))
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.imports[name] = alias.name if alias.asname else name
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self.imports[alias.asname or alias.name] = f"{statement.module or ''}.{alias.name}"
        for node in expressions(statement):
            self._expression(node)

    def _bind(self, target: ast.AST, value: ast.expr, *, augmented: bool = False) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            parts: list[Any] = [value] * len(target.elts)
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                parts = value.elts
            for element, part in zip(target.elts, parts, strict=True):
                self._bind(element, part)
        elif isinstance(target, ast.Name):
            self._bind_name(target.id, value, augmented)
        else:
            base = base_of(target)
            if base:
                self.mutated.add(base)

    def _bind_name(self, name: str, value: ast.expr, augmented: bool) -> None:
        self.functions.pop(name, None)
        self.predicted.pop(name, None)
        text = None if augmented else literal_of(value)
        if text is not None:
            self.literals[name] = (*self.literals.get(name, ()), text)
            return
        if reads_clock(value):
            return
        if not isinstance(value, (ast.Constant, ast.JoinedStr, ast.Dict, ast.List, ast.Tuple, ast.Lambda)):
            self.computed[name] = None
        if augmented:
            self.computed[name] = None
        inner = unwrapped(value)
        if isinstance(inner, ast.Call):
            path = dotted(inner.func)
            if path:
                self.functions[name] = path
                base, _, last = path.rpartition(".")
                if last in PREDICTS and base and "." not in base:
                    self.predicted[name] = (base, last, given(inner, 0, "X").name)
                if last.startswith("read_"):
                    self.readers[name] = first_text(inner)
        # ``Model(...).fit(X)`` binds the model too.
        for node in calls_in(value):
            self.targets[id(node)] = name

    def _expression(self, node: ast.AST) -> None:
        if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
            self._bind_name(node.target.id, node.value, False)
        if not isinstance(node, ast.Call):
            return
        path = dotted(node.func)
        base, _, last = path.rpartition(".")
        if path:
            self.calls.add(path)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FITS and base:
            self.fitted.add(base.partition(".")[0])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FITS:
            model = base.partition(".")[0] or self.targets.get(id(node), "")
            # What it predicted before is of a model that is no more.
            self.refitted.add(model)
            self.fits[model] = (given(node, 0, "X"), given(node, 1, "y"))
        if last in PREDICTS:
            self.refitted.discard(base)
        if base and any(k.arg == "inplace" and getattr(k.value, "value", None) is True for k in node.keywords):
            self.mutated.add(base.partition(".")[0])
        if last[:1].isupper():
            arguments = tuple(_argument(k.arg, k.value) for k in node.keywords if k.arg)
            self.constructions.append(Construction(path, self.targets.get(id(node), ""), arguments))

    def _shown(self) -> str:
        last = self.tree.body[-1] if self.tree.body else None
        if not isinstance(last, ast.Expr):
            return ""
        node = unwrapped(last.value)
        if isinstance(node, ast.Call):
            node = node.func
        if isinstance(node, ast.Attribute):
            return node.attr
        return node.id if isinstance(node, ast.Name) else ""


def _argument(name: str, node: ast.expr) -> Argument:
    text = literal_of(node)
    if text is not None:
        return Argument(name, "literal", text)
    if isinstance(node, ast.Name):
        return Argument(name, "name", node.id)
    if isinstance(node, ast.Call):
        last = dotted(node.func).rpartition(".")[2]
        if last[:1].isupper():
            return Argument(name, "call", last)
    return Argument(name, "source", " ".join(ast.unparse(node).split()))
