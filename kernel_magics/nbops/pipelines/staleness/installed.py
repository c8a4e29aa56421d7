"""Versions of the packages that code imports, read from what installers leave beside them. Standard library only.

A folder of packages is read once for each time it changes; ``importlib.metadata`` would take longer to import than the
answer takes from the cache.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import nbops
from nbops.pipelines.staleness.digests import Digests

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_NO_MODULE = ("", "..", "__pycache__", "bin")


def versions(names: Collection[str], folders: Collection[str], digests: Digests) -> dict[str, str]:
    """Give the versions of the distributions behind imported names, and of what these require, by their names.

    Parameters
    ----------
    names
        Top-level names that code imports; those of the standard library count for nothing.
    folders
        Where packages are installed, the first one winning.
    """
    indexes = [index for folder in folders if (index := _index(folder, digests)) is not None]
    found: dict[str, str] = {}
    todo: list[str] = []
    for name in sorted(set(names) - sys.stdlib_module_names):
        if name == "nbops":
            # What it requires is not what the stage imports, and an editable one has the version of its installation.
            found["nbops"] = nbops.__version__
        else:
            todo += _first(indexes, "modules", name) or []
    seen = {"nbops"}
    while todo:
        key = todo.pop()
        if key not in seen and (distribution := _first(indexes, "distributions", key)) is not None:
            name, version, requires = distribution
            found[name] = version
            todo += requires
        seen.add(key)
    return dict(sorted(found.items()))


def project_folders(folders: Collection[str], digests: Digests) -> list[Path]:
    """Give the folders that ``.pth`` files put on the path, as editable installations do."""
    indexes = [index for folder in folders if (index := _index(folder, digests)) is not None]
    return [Path(place) for index in indexes for place in index["paths"]]


def _first(indexes: list[dict[str, Any]], table: str, key: str) -> Any:
    return next((index[table][key] for index in indexes if key in index[table]), None)


def _index(folder: str, digests: Digests) -> dict[str, Any] | None:
    """Give ``modules`` (name to distributions), ``distributions`` (name, version, required) and ``paths`` of a folder."""
    before = digests.stat(folder)
    if before is None:
        return None
    known = digests.note(folder)
    if isinstance(known, dict):
        return known
    index = _read(Path(folder))
    digests.keep_note(folder, before, index)
    return index


def _read(folder: Path) -> dict[str, Any]:
    modules: dict[str, list[str]] = {}
    distributions: dict[str, list[Any]] = {}
    paths: list[str] = []
    for entry in sorted(os.listdir(folder)):
        if entry.endswith((".dist-info", ".egg-info")):
            name, version, requires = _described(folder / entry)
            key = _key(name)
            distributions.setdefault(key, [name, version, requires])
            for module in _modules(folder / entry):
                modules.setdefault(module, []).append(key)
        elif entry.endswith(".pth"):
            paths += _lines(folder / entry)
    places = [
        os.path.join(folder, line) for line in paths if line and not line.startswith(("#", "import ", "import\t"))
    ]
    return {"modules": modules, "distributions": distributions, "paths": places}


def _described(info: Path) -> tuple[str, str, list[str]]:
    name, _, version = info.name.rpartition(".")[0].partition("-")
    requires: list[str] = []
    for line in _lines(next((path for path in (info / "METADATA", info / "PKG-INFO", info) if path.is_file()), info)):
        if not line:
            break
        key, _, value = line.partition(":")
        if key == "Name":
            name = value.strip()
        elif key == "Version":
            version = value.strip()
        elif key == "Requires-Dist" and "extra ==" not in value.replace("extra==", "extra =="):
            requires.append(value.strip())
    # What is optional stands in sections.
    for line in _lines(info / "requires.txt"):
        if line.startswith("["):
            break
        requires.append(line)
    named = (_NAME.match(line) for line in requires)
    return name, version, sorted({_key(match.group().rstrip(".-")) for match in named if match is not None})


def _modules(info: Path) -> Iterator[str]:
    """Give the top-level names that a distribution installs."""
    told = [line for line in _lines(info / "top_level.txt") if line]
    if told:
        yield from dict.fromkeys(line.partition("/")[0] for line in told)
        return
    first = {line.partition(",")[0].partition("/")[0].strip('"') for line in _lines(info / "RECORD")}
    for name in sorted(first):
        if name not in _NO_MODULE and not name.endswith((".dist-info", ".data", ".pth", ".egg-info")):
            yield name.partition(".")[0]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
