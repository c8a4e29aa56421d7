"""Labels as they were known at a time, and predictions beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import DataError
from nbops.monitoring.predictions.entries import INPUT, moment
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.reading import BESIDE, LABEL, input_names, is_ours, own_name, read_entries, stored
from nbops.monitoring.predictions.together import joined
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def read_labels(workspace: Workspace, model: str, as_of: float | None = None, *, history: bool = False) -> pd.DataFrame:
    """Read the labels of a model as they were known at a time.

    Parameters
    ----------
    workspace, model
        Whose labels.
    as_of
        Only what had arrived until then (inclusive), in seconds since the epoch; all by default.
    history
        All that came, in the order of their arrival, and not only the last of each prediction.

    Returns
    -------
    DataFrame
        ``prediction_id``, ``label``, ``at`` (when it arrived) and ``first_at`` (when the first of this prediction did).

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    found = labels_of(label_table(workspace, model, as_of))
    return found.drop(columns="repeated") if history else last_labels(found)


def label_table(workspace: Workspace, model: str, as_of: float | None = None) -> pa.Table:
    """Read all labels that had arrived, in no order.

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    return Labels(workspace, model, as_of).read()


class Labels:
    """Labels as they were known at a time, read as far as they are asked for.

    Parameters
    ----------
    workspace, model
        Whose labels.
    as_of
        Only what had arrived until then (inclusive), in seconds since the epoch; all by default.

    Raises
    ------
    UsageError
        No model can have that name.
    """

    def __init__(self, workspace: Workspace, model: str, as_of: float | None = None) -> None:
        as_of = moment(as_of)
        self._journal = label_journal(workspace, model)
        self._end = None if as_of is None else float(np.nextafter(as_of, np.inf))
        self._all: pa.Table | None = None

    def read(self, ids: Any = None) -> pa.Table:
        """Give labels, in no order: all, or at least all of the predictions ``ids``.

        :func:`labels_of` gives the same of these predictions, whichever was read.

        Raises
        ------
        DataError
            A file is damaged.
        """
        if self._all is not None:
            return self._all
        if ids is None:
            tables, whole = [table for table in self._journal.read(None, self._end) if table.num_rows], True
        else:
            tables, whole = self._journal.read_among(ids, self._end)
        found = joined(tables) if tables else _nothing()
        # What had to be read once is not read again.
        self._all = found if whole else None
        return found


def labels_of(table: pa.Table, ids: Any = None) -> pd.DataFrame:
    """Give the labels of :class:`Labels` in the order of their arrival; only of the predictions ``ids``, all by default.

    Returns
    -------
    DataFrame
        As :func:`read_labels` with all of the history, and ``repeated``: whether the prediction has several.
    """
    frame = (table if ids is None else _of(table, ids)).to_pandas()
    frame = frame.sort_values(["at", "written"], kind="stable", ignore_index=True)
    frame["first_at"] = frame["at"]
    frame["repeated"] = frame.duplicated("prediction_id", keep=False)
    if frame["repeated"].any():
        frame["first_at"] = frame.groupby("prediction_id", sort=False)["at"].transform("min")
    found: pd.DataFrame = frame[["prediction_id", "label", "at", "first_at", "repeated"]]
    return found


def last_labels(history: pd.DataFrame) -> pd.DataFrame:
    """Give the label of each prediction that counts: the last, and none where that one took it back."""
    last = history.drop_duplicates("prediction_id", keep="last") if history["repeated"].any() else history
    return last[last["label"].notna()].drop(columns="repeated").reset_index(drop=True)


def with_labels(frame: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Give predictions with ``label`` and ``label_at``; an input of such a name has ``input_`` before it."""
    labels = last_labels(history).rename(columns={"first_at": "label_at"}).drop(columns="at")
    clash = {name: f"{BESIDE}{name}" for name in frame.columns if is_ours(name, LABEL) and not is_ours(name)}
    return frame.rename(columns=clash).merge(labels, on="prediction_id", how="left")


def labelled_predictions(
    workspace: Workspace,
    model: str,
    *,
    as_of: float | None = None,
    start: float | None = None,
    end: float | None = None,
    inputs: Sequence[str] | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Read predictions with their labels as known at a time; of the inputs only these, all by default.

    Returns
    -------
    DataFrame
        As :func:`read_predictions`, with ``label`` (missing where none has arrived) and ``label_at``, when the first one did.
    """
    frame = predictions_until(workspace, model, as_of, start=start, end=end, inputs=inputs, version=version)
    ids = frame["prediction_id"]
    return with_labels(frame, labels_of(Labels(workspace, model, as_of).read(ids), ids))


def predictions_until(
    workspace: Workspace,
    model: str,
    as_of: float | None,
    *,
    start: float | None = None,
    end: float | None = None,
    inputs: Sequence[str] | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Read the predictions of :func:`labelled_predictions` without their labels."""
    as_of, end = moment(as_of), moment(end)
    limit = None if as_of is None else float(np.nextafter(as_of, np.inf))
    end = min((one for one in (end, limit) if one is not None), default=None)
    names = set(stored(inputs or ()))
    wanted = None if inputs is None else lambda name: not name.startswith(INPUT) or name in names
    return read_entries(workspace, model, start, end, version, wanted)


def labelled_rows(
    workspace: Workspace, model: str, window: str = "all", as_of: float | None = None, *, target: str = "label"
) -> pd.DataFrame:
    """Give the newest labelled rows for training: the inputs and the label, oldest first.

    Parameters
    ----------
    workspace, model
        Whose predictions.
    window
        How much of the newest: ``90d``, ``10000 rows`` or ``all``. Days count back from the newest labelled prediction.
    as_of
        As known then, in seconds since the epoch; now by default.
    target
        What the column of the labels is called.

    Raises
    ------
    DataError
        No labelled prediction has its inputs, or an input has the name of the target.
    UsageError
        ``window`` is none.
    """
    from nbops.monitoring.performance.windows import newest

    # Which rows they are is seen without their inputs, so that those of a long log are not in memory all at once.
    chosen = labelled_predictions(workspace, model, as_of=as_of, inputs=[])
    chosen = newest(chosen[chosen["label"].notna()], window)
    if not len(chosen):
        raise _no_rows(model, "no label has arrived")
    frame = labelled_predictions(workspace, model, as_of=as_of, start=float(chosen["at"].min()))
    frame = frame[frame["prediction_id"].isin(chosen["prediction_id"]) & frame["label"].notna()]
    names = input_names(frame)
    if not names:
        raise _no_rows(model, "its inputs are not kept")
    known = {name: own_name(name) for name in names}
    if target in known.values():
        raise DataError(f"An input of {model!r} is called {target!r} too.", hint="Give the target another name.")
    return frame[[*names, "label"]].rename(columns={**known, "label": target}).reset_index(drop=True)


def _nothing() -> pa.Table:
    import pyarrow as pa

    kinds = {"prediction_id": pa.string(), "at": pa.float64(), "label": pa.float64(), "written": pa.float64()}
    return pa.schema(list(kinds.items())).empty_table()


def _of(table: pa.Table, ids: Any) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    # pandas would ask for each text by itself.
    return table.filter(pc.is_in(table.column("prediction_id"), value_set=pa.array(ids, pa.string())))


def _no_rows(model: str, why: str) -> DataError:
    return DataError(f"There are no labelled rows of {model!r}: {why}.", hint="See: nbops predictions MODEL")


def unknown_labels(workspace: Workspace, model: str, as_of: float | None = None, labels: pa.Table | None = None) -> int:
    """Count the labels, as known at a time, of no prediction that is there; ``labels`` where they have been read.

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = label_table(workspace, model, as_of) if labels is None else labels
    if not labels.num_rows:
        return 0
    tables = prediction_journal(workspace, model).read(wanted="prediction_id".__eq__)
    there = pa.chunked_array([c for table in tables for c in table.column("prediction_id").chunks], pa.string())
    # pandas would ask for each text by itself.
    strange = labels.filter(pc.invert(pc.is_in(labels.column("prediction_id"), value_set=there)))
    return len(last_labels(labels_of(strange)))
