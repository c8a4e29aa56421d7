"""Data checked against rules, with a report that shows itself in a notebook, a static page and a terminal."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from nbops.data.findings import ValidationReport, error
from nbops.data.reading import read_table
from nbops.data.rules import Rules
from nbops.data.sources import read_source
from nbops.data.validation import validate as check
from nbops.errors import DataError, NotFoundError
from nbops.monitoring.ruling import rules_of
from nbops.views.validation import validation_html, validation_text
from nbops.workspace import Workspace

VALIDATION_MIME = "application/vnd.nbops.validation.v1+json"


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


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _plain(rules: Any) -> Rules | None:
    return rules if isinstance(rules, Rules) else None
