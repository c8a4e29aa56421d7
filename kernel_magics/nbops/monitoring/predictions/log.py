"""The log of what a model predicts: acknowledged when it is on disk, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError
from nbops.monitoring.predictions.committing import Committer, Health, Ticket
from nbops.monitoring.predictions.entries import entries, inputs, with_inputs
from nbops.monitoring.predictions.journal import Journal, day_of
from nbops.monitoring.predictions.label_retention import forget_labels
from nbops.monitoring.predictions.profiling import Profiled, Profiler
from nbops.monitoring.predictions.settings import PredictionSettings, read_prediction_settings
from nbops.redaction import Redactor
from nbops.registry.writing import check_name
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def prediction_journal(workspace: Workspace, model: str) -> Journal:
    """Give where the predictions of a model lie.

    Raises
    ------
    UsageError
        No model can have that name.
    """
    return Journal(_folder(workspace, model) / "predictions")


def label_journal(workspace: Workspace, model: str) -> Journal:
    """Give where the labels of a model lie.

    Raises
    ------
    UsageError
        No model can have that name.
    """
    return Journal(_folder(workspace, model) / "labels")


def _folder(workspace: Workspace, model: str) -> Path:
    if not isinstance(workspace, Workspace):
        raise UsageError(
            f"A workspace comes first, not a {type(workspace).__name__}.", hint="nbops.find_workspace() gives it."
        )
    check_name(model)
    # The prefix keeps names such as ".." from being a way out of the folder.
    return workspace.predictions / f"model={model}"


class PredictionLog:
    """What a model predicts, written down; safe for several threads, and for several processes each with its own.

    Parameters
    ----------
    workspace
        Where it is kept.
    model
        Registered name.
    settings
        Those of ``nbops.toml`` by default.
    patience
        Seconds that whoever logs is held back while too much waits to be written.

    Raises
    ------
    UsageError
        No model can have that name.
    SettingsError
        ``[predictions]`` of ``nbops.toml`` cannot be used.
    """

    def __init__(
        self, workspace: Workspace, model: str, settings: PredictionSettings | None = None, *, patience: float = 30.0
    ) -> None:
        self._patience = patience
        self.model, self.settings = model, settings or read_prediction_settings(workspace)
        journal = prediction_journal(workspace, model)
        workspace.ensure()
        self._redactor = Redactor()
        self._committer = Committer(
            journal,
            flush=self.settings.flush,
            pending_bytes=self.settings.pending_bytes,
            most_bytes=self.settings.max_bytes,
            days=self.settings.max_days,
            profiler=Profiler(workspace, model, journal),
            afterwards=partial(forget_labels, journal, label_journal(workspace, model), self.settings.max_days),
        )

    @property
    def health(self) -> Health:
        """Rows written and lost by this process, what waits, and the last problem."""
        return self._committer.health

    def log(
        self,
        ids: Sequence[Any] | None = None,
        rows: Any = None,
        outputs: Any = None,
        scores: Any = None,
        *,
        version: int | None = None,
        digest: str = "",
        latency: Any = None,
        at: Any = None,
    ) -> list[str]:
        """Log predictions, and come back when they are on disk. What others log meanwhile is flushed along.

        Parameters
        ----------
        ids
            Identifiers, one each, by which labels come later; made if not given. They must be the model's own for ever: of
            predictions with the same identifier the first counts.
        rows
            The inputs, a frame of as many rows.
        outputs
            What was predicted, one each.
        scores
            Probability of the second class, one each; or of each class, as a mapping or frame by class.
        version, digest
            Which version of the model.
        latency
            Seconds, of all or one each.
        at
            When it was predicted, of all or one each: seconds since the epoch or dates; now by default.

        Returns
        -------
        list
            The identifiers, in order.

        Raises
        ------
        DataError
            There are not as many of one thing as of another.
        WorkspaceError
            They could not be written.
        """
        ticket, names = self._put(
            True, ids, rows, outputs, scores, version=version, digest=digest, latency=latency, at=at
        )
        ticket.done.wait()
        if ticket.problem is not None:
            raise ticket.problem
        return names

    def submit(
        self, ids: Sequence[Any] | None = None, rows: Any = None, outputs: Any = None, scores: Any = None, **more: Any
    ) -> list[str]:
        """Log predictions as :meth:`log` does, without waiting: they are on disk a moment later, or counted as lost.

        Raises
        ------
        DataError
            There are not as many of one thing as of another.
        WorkspaceError
            So much waits already that there is no room.
        """
        return self._put(False, ids, rows, outputs, scores, **more)[1]

    def flush(self) -> None:
        """Come back when everything is on disk or counted as lost."""
        self._committer.flush()

    def close(self) -> None:
        """Write what waits and make Parquet of it; who logs again goes on."""
        self._committer.close()

    def __enter__(self) -> PredictionLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _put(
        self,
        urgent: bool,
        ids: Sequence[Any] | None,
        rows: Any,
        outputs: Any,
        scores: Any,
        *,
        version: int | None = None,
        digest: str = "",
        latency: Any = None,
        at: Any = None,
    ) -> tuple[Ticket, list[str]]:
        table, names = entries(
            ids=ids, outputs=outputs, scores=scores, version=version, digest=digest, latency=latency, at=at
        )
        profiled: list[Profiled] = []
        if rows is not None:
            frame = inputs(rows, len(names), self.settings.leave_out, self._redactor)
            if self.settings.rows:
                table = with_inputs(table, frame)
            else:
                profiled = _by_day(table, frame, version)
        ticket = Ticket(table, profiled)
        if names:
            self._committer.put(ticket, urgent=urgent, patience=self._patience)
        else:
            ticket.done.set()
        return ticket, names


def _by_day(table: pa.Table, frame: pd.DataFrame, version: int | None) -> list[Profiled]:
    days = [day_of(at) for at in table.column("at").to_pylist()]
    if len(set(days)) == 1:
        return [Profiled(version, days[0], frame)]
    return [Profiled(version, str(day), part.reset_index(drop=True)) for day, part in frame.groupby(days)]
