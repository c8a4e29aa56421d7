"""Threads that meet a package from different ends must all find it whole."""

from __future__ import annotations

import functools
import importlib
import operator
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nbops

_ROOT = Path(nbops.__file__).parent
_SOURCES = {
    ".".join(("nbops", *path.relative_to(_ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in _ROOT.rglob("*.py")
    if "templates" not in path.relative_to(_ROOT).parts
}
_PACKAGES = sorted(name for name, path in _SOURCES.items() if path.name == "__init__.py" and name != "nbops")
_LATE = [name for name in _PACKAGES if "late(" in _SOURCES[name].read_text(encoding="utf-8")]
# What is indented is imported when a function is called, or for the types only.
_IMPORT = re.compile(r"^([ \t]*)from (nbops[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAME = re.compile(r"\b(\w+)\b(?: as \w+)?")

_RACE = """
import importlib, sys, threading
import sqlalchemy  # entered from several ends it fails by itself, whoever imports it

sys.setswitchinterval(1e-6)
names, failed, start = sys.argv[1:], [], threading.Barrier(len(sys.argv) - 1)

def enter(name):
    start.wait()
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append(f"{name}: {error!r}")

threads = [threading.Thread(target=enter, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("; ".join(failed) or None)
"""


def test_threads_that_enter_the_registry_by_different_modules_all_find_it_whole() -> None:
    """Before, one held the package and another a module of it, and some got half of either."""
    names = ["", ".manifest", ".examination", ".writing", ".view", ".promotion", ".approvals", ".leaving"]
    asked = [sys.executable, "-c", _RACE, *(f"nbops.registry{name}" for name in names)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_package_that_imports_its_modules_at_once_is_entered_by_its_front_door_only() -> None:
    """Where the modules are met directly, the package has to import them when they are asked for: ``nbops.late``."""
    wrong = [
        f"{module} imports {found}, and {package} imports its modules at once"
        for package in _PACKAGES
        if any(_inside(found, package) for found in _imported(package, late=False))
        for module in _SOURCES
        if module != package and not _inside(module, package)
        for found in _imported(module)
        if _inside(found, package)
    ]
    assert wrong == []


def test_no_module_imports_a_name_from_a_package_that_it_lies_in() -> None:
    wrong = [
        f"{module} imports from {package}"
        for module, path in _SOURCES.items()
        if "__main__" not in path.name + path.read_text(encoding="utf-8")  # what is run is imported by nobody
        for package in _imported(module, late=False)
        if _inside(module, package) and package != "nbops"
    ]
    assert wrong == []


@pytest.mark.parametrize("name", _LATE)
def test_a_package_gives_each_public_name_when_it_is_asked_for(name: str) -> None:
    package = importlib.import_module(name)
    assert dir(package) == sorted(package.__all__)
    for public in package.__all__:
        assert getattr(package, public) is not None
        # A module of that name would hide what it should give, once anyone has imported it.
        assert f"{name}.{public}" not in _SOURCES
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        operator.attrgetter("nothing")(package)


def _inside(module: str, package: str) -> bool:
    return module.startswith(f"{package}.")


@functools.cache
def _imported(module: str, late: bool = True) -> tuple[str, ...]:
    """Give the modules of nbops that ``module`` imports; without ``late``, those that it imports when it is imported."""
    found = _IMPORT.findall(_SOURCES[module].read_text(encoding="utf-8"))
    pairs = [(package, name) for indent, package, names in found if late or not indent for name in _NAME.findall(names)]
    return tuple(f"{package}.{name}" if f"{package}.{name}" in _SOURCES else package for package, name in pairs)
