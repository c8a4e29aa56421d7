"""What a block predicted with models that were fitted elsewhere, of rows that they had not seen: a file of the run for each.

Whoever judges models says so by :func:`note_judged`, as the template ``evaluate`` does; a version that is registered later takes it
up, by the digest of its bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.capture.kept import kept
from nbops.capture.predicted import FEWEST, told_outputs
from nbops.records import ArtifactRef
from nbops.redaction import Redactor

KIND = "predictions"

# By the digest of the model: of which rows, how many there were, how many they are known to be apart from, and the values kept
# by column.
_judged: dict[str, tuple[str, int, int, Mapping[str, Any]]] = {}


def path_of_judged(digest: str) -> str:
    """Give the path, among the artifacts of a run, of what the model with these bytes predicted there."""
    return f"{KIND}/{digest[:16]}.json"


def note_judged(digest: str, name: str, rows: int, learnt: int, columns: Mapping[str, Any]) -> None:
    """Note what a model predicted of rows that it was not fitted on.

    Parameters
    ----------
    digest
        Sha256 of the model's bytes.
    name
        What the rows are called.
    rows
        How many they are.
    learnt
        How many other rows they are known not to be among; a model that was fitted on more may have seen them.
    columns
        As :func:`nbops.capture.predicted.columns_of` gives them; of few rows nothing is noted.
    """
    if rows >= FEWEST and columns:
        _judged[digest] = (name, rows, learnt, columns)


def forget_judged() -> None:
    """Begin a block: what was noted before is of another."""
    _judged.clear()


def judged_files(root: Path, redactor: Redactor) -> list[tuple[ArtifactRef, bytes]]:
    """Give what the block noted as files; none where ``[track] training_profile`` is off.

    Raises
    ------
    SettingsError
        The table ``track`` of ``nbops.toml`` cannot be used.
    """
    if not _judged or "pandas" not in sys.modules or not kept(root)["training_profile"]:
        return []
    return [
        _file({"model": model, "learnt": learnt, **told_outputs(name, rows, columns, redactor)})
        for model, (name, rows, learnt, columns) in _judged.items()
    ]


def _file(told: dict[str, Any]) -> tuple[ArtifactRef, bytes]:
    content = json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
    return ArtifactRef(
        path=path_of_judged(told["model"]),
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type="application/json",
        kind=KIND,
    ), content
