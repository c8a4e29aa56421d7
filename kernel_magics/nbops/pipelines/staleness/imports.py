"""What code asks for, read from its text: imports, folders put on the path, files that magics run. Nothing is executed."""

from __future__ import annotations

import ast
import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbops.pipelines.staleness.cells import is_python, parsed, special_lines, split_magic

# Stands for the folder of the file in which ``__file__`` is written.
HERE = "<here>"
# Functions that import the module they are given by name.
_BY_NAME = frozenset({"import_module", "__import__", "run_module"})
# What imports whatever lies in a folder.
_WHOLE_FOLDER = frozenset({"iter_modules", "walk_packages"})
_RUN = frozenset({"%run", "%load", "%loadpy"})
_SHELL = frozenset({"%%bash", "%%sh", "%%script", "%%cmd", "%system", "%sx", "%%system", "%%sx", "%%!"})
_SCRIPTS = (".py", ".sh", ".ipynb", ".R", ".jl")
_SAME = frozenset({"str", "Path", "PurePath", "abspath", "realpath", "fspath", "join", "expanduser"})


@dataclass(frozen=True, slots=True)
class Imported:
    """An import: ``module`` with ``level`` dots before it, and the ``names`` taken from it."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a piece of code asks for.

    ``folders`` are those that it puts on ``sys.path``, ``files`` those that it runs, as far as they are literals; ``computed``
    is set where it imports by a name that only running it would tell, ``by_given`` where parameters decide.
    """

    imports: tuple[Imported, ...] = ()
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    computed: bool = False
    by_given: bool = False


def asked_by_cells(sources: Sequence[str], given: Mapping[str, object] | None = None) -> Asked:
    """Read the code cells of a notebook, in their order; ``given`` are the parameters it receives."""
    reader = _Reader(given)
    for source in sources:
        reader.cell(source)
    return reader.asked


def asked_by(source: str) -> Asked:
    """Read a file of Python; nothing is found in what does not parse."""
    reader = _Reader()
    reader.python(source)
    return reader.asked


class _Reader:
    """Collects what code asks for; texts bound to a name are known in the code that follows."""

    def __init__(self, given: Mapping[str, object] | None = None) -> None:
        self._imports: dict[Imported, None] = {}
        self._folders: dict[str, None] = {}
        self._files: dict[str, None] = {}
        self._computed = False
        self._known: dict[str, str | None] = {"__file__": f"{HERE}/file"}
        # Whatever the parameters cell says of these, they are something else.
        self._given = {name: value if isinstance(value, str) else None for name, value in (given or {}).items()}
        self._by_given = False

    @property
    def asked(self) -> Asked:
        return Asked(tuple(self._imports), tuple(self._folders), tuple(self._files), self._computed, self._by_given)

    def cell(self, source: str) -> None:
        head, body = split_magic(source)
        if head is None or is_python(head):
            self.python(body)
            return
        self._line(head)
        if head.split()[0] in _SHELL:
            self._scripts(body.split())

    def python(self, source: str) -> None:
        tree = parsed(source)
        if tree is None:
            return
        for line in tree.body:
            if isinstance(line, ast.Assign) and (text := self._text(line.value)) is not None:
                self._known |= {target.id: text for target in line.targets if isinstance(target, ast.Name)}
        for node in ast.walk(tree):
            self._node(node)
        for special in special_lines(tree):
            self._line(special)

    def _node(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            self._imports |= {Imported(alias.name): None for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            self._imports[Imported(node.module or "", node.level, names)] = None
        elif isinstance(node, ast.Call):
            self._call(node, _called(node))

    def _call(self, node: ast.Call, name: str) -> None:
        first = self._text(node.args[0]) if node.args else None
        if name in _WHOLE_FOLDER or (name in _BY_NAME and first is None):
            self._computed = True
        elif name in _BY_NAME and first is not None:
            self._imports[_by_name(first, self._text(node.args[1]) if len(node.args) > 1 else self._option(node))] = (
                None
            )
        elif name == "run_path" and first is not None:
            self._files[first] = None
        elif name == "addsitedir" or (name in {"insert", "append", "extend"} and _is_path_list(node.func)):
            self._folders |= dict.fromkeys(self._texts(node.args[-1:]))

    def _option(self, node: ast.Call) -> str | None:
        return next((self._text(option.value) for option in node.keywords if option.arg == "package"), None)

    def _texts(self, nodes: list[ast.expr]) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, ast.List | ast.Tuple):
                yield from self._texts(node.elts)
            elif (text := self._text(node)) is not None:
                yield text

    def _text(self, node: ast.expr) -> str | None:
        """Give the text or path that an expression is known to be: literals, joined, made absolute, or their parents."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            if node.id not in self._given:
                return self._known.get(node.id)
            self._by_given = True
            return self._given[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return _joined([self._text(node.left), self._text(node.right)])
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            return _parent(self._text(node.value))
        return self._text_of_call(node, _called(node)) if isinstance(node, ast.Call) else None

    def _text_of_call(self, node: ast.Call, name: str) -> str | None:
        if name in {"cwd", "getcwd"} and not node.args:
            return "."
        if name in {"resolve", "absolute", "as_posix"} and isinstance(node.func, ast.Attribute):
            return self._text(node.func.value)
        if name == "dirname" and node.args:
            return _parent(self._text(node.args[0]))
        return _joined([self._text(argument) for argument in node.args]) if name in _SAME else None

    def _line(self, line: str) -> None:
        words = _words(line)
        if not words:
            return
        if words[0] in _RUN:
            self._run(words[1:])
        elif words[0] in {"%load_ext", "%reload_ext"}:
            self._module(words[1:2])
        elif words[0].startswith("!") or words[0] in _SHELL:
            self._scripts(words)

    def _run(self, words: list[str]) -> None:
        if words[:1] == ["-m"]:
            self._module(words[1:2], "__main__")
            return
        for word in [word for word in words if not word.startswith("-")][:1]:
            if "$" not in word and "{" not in word:
                known = word.endswith((".py", ".ipynb", ".ipy"))
                self._files |= dict.fromkeys([word] if known else [word, f"{word}.py", f"{word}.ipynb"])

    def _module(self, words: list[str], *names: str) -> None:
        for word in words:
            if all(part.isidentifier() for part in word.split(".")):
                self._imports[Imported(word, 0, names)] = None

    def _scripts(self, words: list[str]) -> None:
        self._files |= {word.lstrip("!"): None for word in words if word.endswith(_SCRIPTS)}


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _by_name(name: str, package: str | None) -> Imported:
    """Give the import that ``import_module(name, package)`` makes."""
    plain = name.lstrip(".")
    level = len(name) - len(plain)
    if not level or package is None:
        return Imported(plain, level)
    above = package.split(".")
    return Imported(".".join([*above[: len(above) - level + 1], plain]))


def _is_path_list(function: ast.expr) -> bool:
    """Whether it is a method of ``sys.path``."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and owner.attr == "path" and getattr(owner.value, "id", "") == "sys"


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return posixpath.join(*known) if known and len(known) == len(parts) else None


def _parent(text: str | None) -> str | None:
    if text is None:
        return None
    folder, name = posixpath.split(text.rstrip("/"))
    return f"{text}/.." if name in {"", ".", "..", HERE} else folder or "."


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
