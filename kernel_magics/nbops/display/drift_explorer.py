"""The explorer of drift, shown: the widget where widgets live, the report as it stands everywhere."""

from __future__ import annotations

from typing import Any

from nbops.display.comparing import drift
from nbops.display.references import resolved
from nbops.explorer import DriftExplorer
from nbops.monitoring.exploring import Exploration
from nbops.workspace import Workspace


def drift_explorer(
    reference: Any,
    current: Any,
    *,
    by: str | int | None = None,
    time: Any = None,
    alpha: float = 0.05,
    workspace: Workspace | None = None,
) -> DriftExplorer:
    """Give a view of the drift of one column, window and segment at a time, chosen by sliders and lists; it shows itself in a notebook.

    The report of the whole is in the same output, for where no widgets live: a saved notebook, a page, a terminal.

    Parameters
    ----------
    reference, current
        As for :func:`nbops.drift`.
    by, time
        Windows: ``by="week", time="date"``. With ``time`` alone they are weeks.
    alpha
        Largest probability of any false alarm in one look at all columns.
    workspace
        Where a model is that ``reference`` names.

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``by`` or ``time`` cannot be used.
    """
    by = "week" if by is None and time is not None else by
    report = drift(reference, current, by=by, time=time, alpha=alpha, workspace=workspace)
    exploration = Exploration(resolved(reference, workspace).data, current, by=by, time=time, alpha=alpha)
    return DriftExplorer(exploration, report._repr_mimebundle_())
