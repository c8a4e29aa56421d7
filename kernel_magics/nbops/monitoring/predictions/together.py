"""Tables of differing schemas become one: columns that some lack are null there, types that differ give way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Give all rows in order. Numbers of different types become floats, what else differs becomes text."""
    import pyarrow as pa

    if len({str(table.schema) for table in tables}) == 1:
        return pa.concat_tables(tables)
    types: dict[str, pa.DataType] = {}
    for table in tables:
        for field in table.schema:
            types[field.name] = _common(types[field.name], field.type) if field.name in types else field.type
    return pa.concat_tables(
        [
            pa.table(
                {name: _as(table, name, kind) for name, kind in types.items()},
                schema=pa.schema(list(types.items())),
            )
            for table in tables
        ]
    )


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (one, other)]
    if all(numbers):
        return pa.int64() if pa.types.is_integer(one) and pa.types.is_integer(other) else pa.float64()
    return pa.string()


def _as(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    import pyarrow as pa

    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    column = table.column(name)
    if column.type == kind:
        return column
    try:
        return column.cast(kind, safe=False)
    except pa.ArrowException:  # lists and structures
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
