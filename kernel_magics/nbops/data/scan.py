"""The profile of whatever data there is: a frame, or files and queries that are read piece by piece and never whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from nbops.data import parts
from nbops.data.profile import Profile, profile_frame
from nbops.data.reading import path_of, read_table
from nbops.data.sources import keys_of, parts_of
from nbops.errors import DataError, MissingExtraError

_QUERY = "duckdb:"


def profile_source(source: Any, reference: Profile | None = None, columns: Sequence[str] | None = None) -> Profile:
    """Profile data without holding them in memory.

    Parameters
    ----------
    source
        A DataFrame; an Arrow table or reader of batches; a relation of DuckDB, or ``duckdb:`` and a query in SQL; the path of a
        file, folder or pattern that :func:`nbops.data.sources.parts_of` finds; a list of paths; ``sklearn:NAME``; or a
        :class:`~nbops.data.profile.Profile`, which is given back.
    reference
        Take kinds and shifts from this profile, so that both can be compared and merged. Without one the first 65,536 rows decide
        (of a frame, all).
    columns
        Only these; all by default.

    Raises
    ------
    NotFoundError
        There is nothing there.
    DataError
        It cannot be read, or has two columns of one name, or lacks one of ``columns``.
    MissingExtraError
        A query needs DuckDB, which is not installed.
    """
    if isinstance(source, Profile):
        return source if columns is None else Profile(source.rows, parts.only(source, columns).columns)
    if hasattr(source, "iloc") or (isinstance(source, str) and source.startswith("sklearn:")):
        frame = read_table(source)
        return profile_frame(frame if columns is None else _only(frame, columns), reference)
    if reference is not None and columns is not None:
        reference = parts.only(reference, columns)
    wanted = None if columns is None else tuple(columns)
    pieces = _pieces(source, wanted, reference)
    return parts.profile_pieces(pieces, reference)


def _only(frame: Any, columns: Sequence[str]) -> Any:
    known = [str(name) for name in frame.columns]
    for name in map(str, columns):
        if name not in known:
            raise DataError(f"The data have no column {name!r}.", hint=f"They have {', '.join(known[:20])}.")
    return frame.iloc[:, [known.index(str(name)) for name in columns]]


def _pieces(source: Any, columns: tuple[str, ...] | None, reference: Profile | None) -> Iterator[Any]:
    if isinstance(source, str) and source.startswith(_QUERY):
        return _selected(_relation(source.removeprefix(_QUERY)), columns)
    if hasattr(source, "to_batches") or hasattr(source, "read_next_batch") or _is_relation(source):
        return _selected(source, columns)
    if isinstance(source, (list, tuple)) and source and all(isinstance(one, (str, os.PathLike)) for one in source):
        return (piece for one in source for piece in _of_path(one, columns, reference))
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(f"A {type(source).__name__} is no table.", hint="Give a path or a DataFrame.")
    return _of_path(source, columns, reference)


def _of_path(source: Any, columns: tuple[str, ...] | None, reference: Profile | None) -> Iterator[Any]:
    """Read the files of a path; folders named ``key=value`` give columns."""
    start = path_of(source)
    # Against a reference all columns are read, as of a frame: those that are new are told. Folders' keys are no data.
    lenient = columns is None and reference is not None
    names = columns or ()
    wanted = {column.name for column in reference.columns} if lenient and reference is not None else set(names)
    for path in parts_of(source):
        keys = keys_of(path, start) if path != start else {}
        inside = tuple(name for name in names if name not in keys)
        for piece in parts.pieces_of([path], inside, missing_is_fine=lenient):
            yield _with_keys(
                piece, {key: value for key, value in keys.items() if key in wanted or not (names or lenient)}
            )


def _with_keys(piece: Any, keys: dict[str, str | None]) -> Any:
    import pyarrow as pa

    for key, value in keys.items():
        piece = piece.append_column(key, pa.array([value] * len(piece), pa.string()))
    return piece


def _selected(source: Any, columns: tuple[str, ...] | None) -> Iterator[Any]:
    import pyarrow as pa

    reader = source
    if _is_relation(source):
        # DuckDB renamed it in 1.4.
        read = getattr(source, "to_arrow_reader", None) or source.fetch_arrow_reader
        reader = read(parts.LOOKED_AT)
    batches = source.to_batches() if hasattr(source, "to_batches") else reader
    for batch in batches:
        table = pa.Table.from_batches([batch])
        yield table if columns is None else table.select(list(columns))
    yield reader.schema.empty_table() if columns is None else reader.schema.empty_table().select(list(columns))


def _is_relation(source: Any) -> bool:
    return type(source).__module__.partition(".")[0] in {"duckdb", "_duckdb"} and hasattr(source, "fetch_arrow_reader")


def _relation(query: str) -> Any:
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise MissingExtraError("Profiling what a query gives", "duckdb") from error
    try:
        return duckdb.sql(query)
    except duckdb.Error as error:
        raise DataError(f"DuckDB cannot answer the query: {' '.join(str(error).split())[:300]}") from error
