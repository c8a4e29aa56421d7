"""What the code says of random numbers: calls that seed them, and estimators that were not given a seed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Any

from nbops.capture.parsing import parse
from nbops.capture.syntax import dotted
from nbops.capture.values import as_param, clip

_SEEDING = frozenset(
    {"default_rng", "RandomState", "SeedSequence", "PCG64", "Random", "manual_seed", "manual_seed_all"}
    | {"set_seed", "set_random_seed", "seed_everything", "PRNGKey"}
)
_MOST = 50


def seed_calls(source: str, namespace: Mapping[str, Any]) -> dict[str, str]:
    """Give the calls of a block that seed random numbers, and with what: ``np.random.seed`` -> ``0``.

    ``None`` is a generator that starts anew each time. The same call with another seed is numbered. Only what stands in
    this block is seen, not what an earlier cell has seeded.
    """
    found: dict[str, str] = {}
    for node in ast.walk(parse(source)):
        if not isinstance(node, ast.Call) or len(found) >= _MOST:
            continue
        path = dotted(node.func)
        last = path.rpartition(".")[2]
        if last not in _SEEDING and not f".{path}".endswith(".random.seed"):
            continue
        name, number = path, 2
        while found.setdefault(name, text := _seed(node, namespace)) != text:
            name, number = f"{path} ({number})", number + 1
    return found


def random_states(model: Any) -> dict[str, str]:
    """Give every ``random_state`` that a scikit-learn estimator or one of its parts has; ``None``: it was not seeded."""
    base = sys.modules.get("sklearn.base")
    if base is None or not isinstance(model, base.BaseEstimator):
        return {}
    try:
        params = model.get_params(deep=True)
    except Exception:  # parameters run code of any class
        return {}
    named = {name: value for name, value in params.items() if name.rpartition("__")[2] == "random_state"}
    return {name: as_param(value) or type(value).__name__ for name, value in list(named.items())[:_MOST]}


def _seed(call: ast.Call, namespace: Mapping[str, Any]) -> str:
    keyword = next((k.value for k in call.keywords if k.arg in {"seed", "a", "x", "entropy", "random_state"}), None)
    node = keyword if keyword is not None else call.args[0] if call.args else None
    if node is None:
        return "None"
    if isinstance(node, ast.Name) and node.id in namespace:
        return as_param(namespace[node.id]) or node.id
    return clip(ast.unparse(node))
