"""Rows become a Parquet file: complete and on disk under a name that nobody reads, until it is put in its place."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.workspace.durability import flush_file

if TYPE_CHECKING:
    import pyarrow as pa

WRITING = ".writing-"


def write_rows(folder: Path, table: pa.Table, metadata: dict[bytes, Any]) -> Path:
    """Write a table to a file of its own, which is to be renamed.

    Raises
    ------
    OSError
        It cannot be written; nothing of it is left.
    """
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{WRITING}{secrets.token_hex(6)}.parquet"
    said = {key: json.dumps(value).encode() for key, value in metadata.items() if value}
    try:
        pq.write_table(table.replace_schema_metadata(said or None), path, compression="zstd")
        flush_file(path)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
