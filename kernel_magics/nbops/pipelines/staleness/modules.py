"""Python of the project that a stage imports or runs, followed from file to file. Standard library only.

Where Python would look is worked out from the text of the notebook: the folder of the pipeline file, what the code puts on
``sys.path``, ``PYTHONPATH``, and ``src`` folders. Where several places could be meant all count: a stage that runs
once too often is better than one that is left alone wrongly. What is installed is none of this.
"""

from __future__ import annotations

import json
import os
from _imp import extension_suffixes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.notebook import read_notebook
from nbops.pipelines.staleness.cells import digest, normal
from nbops.pipelines.staleness.digests import Digests
from nbops.pipelines.staleness.imports import HERE, Asked, Imported, asked_by, asked_by_cells

_INSTALLED = frozenset({"site-packages", "dist-packages"})
# Known by their version.
_OWN = (["nbops"], ["nbops_lab"])
_MOST = 5000


@dataclass(slots=True)
class Found:
    """What a stage's code stands on.

    ``modules`` maps files, by their path from the pipeline file, to digests; ``chains`` says through which files each was
    come upon; ``names`` are the top-level names that the code imports, wherever they lie.
    """

    modules: dict[str, str] = field(default_factory=dict)
    chains: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file to follow: what it asks for, the folder of its package (none for what is run), how it was come upon."""

    path: Path
    asked: Asked
    package: Path | None
    chain: tuple[str, ...]


def modules_of(
    notebook: Path,
    asked: Asked,
    folder: Path,
    digests: Digests,
    *,
    root: Path | None = None,
    path: Sequence[Path] = (),
) -> Found:
    """Follow what a notebook imports and runs.

    Parameters
    ----------
    asked
        What the notebook asks for.
    folder
        Folder of the pipeline file: where the stage's kernel works.
    root
        Root of the workspace; ``folder`` by default.
    path
        Further folders of ``sys.path`` that hold files of the project.
    """
    walk = _Walk(folder, root or folder, digests, path)
    walk.follow(_Source(notebook, asked, None, (notebook.name,)))
    found = walk.found
    found.modules = dict(sorted(found.modules.items()))
    return found


class _Walk:
    """Goes from file to file, each once."""

    def __init__(self, folder: Path, root: Path, digests: Digests, path: Sequence[Path]) -> None:
        self.found = Found()
        self._folder, self._digests = folder, digests
        self._roots: dict[Path, None] = {}
        for place in (folder, *path, folder / "src", root, root / "src"):
            self._roots[Path(os.path.normpath(place))] = None
        self._todo: list[_Source] = []
        self._done: list[_Source] = []

    def follow(self, source: _Source) -> None:
        self._todo.append(source)
        while self._todo and len(self.found.modules) < _MOST:
            source = self._todo.pop(0)
            self._done.append(source)
            if self._add_roots(source):
                # What was looked for in vain may lie in a folder that this one adds.
                self._todo, self._done = [*self._done, *self._todo], []
                continue
            for item in source.asked.imports:
                for file in self._imported(source, item):
                    self._take(file, file.parent, source)
            for name in source.asked.files:
                self._take(self._placed(name, source), None, source)
            if source.asked.computed:
                place = source.package or (source.path.parent if source.chain[1:] else self._folder)
                for file in self._python_in(place):
                    self._take(file, place, source)

    def _add_roots(self, source: _Source) -> bool:
        before = len(self._roots)
        places = [self._placed(name, source) for name in source.asked.folders]
        # A script finds what lies beside it.
        scripts = [self._placed(name, source) for name in source.asked.files]
        places += [script.parent for script in scripts if self._digests.is_file(script)]
        for place in places:
            if not _INSTALLED & set(place.parts):
                self._roots[place] = None
        return len(self._roots) > before

    def _placed(self, name: str, source: _Source) -> Path:
        text = name.replace(HERE, str(source.path.parent))
        return Path(os.path.normpath(self._folder / Path(text).expanduser()))

    def _imported(self, source: _Source, item: Imported) -> Iterator[Path]:
        """Give the files that an import runs."""
        parts = [part for part in item.module.split(".") if part]
        if item.level:
            places = [_up(source.package, item.level - 1)] if source.package is not None else []
        elif parts[:1] in _OWN:
            self.found.names.add(parts[0])
            return
        else:
            places = list(self._roots)
            self.found.names |= set(parts[:1])
        for part in parts:
            files, places = self._named(places, part)
            yield from files
        for name in item.names:
            if name == "*":
                yield from (file for place in places for file in self._python_in(place))
            else:
                # A name may be a module or something within one.
                yield from self._named(places, name)[0]

    def _named(self, places: Sequence[Path], name: str) -> tuple[list[Path], list[Path]]:
        """Give the files of a module, and the folders of its submodules."""
        files: list[Path] = []
        folders: list[Path] = []
        for place in places:
            plain = [place / f"{name}{suffix}" for suffix in (".py", *extension_suffixes())]
            files += filter(self._digests.is_file, plain)
            # One without __init__.py is a package as well.
            if self._digests.is_dir(place / name):
                folders.append(place / name)
                if self._digests.is_file(place / name / "__init__.py"):
                    files.append(place / name / "__init__.py")
        return files, folders

    def _take(self, file: Path, package: Path | None, source: _Source) -> None:
        shown = _shown(file, self._folder)
        if shown in self.found.modules or _INSTALLED & set(file.parts) or not self._digests.is_file(file):
            return
        self.found.modules[shown], asked = self._read(file)
        self.found.chains[shown] = list(source.chain)
        self._todo.append(_Source(file, asked, package, (*source.chain, shown)))

    def _read(self, file: Path) -> tuple[str, Asked]:
        """Give the digest of a file, of Python only what counts, and what it asks for."""
        if file.suffix not in {".py", ".ipy", ".ipynb"}:
            return self._digest(file), Asked()
        known = self._digests.note(file)
        if known is not None:
            return known[0], _asked(known[1:])
        before = self._digests.stat(file)
        try:
            found = _notebook(file) if file.suffix == ".ipynb" else _python(file)
        except (OSError, PipelineError):
            return self._digest(file), Asked()
        if before is not None:
            asked = found[1]
            imports = [[item.module, item.level, item.names] for item in asked.imports]
            self._digests.keep_note(file, before, [found[0], imports, asked.folders, asked.files, asked.computed])
        return found

    def _digest(self, file: Path) -> str:
        try:
            return self._digests.of(file)
        except OSError:
            return ""

    def _python_in(self, place: Path) -> Iterator[Path]:
        self._digests.stat(place)
        try:
            names = sorted(os.listdir(place))
        except OSError:
            return
        for name in names:
            if name.endswith(".py"):
                yield place / name
            elif self._digests.is_file(place / name / "__init__.py"):
                yield place / name / "__init__.py"


def _notebook(file: Path) -> tuple[str, Asked]:
    cells = [cell.source for cell in read_notebook(file).code]
    return digest(json.dumps([text for text in map(normal, cells) if text])), asked_by_cells(cells)


def _python(file: Path) -> tuple[str, Asked]:
    text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    return digest(normal(text)), asked_by(text)


def _asked(note: list[Any]) -> Asked:
    imports, folders, files, computed = note
    kept = tuple(Imported(module, level, tuple(names)) for module, level, names in imports)
    return Asked(kept, tuple(folders), tuple(files), computed)


def _up(place: Path, levels: int) -> Path:
    for _ in range(levels):
        place = place.parent
    return place


def _shown(file: Path, folder: Path) -> str:
    return os.path.relpath(file, folder).replace(os.sep, "/")
