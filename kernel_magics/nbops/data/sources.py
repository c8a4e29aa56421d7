"""Where a table comes from: a file, a folder or pattern of files, a query of a database, or scikit-learn's bundled data."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.data.reading import KINDS, kind_of_file, path_of, read_table
from nbops.errors import DataError, MissingExtraError, NotFoundError, UsageError

if TYPE_CHECKING:
    import pandas as pd

_FROM_ENVIRONMENT = "env:"
_NULL = "__HIVE_DEFAULT_PARTITION__"


def read_source(source: str, *, query: str = "", options: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Read a table from wherever it is.

    Parameters
    ----------
    source
        A file that :func:`nbops.data.reading.read_table` reads; a folder or pattern (``data/*.parquet``) of such, whose rows
        are put one after the other in the order of the paths, with a column for each folder named ``key=value``; the address
        of a database as SQLAlchemy has it; ``sklearn:NAME``; or ``env:NAME`` for any of these in a variable of the
        environment, where a password belongs.
    query
        SQL, for a database.
    options
        For the reader of pandas, such as ``{"sep": ";"}``; files only.

    Raises
    ------
    NotFoundError
        There is nothing there.
    DataError
        It cannot be read.
    UsageError
        A query without a database, or a database without a query.
    """
    source = _named(source)
    if "://" in source:
        return _query(source, query)
    if query:
        raise UsageError(f"{source} is no database, so it takes no query.")
    if source.startswith("sklearn:") or path_of(source).is_file():
        return read_table(source, options)
    return _joined(parts_of(source), path_of(source), options)


def parts_of(source: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Give the files that a path stands for, in the order of their paths: a file, those in a folder, those of a pattern.

    Files and folders whose names begin with a dot or an underscore do not count.

    Raises
    ------
    NotFoundError
        There are none.
    DataError
        It can be no path.
    """
    path = path_of(source)
    if path.is_file():
        return (path,)
    inside = path.rglob("*") if path.is_dir() else map(Path, glob.glob(str(path), recursive=True))
    start = path if path.is_dir() else Path(*_fixed(path.parts))
    found = [file for file in inside if file.is_file() and kind_of_file(file) in KINDS and _shown(file, start)]
    if not found:
        what = "folder without tables" if path.is_dir() else "path of no file"
        raise NotFoundError(f"{source} is a {what}.", hint=f"Tables are {', '.join(KINDS)}.")
    return tuple(sorted(found))


def _shown(file: Path, start: Path) -> bool:
    inner = file.relative_to(start) if file.is_relative_to(start) else file
    return not any(part.startswith((".", "_")) and part != ".." for part in inner.parts)


def _fixed(parts: Sequence[str]) -> list[str]:
    found = []
    for part in parts:
        if glob.has_magic(part):
            break
        found.append(part)
    return found


def _joined(paths: Sequence[Path], start: Path, options: Mapping[str, Any] | None) -> pd.DataFrame:
    import pandas as pd

    frames = [read_table(path, options).assign(**keys_of(path, start)) for path in paths]
    # Types are of no account here: an empty part has none, and settling comes later.
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def keys_of(path: Path, start: Path) -> dict[str, str | None]:
    """Give the columns that the folders named ``key=value`` between a folder and a file stand for."""
    inner = path.parent.relative_to(start) if path.is_relative_to(start) else path.parent
    pairs = [part.partition("=") for part in inner.parts if "=" in part]
    return {key: None if value == _NULL else value for key, _, value in pairs if key}


def _named(source: str) -> str:
    if not source.startswith(_FROM_ENVIRONMENT):
        return source
    name = source.removeprefix(_FROM_ENVIRONMENT)
    if name not in os.environ:
        raise NotFoundError(f"The environment has no variable {name!r}, which is to name the data.")
    return os.environ[name]


def _query(address: str, query: str) -> pd.DataFrame:
    import pandas as pd
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    try:
        url = sqlalchemy.make_url(address)
    except SQLAlchemyError as error:
        raise DataError("The address of the database cannot be read.", hint="Write sqlite:///FILE.") from error
    shown = url.render_as_string(hide_password=True)
    if not query.strip():
        raise UsageError(f"{shown} is a database.", hint='Say which rows: query = "select * from orders".')
    # SQLite would make an empty database of a slip of the pen.
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise NotFoundError(f"There is no database {url.database}.")
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            return pd.read_sql_query(sqlalchemy.text(query), connection)
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("psycopg"):
            raise MissingExtraError("Reading from PostgreSQL", "postgres") from error
        raise DataError(f"{shown} needs the package {error.name}.", hint=f"pip install {error.name}") from error
    except (SQLAlchemyError, pd.errors.DatabaseError) as error:
        cause = error if isinstance(error, SQLAlchemyError) else error.__cause__
        said = " ".join(str(getattr(cause, "orig", None) or cause).split())
        said = said.replace(str(url.password), "***") if url.password else said
        raise DataError(f"{shown} gives no table: {said[:300]}") from error
