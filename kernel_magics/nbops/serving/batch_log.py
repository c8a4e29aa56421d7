"""Scores of partitions go to the prediction log, with identifiers that are the same however often that is done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbops.errors import DataError
from nbops.monitoring.predictions import PredictionLog
from nbops.monitoring.predictions.log import prediction_journal
from nbops.records import ModelVersion
from nbops.serving.partition import ScoredPart, read_mark
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically

_ROWS = 20_000


def log_parts(
    workspace: Workspace,
    found: ModelVersion,
    parts: Sequence[ScoredPart],
    *,
    features: Sequence[str],
    classes: Sequence[str] = (),
    ids: str = "",
) -> int:
    """Log the scores of partitions that are not logged yet; give how many rows that were.

    Parameters
    ----------
    workspace, found
        The version that scored them.
    parts
        The partitions; those that failed are left out.
    features
        The model's columns; those that went along with the scores are logged as inputs.
    classes
        The model's classes, as text in their order.
    ids
        The column with identifiers; made of the partition's bytes and the row's number if empty.

    Raises
    ------
    DataError
        There is no such column among the scores, or a file of scores is gone.
    WorkspaceError
        The log cannot be written.
    """
    done = prediction_journal(workspace, found.model).folder / "batches"
    count = 0
    with PredictionLog(workspace, found.model) as log:
        for part in parts:
            mark = None if part.status == "failed" else read_mark(Path(part.output))
            if mark is None:
                continue
            key = hashlib.sha256(json.dumps([mark["identity"], ids], sort_keys=True).encode()).hexdigest()[:32]
            if (done / key).exists():
                continue
            about = _classes_of_probability(mark["identity"], classes)
            count += _log_part(log, Path(part.output), key, found, features, ids, about)
            # Killed before this, it is logged again under the same identifiers, of which the first count.
            write_atomically(done / key, b"")
    return count


def _log_part(
    log: PredictionLog,
    output: Path,
    key: str,
    found: ModelVersion,
    features: Sequence[str],
    ids: str,
    about: tuple[str, str] | None,
) -> int:
    import pyarrow.parquet as pq

    first = 0
    with pq.ParquetFile(output) as file:
        if ids and ids not in file.schema_arrow.names:
            raise DataError(f"The scores in {output} have no column {ids!r}.", hint="Let it go along with keep.")
        for batch in file.iter_batches(_ROWS):
            frame = batch.to_pandas()
            names = frame[ids] if ids else [f"{key}.{first + row}" for row in range(len(frame))]
            inputs = frame[[name for name in features if name in frame.columns]]
            log.log(
                list(names),
                inputs if inputs.shape[1] else None,
                frame["prediction"],
                _scores(frame, about),
                version=found.version,
                digest=found.digest,
            )
            first += len(frame)
    return first


def _classes_of_probability(identity: dict[str, Any], classes: Sequence[str]) -> tuple[str, str] | None:
    """Give, of two classes, the one that the probability is of, and the other."""
    if len(classes) != 2:
        return None
    chosen = (
        identity["positive"] if identity["threshold"] is not None and identity["positive"] in classes else classes[1]
    )
    return chosen, next(name for name in classes if name != chosen)


def _scores(frame: Any, about: tuple[str, str] | None) -> Any:
    if "probability" in frame.columns:
        probability = frame["probability"]
        return probability if about is None else {about[0]: probability, about[1]: 1 - probability}
    named = {
        name.removeprefix("probability_"): frame[name] for name in frame.columns if name.startswith("probability_")
    }
    return named or None
