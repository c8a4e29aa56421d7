"""How much data has come: the files a schedule looks at, their bytes and rows, and what is new of them."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path

from nbops.errors import DataError
from nbops.workspace import Workspace

# What is kept of a file between looks: size, time of change in nanoseconds, rows.
Facts = list[int | None]
Measured = dict[str, Facts]

_LINES = frozenset({".csv", ".tsv", ".txt"})
_LINES_WITHOUT_HEADER = frozenset({".jsonl", ".ndjson"})
_PARQUET = frozenset({".parquet", ".pq"})
_MOST_FILES = 20_000
_CHUNK = 1 << 20


def measure(workspace: Workspace, subject: str, what: str, known: Mapping[str, Facts]) -> Measured:
    """Look at the files of a subject.

    Parameters
    ----------
    workspace
        Where relative paths start.
    subject
        A file, a folder (with all below it) or a pattern such as ``data/**/*.csv``.
    what
        ``rows``, ``bytes`` or ``files``; rows are counted for the first only.
    known
        What the last look gave; rows of files that have not changed since are not counted again.

    Raises
    ------
    DataError
        The rows of a file cannot be counted, or there are too many files.
    """
    found: Measured = {}
    for path in _files(workspace.root, subject):
        try:
            facts = path.stat()
        except OSError:
            # Gone between the listing and now.
            continue
        if not stat.S_ISREG(facts.st_mode):
            continue
        name = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)
        before = known.get(name)
        now: Facts = [facts.st_size, facts.st_mtime_ns, None]
        if what == "rows":
            now[2] = before[2] if before and before[:2] == now[:2] and before[2] is not None else _rows(path)
        found[name] = now
        if len(found) > _MOST_FILES:
            raise DataError(f"{subject} names more than {_MOST_FILES} files.", hint="Use a narrower pattern.")
    return found


def grown(before: Mapping[str, Facts], now: Mapping[str, Facts], what: str) -> tuple[float, int]:
    """Give how much has come since ``before`` and to how many files. What became less or is gone does not count against it."""
    column = {"bytes": 0, "rows": 2}.get(what)
    total, files = 0.0, 0
    for name, facts in now.items():
        old = before.get(name)
        if old is not None and old[:2] == facts[:2]:
            continue
        more = 1 if column is None else max(0, (facts[column] or 0) - ((old[column] or 0) if old else 0))
        total += more
        files += more > 0
    return total, files


def _files(root: Path, subject: str) -> Iterator[Path]:
    text = os.path.expanduser(subject)
    path = root / text
    if path.is_dir():
        yield from (one for one in sorted(path.rglob("*")) if not _hidden(one.relative_to(path)))
    elif any(letter in text for letter in "*?["):
        anchor = Path(path.anchor)
        try:
            yield from sorted(anchor.glob(path.relative_to(anchor).as_posix()))
        except ValueError as error:
            raise DataError(f"{subject!r} is no pattern of files: {error}.", hint="Such as data/**/*.csv.") from error
    else:
        yield path


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _rows(path: Path) -> int:
    suffix = path.suffix.lower()
    packed = suffix == ".gz"
    if packed:
        suffix = Path(path.stem).suffix.lower()
    try:
        if suffix in _PARQUET and not packed:
            return _parquet_rows(path)
        if suffix in _LINES | _LINES_WITHOUT_HEADER:
            with path.open("rb") as raw, gzip.open(raw) if packed else raw as file:
                return max(0, _lines(file) - (suffix in _LINES))
    except (OSError, EOFError) as error:
        raise DataError(f"The rows of {path} cannot be counted: {error}.") from error
    raise DataError(
        f"The rows of {path} cannot be counted, only those of CSV, JSON lines and Parquet.",
        hint="Count bytes or files instead.",
    )


def _lines(file: BufferedIOBase) -> int:
    count, last = 0, b"\n"
    while chunk := file.read(_CHUNK):
        count += chunk.count(b"\n")
        last = chunk[-1:]
    return count + (last != b"\n")


def _parquet_rows(path: Path) -> int:
    import pyarrow
    import pyarrow.parquet

    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path} is no Parquet file yet: {error}.") from error
