"""One partition scored: read piece by piece, predicted in blocks of one size, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.chunks import read_chunks
from nbops.data.typed import conform, require_columns
from nbops.errors import DataError, NbopsError
from nbops.workspace.durability import flush_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MARK = b"nbops.scores"
_FORM = 1
# Rows predicted at once. Always as many, because linear algebra rounds otherwise for other shapes.
_BLOCK = 1024
_MOST_CLASSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """What is the same for every partition.

    ``features`` are the columns that the model takes, in its order; ``positions`` says that it knows none by name; ``kinds``
    what they are, empty where that is not known. ``keep`` are columns that go along, none for all. ``threshold`` decides for
    ``positive`` of two classes; with ``None`` the model decides. ``outputs`` are the files by path of their partition, ``keys`` the columns that the names of its folders stand for.
    """

    model: Any
    digest: str
    name: str
    version: int
    features: tuple[str, ...]
    positions: bool
    kinds: Mapping[str, str]
    outputs: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str | None]]
    keep: tuple[str, ...] | None = None
    threshold: float | None = None
    positive: Any = None
    looks_back: bool = False
    skip_errors: bool = False
    redo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPart:
    """What became of a partition: ``status`` is ``scored``, ``skipped`` (it was, by this model) or ``failed``.

    ``lost`` counts, by column, cells that are not what the model takes there, and were missing to it.
    """

    path: str
    output: str
    status: str
    rows: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def score_part(path: Path, scoring: Scoring) -> ScoredPart:
    """Score one partition; one that this model has scored already, from the same bytes, is left as it is."""
    output = Path(scoring.outputs[str(path)])
    try:
        identity = _identity(path, scoring)
        known = None if scoring.redo else read_mark(output)
        if known is not None and known["identity"] == identity:
            return ScoredPart(
                path=str(path), output=str(output), status="skipped", rows=known["rows"], lost=known["lost"]
            )
        rows, lost = _write(path, output, scoring, identity)
    except NbopsError as error:
        if not scoring.skip_errors:
            raise
        return ScoredPart(path=str(path), output=str(output), status="failed", problem=str(error))
    return ScoredPart(path=str(path), output=str(output), status="scored", rows=rows, lost=lost)


def read_mark(output: Path) -> dict[str, Any] | None:
    """Give what a file of scores says of itself: ``identity``, ``rows``, ``lost``; nothing where it is none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(output).metadata or {}
        found = json.loads(metadata[MARK])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return None
    return found if isinstance(found, dict) and found.get("form") == _FORM else None


def prediction_columns(model: Any) -> tuple[str, ...]:
    """Give the names of the columns that scoring adds: ``prediction``, and one or several of probabilities."""
    classes = [str(label) for label in getattr(model, "classes_", ())]
    if not hasattr(model, "predict_proba") or not 2 <= len(classes) <= _MOST_CLASSES:
        return ("prediction",)
    if len(classes) == 2:
        return ("prediction", "probability")
    return ("prediction", *(f"probability_{label}" for label in classes))


def _identity(path: Path, scoring: Scoring) -> dict[str, Any]:
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "model": f"{scoring.name}/{scoring.version}",
        "digest": scoring.digest,
        "input": content,
        "keep": None if scoring.keep is None else list(scoring.keep),
        "threshold": scoring.threshold,
        "positive": str(scoring.positive),
    }


def _write(path: Path, output: Path, scoring: Scoring, identity: dict[str, Any]) -> tuple[int, dict[str, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=output.parent, prefix=".scoring-", suffix=".parquet")
    os.close(descriptor)
    rows, lost, writer = 0, dict[str, int](), None
    try:
        for table, missing in _scored(path, scoring):
            if writer is None:
                writer = pq.ParquetWriter(temporary, table.schema)
            writer.write_table(_alike(table, writer.schema, path))
            rows += table.num_rows
            for name, count in missing.items():
                lost[name] = lost.get(name, 0) + count
        assert writer is not None
        mark = {"form": _FORM, "identity": identity, "rows": rows, "lost": lost}
        writer.add_key_value_metadata({MARK: json.dumps(mark, ensure_ascii=False).encode()})
        writer.close()
        flush_file(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, output)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{output} cannot be written: {' '.join(str(error).split())[:200]}") from error
    finally:
        if writer is not None:
            writer.close()
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    return rows, lost


def _scored(path: Path, scoring: Scoring) -> Iterator[tuple[pa.Table, dict[str, int]]]:
    import pyarrow as pa

    for table in read_chunks(path, as_text=bool(scoring.kinds)):
        for key, value in scoring.keys[str(path)].items():
            if key not in table.column_names:
                table = table.append_column(key, pa.array([value] * table.num_rows, type=pa.string()))
        frame, lost = _taken(table, scoring, path)
        scores = _predicted(frame, scoring, path)
        yield _kept(table, frame, scores, scoring, path), lost


def _taken(table: pa.Table, scoring: Scoring, path: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """Give the columns that the model takes, of the kinds that it knows."""
    names = list(scoring.features)
    if scoring.positions and not set(names) <= set(table.column_names):
        if table.num_columns != len(names):
            raise DataError(f"{path} has {table.num_columns} columns, the model takes {len(names)}.")
        table = table.rename_columns(names)
    require_columns(table.column_names, names, f"{path} has")
    frame = table.select(names).to_pandas() if names else table.to_pandas()
    if not scoring.kinds:
        return frame, {}
    return conform(frame, {name: scoring.kinds[name] for name in frame.columns})


def _predicted(frame: pd.DataFrame, scoring: Scoring, path: Path) -> dict[str, Any]:
    import threadpoolctl

    model, names = scoring.model, prediction_columns(scoring.model)
    said: list[Any] = []
    shares: list[Any] = []
    try:
        # With several threads linear algebra may add in another order.
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            for block, rows in _blocks(frame, scoring):
                given = block.to_numpy() if scoring.positions else block
                said.append(np.asarray(model.predict(given)).ravel()[:rows])
                if len(names) > 1:
                    shares.append(np.asarray(model.predict_proba(given), dtype=float)[:rows])
    except NbopsError:
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:300]
        raise DataError(f"{scoring.name} version {scoring.version} cannot score {path}: {told}") from error
    empty = np.asarray(getattr(model, "classes_", np.zeros(0)))[:0]
    found: dict[str, Any] = {"prediction": np.concatenate(said) if said else empty}
    if len(names) > 1:
        every = np.concatenate(shares) if shares else np.zeros((0, len(model.classes_)))
        found |= {"probability": every[:, 1]} if len(names) == 2 else dict(zip(names[1:], every.T, strict=True))
    if scoring.threshold is not None:
        found |= _decided(found["probability"], scoring)
    return found


def _decided(probability: Any, scoring: Scoring) -> dict[str, Any]:
    """Decide by the threshold; the probability that is written is that of the class it is about."""
    classes = np.asarray(scoring.model.classes_)
    place = 1 if scoring.positive in (None, "") else [str(label) for label in classes].index(str(scoring.positive))
    said = probability if place == 1 else 1 - probability
    return {"prediction": classes[np.where(said >= scoring.threshold, place, 1 - place)], "probability": said}


def _blocks(frame: pd.DataFrame, scoring: Scoring) -> Iterator[tuple[pd.DataFrame, int]]:
    """Give blocks of one size, the last filled up by its last row, and how many rows of each count."""
    if scoring.looks_back:
        # Rows beside a row are its past; one that is there twice would be two.
        if len(frame):
            yield frame, len(frame)
        return
    for first in range(0, len(frame), _BLOCK):
        block = frame.iloc[first : first + _BLOCK]
        rows = len(block)
        if rows < _BLOCK:
            block = block.iloc[np.minimum(np.arange(_BLOCK), rows - 1)]
        yield block.reset_index(drop=True), rows


def _kept(table: pa.Table, frame: pd.DataFrame, scores: Mapping[str, Any], scoring: Scoring, path: Path) -> pa.Table:
    import pyarrow as pa

    if scoring.keep is not None:
        require_columns(table.column_names, scoring.keep, f"{path} has")
    kept = list(scoring.keep if scoring.keep is not None else table.column_names)
    columns = {name: table.column(name) for name in kept if name not in scores}
    if scoring.kinds and not scoring.positions:
        # As the model saw them: of one type in every partition.
        for name in columns.keys() & scoring.kinds.keys():
            columns[name] = _arrow(frame[name], scoring.kinds[name])
    for name, values in scores.items():
        columns[name] = _arrow_of(values)
    return pa.table(columns)


def _arrow(values: pd.Series, kind: str) -> pa.Array:
    import pyarrow as pa

    types = {"number": pa.float64(), "boolean": pa.bool_(), "time": pa.timestamp("us"), "word": pa.string()}
    return pa.array(values, type=types[kind], from_pandas=True, safe=False)


def _arrow_of(values: Any) -> pa.Array:
    import pyarrow as pa

    if values.dtype == object or values.dtype.kind in "US":
        return pa.array([None if value is None else str(value) for value in values], type=pa.string())
    return pa.array(values)


def _alike(table: pa.Table, schema: pa.Schema, path: Path) -> pa.Table:
    """Give a piece the types of the first piece of its file."""
    import pyarrow as pa

    if table.schema.equals(schema):
        return table
    try:
        return table.select(schema.names).cast(schema)
    except (KeyError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path} does not keep to the types of its first rows: {said}", hint="Keep fewer columns."
        ) from error
