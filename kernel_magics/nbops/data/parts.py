"""The profile of rows that lie in many files, read piece by piece: the same bit by bit however they were parted.

What each column is gets decided once, from a reference or from the first 65,536 rows in the order of the files; then all rows are
counted by it. What is known of a piece is small, and adding is exact and of any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.ahead import Ahead
from nbops.data.arrow_values import of_arrow
from nbops.data.chunks import read_pieces
from nbops.data.counted import Counted
from nbops.data.counting import count as count_values
from nbops.data.counting import count_more
from nbops.data.planning import decide
from nbops.data.profile import NUMBER_SHARE, ColumnProfile, Profile
from nbops.data.series_values import of_series
from nbops.data.threads import beside
from nbops.data.values import NOTHING, WORDS, Values, text_array, word_of
from nbops.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

LOOKED_AT = 65_536
# So many columns of numbers are counted on from piece to piece, each in a megabyte at most.
_KEPT_OPEN = 100
_READ = frozenset({"number", "boolean", "time"})

# By the names of columns; under ``None`` how many rows there are.
Part = dict[str | None, Counted]


def plan(pieces: Iterable[pa.Table]) -> Profile:
    """Decide what each column is from the first 65,536 rows, as :func:`nbops.data.profile.profile_frame` would of these.

    Raises
    ------
    DataError
        There are no pieces.
    """
    taken: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        taken.append(piece.slice(0, LOOKED_AT - rows))
        rows += len(taken[-1])
        if rows >= LOOKED_AT:
            break
    if not taken:
        raise DataError("There are no parts to profile.")
    columns: dict[str, list[Any]] = {}
    for table in taken:
        for name, column in zip(table.column_names, table.columns, strict=True):
            columns.setdefault(name, []).append(column)
    return Profile(rows, tuple(_decided(name, found) for name, found in columns.items()))


def profile_pieces(pieces: Iterable[pa.Table], reference: Profile | None = None) -> Profile:
    """Profile pieces that come one after the other, each once; what is read next is read while these are counted.

    Columns that the reference does not know come after those that it does.
    """
    # An error here must not leave the reader waiting for as long as somebody keeps its traceback.
    with closing(iter(pieces if isinstance(pieces, Ahead) else Ahead(iter(pieces)))) as coming:
        taken = _looked_at(coming)
        known = plan(taken) if reference is None else _with_new(reference, taken)

        def tables() -> Iterator[pa.Table]:
            while taken:
                yield taken.pop(0)
            yield from map(_named_once, coming)

        return profile_of(_counted(tables(), known), known)


def _looked_at(coming: Iterator[pa.Table]) -> list[pa.Table]:
    """Take the first pieces, of 65,536 rows at least if there are as many."""
    taken: list[pa.Table] = []
    rows = 0
    for piece in coming:
        taken.append(_named_once(piece))
        rows += len(piece)
        if rows >= LOOKED_AT:
            break
    return taken


def _named_once(table: pa.Table) -> pa.Table:
    names = table.column_names
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"The table has two columns {twice!r}.", hint="Rename one of them.")
    return table


def _with_new(reference: Profile, taken: Sequence[pa.Table]) -> Profile:
    known = {column.name for column in reference.columns}
    fresh = [[name for name in table.column_names if name not in known] for table in taken]
    if not any(fresh):
        return reference
    new = plan(table.select(names) for table, names in zip(taken, fresh, strict=True) if names)
    return Profile(reference.rows, (*reference.columns, *new.columns))


def count(path: Path, reference: Profile) -> Part:
    """Count a file by the kinds and shifts of a reference, which may have columns that the file lacks."""
    wanted = [column.name for column in reference.columns]
    return _counted(read_pieces(path, columns=wanted, missing_is_fine=True), reference)


def _counted(tables: Iterator[pa.Table], reference: Profile) -> Part:
    found: Part = {}

    def parts() -> Iterator[Part]:
        for table in tables:
            yield count_table(table, reference, found)

    together(parts(), found)
    for one in found.values():
        one.settle()
    return found


def count_table(table: pa.Table, reference: Profile, before: Part | None = None) -> Part:
    """Count the rows of a table; what was counted ``before`` may spare work, and goes on where it is one of the columns' counts."""
    there, known = set(table.column_names), before or {}
    columns = [column for column in reference.columns if column.name in there]

    def counted(column: ColumnProfile) -> Counted:
        values, found = of_arrow(table[column.name], parted=column.kind == "number"), known.get(column.name)
        if found is not None and len(columns) <= _KEPT_OPEN and count_more(found, values):
            return found
        fresh = count_values(values, column, found)
        if len(columns) > _KEPT_OPEN:
            fresh.settle()
        return fresh

    made = beside(counted, columns, lambda column: _is_text(table, column.name), len(table))
    part: Part = {column.name: one for column, one in zip(columns, made, strict=True)}
    part[None] = Counted("empty", len(table), len(table))
    return part


def _is_text(table: pa.Table, name: str) -> bool:
    import pyarrow.types as types

    kind = table.schema.field(name).type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def together(parts: Iterable[Part], found: Part | None = None) -> Part:
    """Add what is known of parts, into ``found``; a column that a part lacks is missing from all of its rows.

    Raises
    ------
    DataError
        There are no parts.
    """
    found = {} if found is None else found
    rows = 0
    for part in parts:
        size = part[None].rows
        for name, counted in part.items():
            if found.get(name) is counted:
                continue
            if name in found:
                found[name].add(counted)
            else:
                # Rows of the parts before, which did not have the column.
                counted.add_missing(rows)
                found[name] = counted
        for name in found.keys() - part.keys():
            found[name].add_missing(size)
        rows += size
    if not found:
        raise DataError("There are no parts to profile.")
    return found


def profile_of(counted: Part, reference: Profile) -> Profile:
    """Give the profile of all parts together; columns stand in the order of the reference."""
    columns = tuple(counted[column.name].finished(column) for column in reference.columns if column.name in counted)
    return Profile(counted[None].rows, columns)


def only(reference: Profile, columns: Sequence[str]) -> Profile:
    """Give some columns of a profile."""
    return Profile(reference.rows, tuple(column for column in reference.columns if column.name in set(columns)))


def pieces_of(paths: Iterable[Path], columns: Sequence[str] = (), missing_is_fine: bool = False) -> Iterator[pa.Table]:
    """Read files one after the other, in pieces; a column that a file lacks is an error unless that is fine."""
    for path in paths:
        yield from read_pieces(path, columns=list(columns) or None, missing_is_fine=missing_is_fine)


def _decided(name: str, pieces: list[Any]) -> ColumnProfile:
    """Decide what a column is; files may disagree, one having text where others have numbers or times."""
    import pyarrow as pa

    if len({str(piece.type) for piece in pieces}) == 1:
        return decide(name, of_arrow(pa.chunked_array([c for piece in pieces for c in piece.chunks], pieces[0].type)))
    found = [value for value in map(of_arrow, pieces) if value.form != NOTHING]
    forms = {value.form for value in found} - {WORDS}
    if len(forms) == 1:
        known = decide(name, _joined([value for value in found if value.form != WORDS]))
        read = [count_values(value, known) for value in found if value.form == WORDS]
        if known.kind in _READ and sum(c.parsed for c in read) >= NUMBER_SHARE * sum(c.texts for c in read):
            return known
    words = [
        value if value.form == WORDS else of_series(p.to_pandas().dropna().map(word_of))
        for value, p in zip(map(of_arrow, pieces), pieces, strict=True)
        if value.form != NOTHING
    ]
    return decide(name, _joined_words(words)) if words else decide(name, of_arrow(pieces[0]))


def _joined(values: list[Values]) -> Values:
    """Put values of one form one after the other."""

    def all_of(field: str) -> Any:
        arrays = [getattr(value, field) for value in values]
        return None if any(array is None for array in arrays) else np.concatenate(arrays)

    rows, nulls = sum(value.rows for value in values), sum(value.nulls for value in values)
    flags = sum(value.flags[0] for value in values), sum(value.flags[1] for value in values)
    return replace(
        values[0], rows=rows, nulls=nulls, flags=flags, numbers=all_of("numbers"), own=all_of("own"), utc=all_of("utc")
    )


def _joined_words(values: list[Values]) -> Values:
    counted: dict[str, int] = {}
    for value in values:
        for word, many in zip(value.words.to_pylist(), value.counts.tolist(), strict=True):
            counted[word] = counted.get(word, 0) + many
    cells = sum(counted.values())
    return Values(
        form=WORDS,
        rows=cells,
        nulls=0,
        dtype="str",
        words=text_array([*counted]),
        counts=np.array([*counted.values()]),
        text_cells=cells,
    )
