"""From a dotted name in the code to the object it means, without running any code of the user."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from nbops.capture.analysis import Analysis

_MISSING = object()


def resolve(path: str, namespace: Mapping[str, Any], imports: Mapping[str, str]) -> Any:
    """Give the object that ``a.b.c`` means, or None.

    Attributes are followed through modules only, because those of other objects may run code.
    """
    first, _, rest = path.partition(".")
    found = namespace.get(first, _MISSING)
    if found is _MISSING or first in imports:
        found = _imported(imports.get(first, ""), found)
    for part in filter(None, rest.split(".")):
        if not isinstance(found, ModuleType):
            return None
        found = vars(found).get(part, _MISSING)
    return None if found is _MISSING else found


def metric_names(paths: Iterable[str], namespace: Mapping[str, Any], analysis: Analysis) -> dict[str, str]:
    """Of the called names, map those that are functions of ``sklearn.metrics`` to the function's name."""
    found: dict[str, str] = {}
    for path in paths:
        origin = analysis.imports.get(path.partition(".")[0], "")
        if path in analysis.imports and origin.startswith("sklearn.metrics."):
            found[path] = origin.rpartition(".")[2]
            continue
        target = resolve(path, namespace, analysis.imports)
        module = getattr(target, "__module__", None) if callable(target) else None
        if isinstance(module, str) and module.startswith("sklearn.metrics") and not isinstance(target, type):
            found[path] = str(getattr(target, "__name__", path.rpartition(".")[2]))
        elif target is None and origin in ("sklearn", "sklearn.metrics") and ".metrics." in f".{origin}.{path}.":
            found[path] = path.rpartition(".")[2]
    return found


def _imported(origin: str, otherwise: Any) -> Any:
    if not origin:
        return otherwise
    if origin in sys.modules:
        return sys.modules[origin]
    module, _, name = origin.rpartition(".")
    if module in sys.modules:
        return vars(sys.modules[module]).get(name, otherwise)
    return otherwise
