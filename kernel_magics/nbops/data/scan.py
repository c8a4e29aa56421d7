"""The profile of whatever data there is: a frame, or files and queries that are read piece by piece and never whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from nbops.data import parts
from nbops.data.ahead import Ahead
from nbops.data.profile import Profile, profile_frame, profile_frames
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
    if hasattr(source, "iloc") or _is_bundled(source):
        frame = read_table(source)
        return profile_frame(frame if columns is None else _only(frame, columns), reference)
    if reference is not None and columns is not None:
        reference = parts.only(reference, columns)
    wanted = None if columns is None else tuple(columns)
    known = None if reference is None else {column.name for column in reference.columns}
    pieces = _pieces(source, wanted, known)
    return parts.profile_pieces(pieces, reference)


def profile_both(reference: Any, current: Any) -> tuple[Profile, Profile]:
    """Profile two data sets, the second as what the columns of the first are.

    Parameters
    ----------
    reference, current
        As for :func:`profile_source`. Of two frames each column is looked at on both sides at once; of two that are read piece by
        piece the reading of the second begins while the last of the first is counted.

    Raises
    ------
    NotFoundError, DataError, MissingExtraError
        As there.
    """
    if all(hasattr(side, "iloc") and hasattr(side, "columns") for side in (reference, current)):
        return profile_frames(reference, current)
    if any(_is_whole(side) for side in (reference, current)):
        before = profile_source(reference)
        return before, profile_source(current, before)
    names: set[str] = set()
    first = Ahead(_noting(_pieces(reference, None, None), names))
    second = Ahead(_pieces(current, None, names))
    first.followed_by(second)
    try:
        before = parts.profile_pieces(first)
        return before, parts.profile_pieces(second, before)
    finally:
        second.close()


def _is_whole(source: Any) -> bool:
    return isinstance(source, Profile) or hasattr(source, "iloc") or _is_bundled(source)


def _is_bundled(source: Any) -> bool:
    return isinstance(source, str) and source.startswith("sklearn:")


def _noting(pieces: Iterator[Any], names: set[str]) -> Iterator[Any]:
    for piece in pieces:
        names.update(piece.column_names)
        yield piece


def _only(frame: Any, columns: Sequence[str]) -> Any:
    known = [str(name) for name in frame.columns]
    for name in map(str, columns):
        if name not in known:
            raise DataError(f"The data have no column {name!r}.", hint=f"They have {', '.join(known[:20])}.")
    return frame.iloc[:, [known.index(str(name)) for name in columns]]


def _pieces(source: Any, columns: tuple[str, ...] | None, known: set[str] | None) -> Iterator[Any]:
    if isinstance(source, str) and source.startswith(_QUERY):
        return _selected(_relation(source.removeprefix(_QUERY)), columns)
    if hasattr(source, "to_batches") or hasattr(source, "read_next_batch") or _is_relation(source):
        return _selected(source, columns)
    if isinstance(source, (list, tuple)) and source and all(isinstance(one, (str, os.PathLike)) for one in source):
        return (piece for one in source for piece in _of_path(one, columns, known))
    if not isinstance(source, (str, os.PathLike)):
        raise DataError(f"A {type(source).__name__} is no table.", hint="Give a path or a DataFrame.")
    return _of_path(source, columns, known)


def _of_path(source: Any, columns: tuple[str, ...] | None, known: set[str] | None) -> Iterator[Any]:
    """Read the files of a path; folders named ``key=value`` give columns."""
    start = path_of(source)
    # Against a reference all columns are read, as of a frame: those that are new are told. Folders' keys are no data.
    lenient = columns is None and known is not None
    names = columns or ()
    wanted = known if lenient and known is not None else set(names)
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
