"""The parameters of a finished block: literals bound in it and keyword arguments of the estimators it makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from nbops.capture.analysis import Analysis, Argument, Construction
from nbops.capture.resolution import resolve
from nbops.capture.values import as_param, clip


def find_params(
    analysis: Analysis,
    namespace: Mapping[str, Any],
    *,
    unchanged: Collection[str] = (),
    forced: Collection[str] = (),
    excluded: Collection[str] = (),
) -> dict[str, str]:
    """Give the parameters by name, as texts.

    An argument of the same name with another value is kept as ``Class.argument``.

    Parameters
    ----------
    unchanged
        Names bound to the same object as before the block.
    """
    params = _bound(analysis, namespace, unchanged)
    for made in analysis.constructions:
        if not is_estimator(resolve(made.path, namespace, analysis.imports)):
            continue
        for argument in made.arguments:
            text = _value(argument, made, namespace)
            _add(params, argument.name, made.path.rpartition(".")[2], text)
    for name in forced:
        if name in namespace:
            value = as_param(namespace[name])
            params[name] = value if value is not None else clip(repr(namespace[name]))
    for name in excluded:
        params.pop(name, None)
    return params


def is_estimator(found: Any) -> bool:
    """Whether an object is a class of estimators: it has ``fit``, or comes from scikit-learn."""
    if not isinstance(found, type):
        return False
    module = getattr(found, "__module__", "")
    return hasattr(found, "fit") or (isinstance(module, str) and module.partition(".")[0] == "sklearn")


def _bound(analysis: Analysis, namespace: Mapping[str, Any], unchanged: Collection[str]) -> dict[str, str]:
    params: dict[str, str] = {}
    for name, texts in analysis.literals.items():
        if name.startswith("_") or name not in namespace:
            continue
        text = as_param(namespace[name])
        # Python keeps one object for equal small constants, so the same object may still have been bound anew.
        if text is not None and (text in texts or name not in unchanged):
            params[name] = text
    return params


def _add(params: dict[str, str], name: str, owner: str, text: str) -> None:
    for key in (name, f"{owner}.{name}"):
        if params.setdefault(key, text) == text:
            return
    number = 2
    while params.setdefault(f"{owner}_{number}.{name}", text) != text:
        number += 1


def _value(argument: Argument, made: Construction, namespace: Mapping[str, Any]) -> str:
    if argument.kind in ("literal", "call"):
        return argument.text
    if argument.kind == "name":
        scalar = as_param(namespace.get(argument.text))
        if scalar is not None and argument.text in namespace:
            return scalar
        kind = type(namespace.get(argument.text))
        if argument.text in namespace and hasattr(kind, "fit"):
            return kind.__name__
    bound = namespace.get(made.target)
    if bound is not None and type(bound).__name__ == made.path.rpartition(".")[2]:
        attribute = as_param(getattr(bound, "__dict__", {}).get(argument.name))
        if attribute not in (None, "None"):
            return str(attribute)
    return clip(argument.text)
