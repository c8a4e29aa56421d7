"""A table in pieces, so that a file need not fit into memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.data.delimited import delimited_pieces
from nbops.data.reading import kind_of_file, read_table
from nbops.errors import DataError, NbopsError, NotFoundError
from nbops.redaction import redact

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
PIECE = 262_144
# Cells of a piece to be counted, at most, unless that were very few rows.
_PIECE_CELLS, _FEWEST = 3 << 19, 4096
_BUFFER = 1 << 16


def read_chunks(
    path: Path,
    *,
    rows: int = ROWS,
    columns: Sequence[str] | None = None,
    as_text: bool = False,
    dictionaries: bool = False,
) -> Iterator[pa.Table]:
    """Give a table as Arrow tables, one at least, in the order of its rows.

    Parquet, CSV, TSV, JSON lines and Feather are read piece by piece, other kinds whole.

    Parameters
    ----------
    rows
        Of a piece, at most.
    columns
        Only these.
    as_text
        Leave the columns of a CSV as the text that is written, instead of guessing a type from each piece.
    dictionaries
        Leave texts of Parquet files the dictionaries that they are stored as.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataError
        It is empty or cannot be read.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    kind = kind_of_file(path)
    try:
        if kind in {".parquet", ".pq"}:
            yield from _parquet(path, rows, columns, dictionaries)
        elif kind in {".csv", ".tsv"}:
            yield from _csv(path, rows, columns, as_text, "\t" if kind == ".tsv" else ",")
        elif kind in {".jsonl", ".ndjson"}:
            yield from _json_lines(path, rows, columns)
        elif kind in {".feather", ".arrow"} and kind == path.suffix.lower():
            yield from _feather(path, columns)
        else:
            frame = read_table(path)
            yield _arrow(frame if columns is None else frame[list(columns)])
    except NbopsError:
        raise
    except Exception as error:
        said = " ".join(redact(str(error))[0].split())[:200]
        raise DataError(f"{path} cannot be read as {kind[1:]}: {said}") from error


def read_pieces(
    path: Path, *, columns: Sequence[str] | None = None, missing_is_fine: bool = False, rows: int = PIECE
) -> Iterator[pa.Table]:
    """Give a table to be counted, in larger pieces; texts of a Parquet file stay the dictionaries that they are in it.

    Parameters
    ----------
    columns
        Only these.
    missing_is_fine
        A column that the file lacks is left out.

    Raises
    ------
    NotFoundError, DataError
        As for :func:`read_chunks`, or it lacks a column.
    """
    if columns is not None:
        known = _names(path)
        missing = [name for name in columns if name not in known]
        if missing and not missing_is_fine:
            raise DataError(f"{path} has no column {missing[0]!r}.", hint=f"It has {', '.join(known[:20])}.")
        columns = [name for name in columns if name in known]
    yield from read_chunks(path, rows=rows, columns=columns, dictionaries=True)


def _parquet(path: Path, rows: int, columns: Sequence[str] | None, dictionaries: bool) -> Iterator[pa.Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyarrow.types as types

    texts: list[str] = []
    schema = pq.read_schema(path)
    _meet_periods(schema)
    if dictionaries:
        texts = [field.name for field in schema if types.is_string(field.type) or types.is_large_string(field.type)]
    # Told to read everything beforehand, as is the default, Arrow holds the whole file in memory.
    with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER) as file:
        wanted = None if columns is None else list(columns)
        if dictionaries:
            width = len(file.schema_arrow) if wanted is None else len(wanted)
            rows = max(_FEWEST, min(rows, _PIECE_CELLS // max(1, width)))
            # Pieces that end where the groups of rows do are not cut in two.
            first = file.metadata.row_group(0).num_rows if file.metadata.num_row_groups else 0
            if first:
                rows = first * (rows // first) if first <= rows else -(-first // -(-first // rows))
        found = False
        for batch in file.iter_batches(batch_size=rows, columns=wanted):
            found = True
            yield _without_index(pa.Table.from_batches([batch]))
        if not found:
            empty = file.schema_arrow.empty_table()
            yield _without_index(empty if wanted is None else empty.select(wanted))


def _meet_periods(schema: pa.Schema) -> None:
    """Let Arrow know the periods of pandas, which it otherwise reads as numbers until something else has told it of them."""
    if any((field.metadata or {}).get(b"ARROW:extension:name") == b"pandas.period" for field in schema):
        import pandas as pd
        import pyarrow as pa

        # What pandas makes of it is of no use; it registers the type by the way.
        pa.array(pd.PeriodIndex(["2000"], freq="D"))


def _csv(path: Path, rows: int, columns: Sequence[str] | None, as_text: bool, separator: str) -> Iterator[pa.Table]:
    # All columns are read: told to leave some out, pandas takes lines of any length.
    wanted = slice(None) if columns is None else list(columns)
    options: dict[str, Any] = {"sep": separator, "low_memory": False}
    if as_text:
        options["dtype"] = str
    for piece in delimited_pieces(path, rows, options):
        yield _arrow(piece.loc[:, wanted])


def _names(path: Path) -> list[str]:
    """Give the columns of a file; those of a Parquet file stand at its end, and no row is read for them."""
    if path.is_file() and path.stat().st_size and kind_of_file(path) in {".parquet", ".pq"}:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with contextlib.suppress(pa.ArrowException, OSError):
            return [name for name in pq.read_schema(path).names if not name.startswith("__index_level_")]
    return list(next(read_chunks(path, rows=1)).column_names)


def _json_lines(path: Path, rows: int, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    import pandas as pd

    with pd.read_json(path, lines=True, chunksize=rows) as pieces:
        for piece in pieces:
            yield _arrow(piece if columns is None else piece.reindex(columns=list(columns)))


def _feather(path: Path, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    import pyarrow as pa

    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        _meet_periods(reader.schema)
    with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
        for place in range(reader.num_record_batches):
            table = _without_index(pa.Table.from_batches([reader.get_batch(place)]))
            yield table if columns is None else table.select(list(columns))
        if not reader.num_record_batches:
            yield _without_index(reader.schema.empty_table())


def _arrow(frame: Any) -> pa.Table:
    import pyarrow as pa

    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Cells of several types: as text, which is what they would be in a CSV.
        mixed = [name for name in frame.columns if frame[name].dtype == object]
        plain = frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})
        return pa.Table.from_pandas(plain, preserve_index=False)


def _without_index(table: pa.Table) -> pa.Table:
    """Leave out what pandas stored as the index of rows."""
    kept = [name for name in table.column_names if not name.startswith("__index_level_")]
    return table.select(kept).replace_schema_metadata(None)
