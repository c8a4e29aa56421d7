"""Labels: what was right, told later by identifier, in any order, corrected or repeated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nbops.errors import DataError
from nbops.monitoring.predictions.committing import Committer, Health, Ticket
from nbops.monitoring.predictions.entries import column, identifiers, times
from nbops.monitoring.predictions.label_retention import forget_labels
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.settings import read_prediction_settings
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa


class LabelLog:
    """The labels of a model, written down; nothing is ever changed, what comes later is added.

    They stay as long as their predictions; those of no prediction that is there for ``max_days`` of ``nbops.toml``.

    Parameters
    ----------
    workspace
        Where they are kept.
    model
        Registered name.

    Raises
    ------
    UsageError
        No model can have that name.
    SettingsError
        ``[predictions]`` of ``nbops.toml`` cannot be used.
    """

    def __init__(self, workspace: Workspace, model: str) -> None:
        self.model = model
        workspace.ensure()
        journal, days = label_journal(workspace, model), read_prediction_settings(workspace).max_days
        self._committer = Committer(
            journal, afterwards=partial(forget_labels, prediction_journal(workspace, model), journal, days)
        )

    @property
    def health(self) -> Health:
        """Labels written and lost by this process, what waits, and the last problem."""
        return self._committer.health

    def record(self, ids: Sequence[Any], labels: Any, at: Any = None) -> int:
        """Write labels, and come back when they are on disk.

        Parameters
        ----------
        ids
            Identifiers of predictions, known or not.
        labels
            What was right, one each; ``None`` takes a label back.
        at
            When each arrived, of all or one each; now by default. Of several of one prediction the last to arrive counts.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        DataError
            There are not as many labels as identifiers, an identifier is missing, or a time is none.
        WorkspaceError
            They could not be written.
        """
        table = _table(ids, labels, at)
        if table.num_rows:
            ticket = Ticket(table)
            self._committer.put(ticket, urgent=True)
            ticket.done.wait()
            if ticket.problem is not None:
                raise ticket.problem
        return int(table.num_rows)

    def close(self) -> None:
        """Make Parquet of what was written."""
        self._committer.close()

    def __enter__(self) -> LabelLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def record_labels(workspace: Workspace, model: str, ids: Sequence[Any], labels: Any, at: Any = None) -> int:
    """Write labels of a model's predictions; see :meth:`LabelLog.record`."""
    with LabelLog(workspace, model) as log:
        return log.record(ids, labels, at)


def _table(ids: Sequence[Any], labels: Any, at: Any) -> pa.Table:
    import pyarrow as pa

    names = identifiers(ids)
    values = column(labels, "labels")
    if len(values) != len(names):
        raise DataError(f"There are {len(values)} labels of {len(names)} identifiers.")
    moments = times(at, len(names))
    # Of two that arrive at once the one that was written later counts, whichever file it lies in.
    written = pa.array([time.time()] * len(names), pa.float64())
    return pa.table(
        {"prediction_id": pa.array(names, pa.string()), "at": pa.array(moments), "label": values, "written": written}
    )
