"""Data checked against rules, with a report that shows itself in a notebook, a static page and a terminal."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.data.findings import ValidationReport, error
from nbops.data.profile import Profile
from nbops.data.reading import path_of, read_table
from nbops.data.rules import Rules, infer_rules
from nbops.data.rulesets import load_rules
from nbops.data.schema import is_schema
from nbops.data.sources import read_source
from nbops.data.validation import validate as check
from nbops.errors import DataError, NotFoundError
from nbops.tracking.frame_profiles import names_tracked, tracked_frame
from nbops.views.validation import validation_html, validation_text
from nbops.workspace import Workspace, find_workspace

VALIDATION_MIME = "application/vnd.nbops.validation.v1+json"
_NAMED = re.compile(r"[^\W\d][\w-]*(?:@\d+)?")


@dataclass(frozen=True, slots=True)
class ShownValidation(ValidationReport):
    """A report that shows itself; ``rules`` are what the data were checked against, ``None`` for a schema of pandera."""

    rules: Rules | None = None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        data = self.to_dict()
        return {VALIDATION_MIME: data, "text/html": validation_html(data), "text/plain": validation_text(data)}

    def __str__(self) -> str:
        return validation_text(self.to_dict())


def validate(data: Any, against: Any, *, workspace: Workspace | None = None) -> ShownValidation:
    """Check data against rules, and for dirt that needs no rule.

    Data that cannot be read are a report too, with the one finding that they cannot, and why.

    Parameters
    ----------
    data
        A DataFrame, or what :func:`nbops.data.sources.read_source` reads: a file, folder, pattern or database.
    against
        Rules: :class:`~nbops.data.rules.Rules`, a ``.toml`` or ``.json`` file of them, ``NAME`` or ``NAME@3`` as they were
        saved, or a schema or model of pandera. Or data to infer them from: a DataFrame, a file, or ``models:/NAME@champion``
        for the profile of what a registered model was trained on, or ``run:WHICH/FRAME`` for that of a frame that a run has seen.
    workspace
        Where saved rules and models are; the workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There are no such rules or reference data, or no such data.
    DataError
        The rules, or the reference, cannot be read; or ``data`` are neither a table nor a path.

    Examples
    --------
    >>> import pandas as pd
    >>> report = validate(pd.DataFrame({"age": [31, -4]}), pd.DataFrame({"age": [18, 70]}))
    >>> report.passed
    False
    """
    rules, said = rules_of(against, workspace)
    try:
        frame = read_source(os.fspath(data)) if _is_path(data) else read_table(data)
    except NotFoundError:
        raise
    except DataError as problem:
        if not _is_path(data):
            raise
        return ShownValidation(0, (error("", "unreadable", problem.message),), said, 0, _plain(rules))
    found = check(frame, rules, against=said)
    return ShownValidation(found.rows, found.findings, found.against, found.columns, _plain(rules))


def rules_of(against: Any, workspace: Workspace | None = None) -> tuple[Any, str]:
    """Give the rules that something stands for, see :func:`validate`, and what they are called."""
    if isinstance(against, Rules) or is_schema(against):
        return against, ""
    if isinstance(against, Profile):
        return infer_rules(against), "the profile"
    if not _is_path(against):
        return infer_rules(read_table(against)), "the reference"
    text = os.fspath(against)
    if text.startswith("models:/"):
        from nbops.registry.facts import profile_at

        return infer_rules(
            profile_at(text, workspace=workspace)
        ), f"the data that {text.removeprefix('models:/')} learnt from"
    if names_tracked(text):
        found_frame = tracked_frame(workspace or find_workspace(), text)
        return infer_rules(found_frame.profile), found_frame.words
    path = path_of(text)
    if path.is_file() and _holds_rules(path):
        from nbops.data.rulesfile import read_rules

        return read_rules(path), path.name
    if _NAMED.fullmatch(text) and not path.exists():
        found = load_rules(workspace or find_workspace(), text)
        return found.rules, found.label
    return infer_rules(read_source(text)), path.name


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _holds_rules(path: Path) -> bool:
    if path.suffix.lower() == ".toml":
        return True
    if path.suffix.lower() != ".json":
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and isinstance(found.get("columns"), (list, dict))


def _plain(rules: Any) -> Rules | None:
    return rules if isinstance(rules, Rules) else None
