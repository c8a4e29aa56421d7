"""The report of a model, shown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.governance.model_report import model_report as gather
from nbops.records import ModelReport, to_wire
from nbops.views.document import write_document
from nbops.views.model_report import model_report_html, model_report_page, model_report_text
from nbops.workspace import Workspace, find_workspace


@dataclass(frozen=True)
class ShownModelReport:
    """Everything known of a version of a model; ``values`` is the :class:`nbops.records.ModelReport`."""

    values: ModelReport

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        found: dict[str, Any] = to_wire(self.values)
        return found

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as one page that needs nothing else; whole or not at all.

        Raises
        ------
        WorkspaceError
            The file cannot be written.
        """
        return write_document(path, model_report_page(self.values))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/html": model_report_html(self.values), "text/plain": str(self)}

    def __str__(self) -> str:
        return model_report_text(self.values)


def model_report(which: str, *, workspace: Workspace | None = None) -> ShownModelReport:
    """Gather everything known of a version of a model: data, training, gates, drift, performance, lineage, audit.

    Parameters
    ----------
    which
        ``churn`` (what is in Production, else the newest version), ``churn@champion``, ``churn@Staging``, ``churn/3``.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version, or nobody holds that target.
    """
    return ShownModelReport(gather(workspace or find_workspace(), which))
