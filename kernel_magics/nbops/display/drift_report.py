"""A drift report that shows itself: in a notebook, on a page, as JSON, in a terminal."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.monitoring.report import DriftReport
from nbops.views.document import write_document
from nbops.views.drift import drift_html, drift_page, drift_text
from nbops.views.drift.words import plain
from nbops.workspace.blobs import write_atomically

DRIFT_MIME = "application/vnd.nbops.drift.v1+json"
# What a saved notebook carries for programs: beyond these, a wide report is in the file only.
_COLUMNS, _PICTURES = 200, 40


@dataclass(frozen=True, kw_only=True)
class ShownDriftReport(DriftReport):
    """A drift report that a notebook, a static page and a terminal can show.

    ``about`` says what was compared, where that is known: ``reference``, ``current`` and ``command``.
    """

    about: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values: those of the report, and what was compared."""
        return {**super().to_dict(), "about": dict(self.about)}

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one page that needs nothing else; whole or not at all.

        Raises
        ------
        WorkspaceError
            The file cannot be written.
        """
        return write_document(path, drift_page(self.to_dict()))

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write every figure of the report as JSON; whole or not at all.

        Raises
        ------
        WorkspaceError
            The file cannot be written.
        """
        target = Path(path)
        write_atomically(target, report_json(self.to_dict()))
        return target

    def figure(self, column: str) -> Any:
        """Give a plotly figure of a column: both distributions, and its windows where there are some.

        Raises
        ------
        UsageError
            There is no such column, nothing of it to draw, or plotly is not installed.
        """
        from nbops.display.plotly_figures import column_figure

        return column_figure(self.to_dict(), column)

    def plotly(self) -> Any:
        """Give a plotly figure of all columns, with a menu that goes to each.

        Raises
        ------
        UsageError
            plotly is not installed.
        """
        from nbops.display.plotly_figures import overview_figure

        return overview_figure(self.to_dict())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        data = self.to_dict()
        return {DRIFT_MIME: inline_values(data), "text/html": drift_html(data), "text/plain": drift_text(data)}

    def _repr_html_(self) -> str:
        return drift_html(self.to_dict())

    def __str__(self) -> str:
        return drift_text(self.to_dict())


def described(reference: Any, current: Any) -> dict[str, str]:
    """Give what is known of the names of both sides, and the command that compares them again, where both have names."""
    import nbops

    found = {"version": nbops.__version__}
    sides = {"reference": reference, "current": current}
    for side, value in sides.items():
        if isinstance(value, str | os.PathLike):
            text = os.fspath(value)
            if side == "reference" and str(text).startswith("models:/"):
                found["subject"] = re.sub(r"/(\d+)$", r" v\1", str(text)[8:])
            found[side] = (
                f"the training data of {text[8:]}" if str(text).startswith("models:/") else Path(str(text)).name
            )
    if found.keys() >= sides.keys():
        found["command"] = f"nbops drift {shlex.quote(str(reference))} {shlex.quote(str(current))}"
    return found


def report_json(report: Mapping[str, Any]) -> bytes:
    """Give a report as JSON that every parser reads; what is not finite is ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``."""
    text = json.dumps(_wire(report), ensure_ascii=False, indent=1, allow_nan=False)
    # Half a character, which some data hold, is written as JSON writes it.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def inline_values(report: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values that a notebook stores beside the picture, of a size that five reports do not fill it with."""
    columns = [dict(column) for column in report["columns"][:_COLUMNS]]
    for column in columns[_PICTURES:]:
        column["picture"] = {}
    for column in columns:
        column["name"] = plain(column["name"], 400)
    found: dict[str, Any] = json.loads(report_json({**report, "columns": columns}).decode("utf-8", "replace"))
    return {**found, "left_out": max(0, len(report["columns"]) - _COLUMNS)}


def _wire(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _wire(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(one) for one in value]
    return value
