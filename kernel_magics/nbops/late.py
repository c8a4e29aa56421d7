"""Public names of a package that are imported when they are first asked for. Standard library only.

An ``__init__`` that imports its own modules is met from two ends by two threads: one holds the package and waits for a
module, the other holds that module and waits for the package, and Python then gives one of them half a module. An
``__init__`` that imports nothing is done before anyone can wait for it.
"""

from __future__ import annotations

import importlib

# Not from typing, which takes as long to import as all else that a build with nothing to do needs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


def late(package: str, names: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give the ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package
        ``__name__`` of the package.
    names
        The public names by the module of the package that defines them. None may be called as a module of the package
        is: importing that module would hide it.

    Examples
    --------
    >>> find, _ = late("nbops.workspace", {"location": ["find_workspace"]})
    >>> find("find_workspace").__name__
    'find_workspace'
    """
    homes = {name: f"{package}.{module}" for module, found in names.items() for name in found}

    def find(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(home), name)
        setattr(importlib.import_module(package), name, value)
        return value

    return find, lambda: sorted(homes)
