"""Two drift reports against each other, shown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.display.drift_report import report_json
from nbops.monitoring.comparison import compare_reports as compare
from nbops.views.document import write_document
from nbops.views.drift.comparison import comparison_html, comparison_page, comparison_text


@dataclass(frozen=True)
class ReportComparison:
    """What has changed from one drift report to another; ``values`` are those of :func:`nbops.monitoring.comparison.compare_reports`."""

    values: dict[str, Any]

    @property
    def newly_drifted(self) -> tuple[str, ...]:
        """Names of the columns that have drifted now and had not before."""
        return tuple(self.values["newly_drifted"])

    @property
    def recovered(self) -> tuple[str, ...]:
        """Names of the columns that had drifted and have not now."""
        return tuple(self.values["recovered"])

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return self.values

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the comparison as one page.

        Raises
        ------
        WorkspaceError
            The file cannot be written.
        """
        return write_document(path, comparison_page(self.values))

    def to_json(self) -> str:
        """Give every figure as JSON."""
        return report_json(self.values).decode()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/html": comparison_html(self.values), "text/plain": str(self)}

    def __str__(self) -> str:
        return comparison_text(self.values)


def compare_reports(before: Any, after: Any) -> ReportComparison:
    """Compare two drift reports; the result shows itself in a notebook.

    Parameters
    ----------
    before, after
        Reports, or paths of the JSON files that :meth:`ShownDriftReport.to_json` and ``nbops drift`` write.

    Raises
    ------
    DataError
        One of them is no drift report.
    """
    return ReportComparison(compare(before, after))
