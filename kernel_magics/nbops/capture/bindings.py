"""What names were bound to before a block ran, to tell later which of them the block bound."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nbops.capture.values import as_metric, as_param

_GONE = object()


class Bindings:
    """The objects under some names at one moment.

    Only small values are kept alive; others are referred to weakly, or not at all where that is impossible.
    """

    def __init__(self, namespace: Mapping[str, Any], names: Iterable[str]) -> None:
        self._held: dict[str, Callable[[], Any]] = {
            name: _reference(namespace[name]) for name in names if name in namespace
        }

    def unchanged(self, namespace: Mapping[str, Any]) -> frozenset[str]:
        """Give the names still bound to the same object."""
        return frozenset(name for name, held in self._held.items() if name in namespace and held() is namespace[name])


def _reference(value: Any) -> Callable[[], Any]:
    try:
        weak = weakref.ref(value)
    except TypeError:
        small = as_param(value) is not None or as_metric(value) is not None
        kept = value if small else _GONE
        return lambda: kept
    return lambda: _GONE if (found := weak()) is None else found
