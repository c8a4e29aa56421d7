"""The newest labelled rows: those that judge, kept away from training, and those to learn from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.reading import write_table
from nbops.data.sources import read_source
from nbops.data.typed import require_columns
from nbops.errors import DataError
from nbops.monitoring.performance.windows import length_of, newest
from nbops.monitoring.predictions import labelled_rows, read_labels
from nbops.monitoring.times import times_of
from nbops.records import RetrainPolicy
from nbops.scheduling.retraining.checking import PREDICTIONS
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

FEWEST_TO_LEARN, FEWEST_TO_JUDGE = 50, 30
# Rows of which each comes more than twice on average are alike by nature; in a file that was written twice none is.
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Gathered:
    """``learn`` is the file that the pipeline gets, ``judge`` the rows that it does not see; ``facts`` tell both."""

    learn: Path
    judge: pd.DataFrame
    facts: dict[str, Any]


def gather(workspace: Workspace, policy: RetrainPolicy, as_of: float, folder: Path) -> Gathered:
    """Take the rows of the policy's window as they were known at a time, and write those to learn from to a file.

    Raises
    ------
    DataError
        There are too few labelled rows.
    """
    rows = _rows(workspace, policy, as_of)
    judged = round(len(rows) * policy.holdout)
    if judged < FEWEST_TO_JUDGE or len(rows) - judged < FEWEST_TO_LEARN:
        raise DataError(
            f"There are {len(rows):,} labelled rows in the window {policy.window!r}: too few to learn from and to judge on.",
            hint=f"At least {FEWEST_TO_LEARN} to learn from and {FEWEST_TO_JUDGE} to judge on are needed.",
        )
    learn, judge = rows.iloc[:-judged], rows.iloc[-judged:]
    # A row that is to judge must not be known by heart; where rows of few different values are alike by nature, none is.
    keys = _keys(rows)
    learnt = np.unique(keys[:-judged])
    alike = len(learnt) < _ALIKE * len(learn)
    unseen = judge if alike else judge[~np.isin(keys[-judged:], learnt)]
    if len(unseen) < FEWEST_TO_JUDGE:
        raise DataError(f"Only {len(unseen):,} of the newest rows are not among those to learn from too.")
    path = write_table(learn.reset_index(drop=True), folder / "learn.parquet")
    write_table(unseen.reset_index(drop=True), folder / "judge.parquet")
    facts = {
        "source": policy.source,
        "window": policy.window,
        "as_of": as_of,
        "learn_rows": len(learn),
        "judge_rows": len(unseen),
        "learn_sha256": _digest(path),
        "judge_sha256": _digest(folder / "judge.parquet"),
    }
    return Gathered(path, unseen.reset_index(drop=True), facts)


def labelled_count(workspace: Workspace, policy: RetrainPolicy) -> int:
    """Give how many rows are labelled by now."""
    if policy.source == PREDICTIONS:
        return len(read_labels(workspace, policy.model))
    return int(_file(workspace, policy)[policy.label].notna().sum())


def _rows(workspace: Workspace, policy: RetrainPolicy, as_of: float) -> pd.DataFrame:
    if policy.source == PREDICTIONS:
        return labelled_rows(workspace, policy.model, policy.window, as_of, target=policy.label)
    frame = _file(workspace, policy)
    frame = frame[frame[policy.label].notna()].reset_index(drop=True)
    if policy.time and len(frame):
        at = times_of(frame, [policy.time])
        frame = frame[at.notna()]
        seconds = (at[at.notna()].astype("datetime64[us]").astype("int64") / 1e6).rename("at")
        order = seconds.sort_values(kind="stable").index
        kept = newest(seconds.loc[order].to_frame(), policy.window)
        return frame.loc[kept.index].reset_index(drop=True)
    length = length_of(policy.window)
    if length.seconds or length.months:
        raise DataError(
            f"The window {policy.window!r} needs the column of time of {policy.source}.",
            hint="Set time, or a window of rows.",
        )
    return (frame.tail(length.rows) if length.rows else frame).reset_index(drop=True)


def _file(workspace: Workspace, policy: RetrainPolicy) -> pd.DataFrame:
    frame = read_source(str(workspace.root / policy.source)).reset_index(drop=True)
    require_columns(
        [str(name) for name in frame.columns], [policy.label, *filter(None, [policy.time])], f"{policy.source} has"
    )
    return frame


def _keys(rows: pd.DataFrame) -> Any:
    """Give a number of 64 bits for each row, the same for rows that are the same, missing cells too."""
    from pandas.util import hash_pandas_object

    # Lists and the like have no hash of their own.
    plain = rows.apply(lambda column: column.map(str) if column.dtype == object else column)
    return hash_pandas_object(plain, index=False, categorize=False).to_numpy()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
