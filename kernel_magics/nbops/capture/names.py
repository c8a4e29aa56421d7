"""Which names a piece of code takes from outside and which it binds, in the order of evaluation."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from typing import Any

_BUILTINS = frozenset(dir(builtins))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def names_of(tree: ast.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the names read before they are bound here, and the names bound at module scope.

    Built-in names and names local to functions, classes and comprehensions are left out. Both are in order of
    first appearance.
    """
    scope = _Scope(None)
    for statement in tree.body:
        scope.visit(statement)
    return tuple(n for n in scope.loads if n not in _BUILTINS), tuple(scope.stores)


class _Scope:
    """One scope; ``outer`` is None at module scope, where order decides what is read from outside."""

    def __init__(self, outer: _Scope | None, *, comprehension: bool = False) -> None:
        self.outer = outer
        self.comprehension = comprehension
        self.loads: dict[str, None] = {}
        self.stores: dict[str, None] = {}
        self.declared: set[str] = set()

    def load(self, name: str) -> None:
        if self.outer is not None or name not in self.stores:
            self.loads[name] = None

    def store(self, name: str) -> None:
        if name in self.declared:
            self.module().store(name)
        else:
            self.stores[name] = None

    def module(self) -> _Scope:
        return self if self.outer is None else self.outer.module()

    def visit(self, node: ast.AST) -> None:
        special = _SPECIAL.get(type(node))
        if special is not None:
            special(self, node)
        else:
            self.children(node, node._fields)

    def children(self, node: ast.AST, fields: Iterable[str]) -> None:
        for field in fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                self.visit(value)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)

    def close(self) -> None:
        """Hand the names this inner scope takes from outside to the outer one."""
        assert self.outer is not None
        for name in self.loads:
            if name not in self.stores:
                self.outer.load(name)


def _name(scope: _Scope, node: ast.Name) -> None:
    if isinstance(node.ctx, ast.Store):
        scope.store(node.id)
    else:
        scope.load(node.id)


def _ordered(*fields: str) -> Callable[[_Scope, Any], None]:
    return lambda scope, node: scope.children(node, fields)


def _augmented(scope: _Scope, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        scope.load(node.target.id)
    scope.visit(node.value)
    scope.visit(node.target)


def _import(scope: _Scope, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":
            scope.store(alias.asname or alias.name.partition(".")[0])


def _function(scope: _Scope, node: Any) -> None:
    arguments: ast.arguments = node.args
    for part in (*getattr(node, "decorator_list", ()), *arguments.defaults, *arguments.kw_defaults):
        if part is not None:
            scope.visit(part)
    if isinstance(node, _FUNCTIONS):
        scope.store(node.name)
    inner = _Scope(scope)
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    for argument in every:
        if argument is not None:
            inner.stores[argument.arg] = None
    inner.children(node, ("body",))
    inner.close()


def _class(scope: _Scope, node: ast.ClassDef) -> None:
    scope.children(node, ("decorator_list", "bases", "keywords"))
    inner = _Scope(scope)
    inner.children(node, ("body",))
    inner.close()
    scope.store(node.name)


def _comprehension(scope: _Scope, node: Any) -> None:
    # The first iterable belongs to the scope around the comprehension.
    first = node.generators[0]
    scope.visit(first.iter)
    inner = _Scope(scope, comprehension=True)
    inner.children(first, ("target", "ifs"))
    for generator in node.generators[1:]:
        inner.visit(generator)
    inner.children(node, ("elt", "key", "value"))
    inner.close()


def _walrus(scope: _Scope, node: ast.NamedExpr) -> None:
    scope.visit(node.value)
    # A walrus in a comprehension binds in the scope around it.
    while scope.comprehension and scope.outer is not None:
        scope = scope.outer
    scope.store(node.target.id)


def _declare(scope: _Scope, node: ast.Global) -> None:
    scope.declared.update(node.names)


def _handler(scope: _Scope, node: ast.ExceptHandler) -> None:
    # The name of an except clause is gone after it, so it is neither read nor left behind.
    before = node.name in scope.stores
    scope.children(node, ("type",))
    if node.name:
        scope.stores[node.name] = None
    scope.children(node, ("body",))
    if node.name and not before:
        scope.stores.pop(node.name, None)


def _match_name(scope: _Scope, node: Any) -> None:
    scope.children(node, node._fields)
    bound = getattr(node, "name", None) or getattr(node, "rest", None)
    if bound:
        scope.store(bound)


_SPECIAL: dict[type, Callable[[_Scope, Any], None]] = {
    ast.Name: _name,
    ast.Assign: _ordered("value", "targets"),
    ast.AnnAssign: _ordered("annotation", "value", "target"),
    ast.AugAssign: _augmented,
    ast.For: _ordered("iter", "target", "body", "orelse"),
    ast.AsyncFor: _ordered("iter", "target", "body", "orelse"),
    ast.comprehension: _ordered("iter", "target", "ifs"),
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.NamedExpr: _walrus,
    ast.Global: _declare,
    ast.ExceptHandler: _handler,
    ast.MatchAs: _match_name,
    ast.MatchStar: _match_name,
    ast.MatchMapping: _match_name,
}
