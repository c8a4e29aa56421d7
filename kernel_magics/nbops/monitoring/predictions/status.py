"""How much is logged of a model, and what has gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nbops.monitoring.predictions.forgetting import dropped
from nbops.monitoring.predictions.journal import day_of
from nbops.monitoring.predictions.labelled import read_labels, unknown_labels
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.reading import read_predictions
from nbops.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionStatus:
    """What the log of a model holds; times in seconds since the epoch, sizes in bytes.

    ``versions`` counts predictions by version, ``by_day`` by day. ``labels`` is how many predictions have one, ``unknown_labels``
    how many labels are of no prediction that is there. ``dropped`` counts rows that went by day, ``dropped_labels`` their labels.
    """

    model: str
    rows: int = 0
    first: float | None = None
    last: float | None = None
    bytes: int = 0
    files: int = 0
    versions: Mapping[str, int] = field(default_factory=dict)
    by_day: Mapping[str, int] = field(default_factory=dict)
    labels: int = 0
    unknown_labels: int = 0
    last_label: float | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    dropped_labels: int = 0

    @property
    def dropped_rows(self) -> int:
        """How many predictions went to keep within the size or age."""
        return sum(self.dropped.values())

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {**asdict(self), "dropped_rows": self.dropped_rows}


def prediction_status(workspace: Workspace, model: str) -> PredictionStatus:
    """Say what the log of a model holds.

    Raises
    ------
    UsageError
        No model can have that name.
    DataError
        A file is damaged.
    """
    journal = prediction_journal(workspace, model)
    frame = read_predictions(workspace, model, columns=["prediction_id", "at", "version"])
    labels = read_labels(workspace, model)
    unknown = unknown_labels(workspace, model)
    paths = [
        path for one in (journal, label_journal(workspace, model)) for path in one.folder.rglob("*") if path.is_file()
    ]
    gone: Counter[str] = Counter()
    for note in dropped(journal):
        gone[note["day"]] += note["rows"]
    numbers, counts = np.unique(np.floor_divide(frame["at"].to_numpy(dtype=float), 86_400.0), return_counts=True)
    versions = frame["version"].map(lambda one: "unknown" if one != one else str(int(one)), na_action=None)
    return PredictionStatus(
        model=model,
        rows=len(frame),
        first=float(frame["at"].min()) if len(frame) else None,
        last=float(frame["at"].max()) if len(frame) else None,
        bytes=sum(map(_size, paths)),
        files=sum(path.suffix in {".parquet", ".segment"} for path in paths),
        versions={str(name): int(count) for name, count in versions.value_counts().items()},
        by_day={day_of(number * 86_400.0): int(count) for number, count in zip(numbers, counts, strict=True)},
        labels=len(labels) - unknown,
        unknown_labels=unknown,
        last_label=float(labels["at"].max()) if len(labels) else None,
        dropped=dict(gone),
        dropped_labels=sum(note["rows"] for note in dropped(label_journal(workspace, model))),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # compacted or dropped since
        return 0


def logged_models(workspace: Workspace) -> tuple[str, ...]:
    """Give the names of the models that have a log."""
    folders = workspace.predictions.glob("model=*") if workspace.predictions.is_dir() else ()
    return tuple(sorted(path.name.removeprefix("model=") for path in folders))
