"""Stages whose results are not taken from elsewhere, because running them does more than give something. Standard library only.

Registering a model or promoting it changes the registry; to put back what such a stage gave would not.
"""

from __future__ import annotations

import ast

from nbops.pipelines.notebook import Notebook
from nbops.pipelines.spec import Stage
from nbops.pipelines.staleness.cells import parsed, special_lines, split_magic
from nbops.pipelines.staleness.imports import Asked

# Calls and magics that change the registry, of nbops and of MLflow.
_OURS = frozenset(
    {"approve", "archive", "promote", "register", "reject", "request", "request_promotion", "rollback", "vacate"}
)
_MLFLOW = frozenset(
    {
        "create_model_version",
        "delete_registered_model_alias",
        "register_model",
        "set_registered_model_alias",
        "transition_model_version_stage",
    }
)


def effect_of(stage: Stage, asked: Asked) -> str:
    """Say what a stage does beyond what it gives; nothing where nothing is known of that.

    Parameters
    ----------
    asked
        What its notebook imports.
    """
    if not stage.cache:
        return "its declaration says cache = false"
    if not stage.source.cache:
        return "its notebook says that it is not cached"
    imported = {item.module.partition(".")[0] for item in asked.imports}
    calls = _OURS | _MLFLOW if "nbops" in imported else _MLFLOW if "mlflow" in imported else frozenset()
    return _changes(stage.source, calls)


def _changes(notebook: Notebook, calls: frozenset[str]) -> str:
    for cell in notebook.code:
        head, body = split_magic(cell.source)
        tree = parsed(body)
        lines = [*([head] if head is not None else []), *(special_lines(tree) if tree is not None else [])]
        for line in lines:
            if line.lstrip("%").split(maxsplit=1)[:1] and line.lstrip("%").split(maxsplit=1)[0] in _OURS:
                return f"it calls {line.split(maxsplit=1)[0]}"
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Call) and _name(node.func) in calls:
                return f"it calls {_name(node.func)}()"
    return ""


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
