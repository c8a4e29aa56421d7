"""Whether a cell that raised can have changed anything that was there before it; in the kernel.

Only if not is the state after it that before it. What was executed up to the line that raised is looked at, and whatever
is not known to leave things as they are (see :mod:`trust`) counts as a change.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import sys
import textwrap
import types
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from nbops.pipelines.checkpoints import trust

ANYTHING = "anything"
_DEEPEST = 6
_NONE: frozenset[str] = frozenset()
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def changed(source: str, line: int | None, cells: Mapping[str, Any], before: Collection[str]) -> tuple[str, ...]:
    """Give the names of what a cell may have changed; empty when it can have changed nothing.

    Parameters
    ----------
    source
        The cell, as Python.
    line
        The line that raised, from 1; none when nothing was executed.
    cells
        The namespace in which cells run, as it is now.
    before
        Names that were in it before the cell.
    """
    if line is None:
        return ()
    try:
        tree = ast.parse(source)
        look = _Look(cells, frozenset(before))
        for statement in tree.body:
            first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
            if first > line:
                break
            look.statement(statement, raised=line <= (statement.end_lineno or line))
    except (SyntaxError, ValueError, RecursionError):
        return (ANYTHING,)
    return tuple(look.touched)


class _Look:
    """Goes through what was executed. Of each value is known of which variables its object may be part."""

    def __init__(self, cells: Mapping[str, Any], before: frozenset[str], depth: int = 0) -> None:
        self.cells, self.before, self.depth = cells, before, depth
        self.touched: dict[str, None] = {}
        # Names that are bound by what is looked at.
        self.own: dict[str, frozenset[str]] = {}

    def touch(self, names: Iterable[str]) -> None:
        self.touched |= dict.fromkeys(names)

    # Statements

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt, *, raised: bool = False) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self.assignment(node, raised)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imported(node)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            self.definition(node)
        elif isinstance(node, (ast.For, ast.With, ast.If, ast.While, ast.Try)):
            self.compound(node)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self.bind(target, _NONE)
        elif isinstance(node, ast.Global):
            self.touch(node.names if self.depth else ())
        elif isinstance(node, (ast.Expr, ast.Return, ast.Raise, ast.Assert, ast.Pass, ast.Break, ast.Continue)):
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    self.value(part)
        else:
            self.touch([ANYTHING])

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, raised: bool) -> None:
        found = self.value(node.value)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AugAssign):
            name = node.target.id if isinstance(node.target, ast.Name) else ""
            # In place, where the object can do that.
            self.touch(self.own.get(name, _NONE))
        for target in targets:
            # What raised before it was bound has not been bound.
            if node.value is not None and not (raised and not isinstance(node, ast.AugAssign) and _plain(target)):
                self.bind(target, found)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            now = self.cells.get(name)
            if alias.name == "*":
                self.touch([ANYTHING])
            elif isinstance(node, ast.Import):
                again = now is sys.modules.get(alias.name if alias.asname else name)
            else:
                again = now is getattr(sys.modules.get(node.module or ""), alias.name, self)
            if name in self.before and not self.depth and not again:
                self.touch([name])

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
            maker = self.resolved(decorator.func if isinstance(decorator, ast.Call) else decorator)
            self.touch([] if trust.trusted_function(maker, None) else [ANYTHING])
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                self.value(base)
                made = getattr(self.resolved(base), "__init_subclass__", None)
                self.touch([ANYTHING] if isinstance(getattr(made, "__func__", None), types.FunctionType) else [])
            inner = self.inner()
            inner.own |= self.own
            inner.body(one for one in node.body if not isinstance(one, _FUNCTIONS))
            self.touch(inner.touched)
        self.bind(ast.Name(node.name, ast.Store()), self.mentioned(node))

    def compound(self, node: ast.For | ast.With | ast.If | ast.While | ast.Try) -> None:
        if isinstance(node, ast.For):
            self.bind(node.target, self.used(node.iter))
        elif isinstance(node, (ast.If, ast.While)):
            self.value(node.test)
        elif isinstance(node, ast.With):
            for item in node.items:
                found = self.value(item.context_expr)
                self.touch(found)
                if item.optional_vars is not None:
                    self.bind(item.optional_vars, found)
        # Twice: what a loop binds at its end is there at its beginning.
        for _ in range(2):
            self.body(node.body)
            for handler in getattr(node, "handlers", ()):
                if handler.name:
                    self.bind(ast.Name(handler.name, ast.Store()), _NONE)
                self.body(handler.body)
            for part in ("orelse", "finalbody"):
                self.body(getattr(node, part, ()))

    def bind(self, target: ast.expr, found: frozenset[str]) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                self.bind(one, found)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, found)
        elif isinstance(target, ast.Name):
            if not self.depth and target.id in self.before:
                self.touch([target.id])
            self.own[target.id] = self.own.get(target.id, _NONE) | found
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            base = self.resolved(target.value)
            self.touch([base.__name__] if isinstance(base, (types.ModuleType, type)) else self.value(target.value))
            self.extend(target.value, found)
        else:
            self.touch([ANYTHING])

    def extend(self, node: ast.expr, found: frozenset[str]) -> None:
        """Note that an object of the cell's own now holds others."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.own:
            self.own[node.id] |= found

    # Expressions: each gives the variables of whose objects its value may be part.

    def value(self, node: ast.expr | None) -> frozenset[str]:
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Lambda):
            return self.mentioned(node)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            return self.comprehension(node)
        if isinstance(node, ast.NamedExpr):
            found = self.value(node.value)
            self.bind(node.target, found)
            return found
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)):
            self.touch([ANYTHING])
        if node is None:
            return _NONE
        if isinstance(node, ast.Subscript):
            self.value(node.slice)
            return self.taken_out(self.value(node.value))
        parts = [self.value(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        text = isinstance(node, (ast.JoinedStr, ast.FormattedValue, ast.Compare))
        return _NONE if text else _NONE.union(*parts)

    def name(self, name: str) -> frozenset[str]:
        if name in self.own:
            return self.own[name]
        value = self.cells.get(name)
        can_change = trust.users_module(value) if isinstance(value, types.ModuleType) else not trust.fixed(value)
        return frozenset({name}) if name in self.before and can_change else _NONE

    def taken_out(self, found: frozenset[str]) -> frozenset[str]:
        """Give of which variables something may be part that was taken out of others."""
        return frozenset(name for name in found if not trust.copies(self.cells.get(name)))

    def mentioned(self, node: ast.AST) -> frozenset[str]:
        """Give the variables that a function could change when it is called."""
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        return _NONE.union(*(self.name(name) for name in names))

    def used(self, node: ast.expr) -> frozenset[str]:
        """Give what :meth:`value` gives, for something that is gone through: that uses an iterator up."""
        found = self.value(node.value if isinstance(node, ast.Starred) else node)
        self.touch(name for name in found if hasattr(type(self.cells.get(name)), "__next__"))
        return found

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> frozenset[str]:
        inner = self.inner()
        inner.own |= self.own
        for generator in node.generators:
            inner.bind(generator.target, inner.used(generator.iter))
            for test in generator.ifs:
                inner.value(test)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        found = _NONE.union(*(inner.value(part) for part in parts))
        self.touch(inner.touched)
        return found

    # Calls

    def call(self, node: ast.Call) -> frozenset[str]:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        given = _NONE.union(*(self.used(argument) for argument in arguments))
        around = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else _NONE
        for argument in arguments:
            self.called_back(argument, given | around)
        function = self.resolved(node.func)
        if isinstance(node.func, ast.Attribute):
            base = self.resolved(node.func.value)
            if not isinstance(base, (types.ModuleType, type)):
                return self.method(node, node.func, given)
        else:
            base = None
        return self.function(node, function, base, given)

    def function(self, node: ast.Call, function: Any, base: Any, given: frozenset[str]) -> frozenset[str]:
        """Look at the call of something that is no method of an object."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function is not None and self.is_own(function):
            self.of_notebook(function, given)
        elif function is None and base is None:
            self.touch((given | self.value(node.func)) or ([ANYTHING] if not name else ()))
        elif function is getattr(builtins, name, self):
            self.touch([] if trust.harmless_builtin(name) else given or [ANYTHING])
        elif not trust.trusted_function(function, base) or trust.changing(name) or trust.flagged(node):
            module = sys.modules.get(str(getattr(function, "__module__", None) or getattr(base, "__name__", "")))
            self.touch([*given, module.__name__] if module and trust.users_module(module) else given)
        return given

    def method(self, node: ast.Call, method: ast.Attribute, given: frozenset[str]) -> frozenset[str]:
        """Look at the call of an object's method."""
        receiver = self.value(method.value)
        if _is_shell(method.value):
            self.touch([] if trust.harmless_magic(node) else [ANYTHING])
        elif receiver:
            harmless = all(trust.trusted(self.cells.get(one)) for one in receiver) and not trust.changing(method.attr)
            self.touch(_NONE if harmless and not trust.flagged(node) else given | receiver)
        elif trust.flagged(node) or not self.is_trusted(method.value):
            self.touch(given)
        self.extend(method.value, given)
        return given | self.taken_out(receiver)

    def is_own(self, function: Any) -> bool:
        """Whether a function or class is of the notebook."""
        if isinstance(function, types.FunctionType):
            return function.__globals__ is self.cells
        return isinstance(function, type) and function.__module__ == "__main__"

    def is_trusted(self, node: ast.expr) -> bool:
        """Whether an object that the cell has made is of a library whose methods leave their arguments alone."""
        if isinstance(node, ast.Name):
            return trust.trusted(self.cells.get(node.id)) and node.id in self.own
        if isinstance(node, ast.Call):
            function = self.resolved(node.func)
            if function is None and isinstance(node.func, ast.Attribute):
                return self.is_trusted(node.func.value)
            return not self.is_own(function) and trust.trusted_function(function, None)
        return isinstance(node, (ast.Constant, ast.JoinedStr))

    def called_back(self, node: ast.expr, given: frozenset[str]) -> None:
        """Look at a function that goes along as an argument, as if it were called with the others."""
        function = self.resolved(node)
        if isinstance(node, ast.Lambda):
            inner = self.inner()
            inner.own |= self.own | dict.fromkeys(_parameters(node.args), given)
            inner.value(node.body)
            self.touch(inner.touched)
        elif function is not None and self.is_own(function):
            self.of_notebook(function, given)

    def of_notebook(self, function: Any, given: frozenset[str]) -> None:
        """Look at what a function or class of the notebook does when it is called."""
        if isinstance(function, type):
            if dataclasses.is_dataclass(function) and not hasattr(function, "__post_init__"):
                return
            makers = [inspect.getattr_static(function, name, None) for name in ("__new__", "__init__")]
            if not isinstance(makers[0], staticmethod) and not isinstance(makers[1], types.FunctionType):
                return
            function = makers[1]
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        except (OSError, TypeError, SyntaxError, IndexError):
            tree = ast.Pass()
        if (
            not isinstance(tree, ast.FunctionDef)
            or self.depth >= _DEEPEST
            or tree.decorator_list
            or function.__closure__
        ):
            self.touch(given or [ANYTHING])
            return
        inner = self.inner()
        inner.own |= dict.fromkeys(_parameters(tree.args), given)
        inner.body(tree.body)
        self.touch(inner.touched)

    def inner(self) -> _Look:
        return _Look(self.cells, self.before, self.depth + 1)

    def resolved(self, node: ast.expr) -> Any:
        """Give the object that an expression names, as far as modules and classes have to be looked into for that."""
        if isinstance(node, ast.Name):
            found = self.cells.get(node.id, None if node.id in self.own else getattr(builtins, node.id, None))
            # Of what is bound in a function there is no object any more; of a cell's own names only these cannot change.
            mine = node.id in self.own and (self.depth or not isinstance(found, (types.FunctionType, type)))
            return None if mine else found
        if isinstance(node, ast.Attribute):
            base = self.resolved(node.value)
            if isinstance(base, types.ModuleType):
                return vars(base).get(node.attr)
            if isinstance(base, type):
                return inspect.getattr_static(base, node.attr, None)
        return None


def _parameters(arguments: ast.arguments) -> list[str]:
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    return [one.arg for one in every if one is not None]


def _plain(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(_plain(one) for one in target.elts)
    return isinstance(target, ast.Name) or (isinstance(target, ast.Starred) and _plain(target.value))


def _is_shell(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"
