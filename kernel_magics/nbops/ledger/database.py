"""Open the ledger: engine, migrations, transactions."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from nbops.errors import LedgerError, MissingExtraError, UsageError
from nbops.ledger import tables
from nbops.workspace import Workspace
from nbops.workspace.locks import file_lock

_opened: dict[tuple[int, str], Ledger] = {}
_opening = threading.Lock()
# A server that looks at many workspaces must not run out of file descriptors.
_KEPT_OPEN = 32


class Ledger:
    """An open ledger. Make one with :func:`open_ledger`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open one transaction that writes; it is committed at the end of the block or not at all.

        Raises
        ------
        LedgerError
            The database is gone, locked or full.
        """
        with _told(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open a connection that reads.

        Raises
        ------
        LedgerError
            The database is gone.
        """
        with _told(), self.engine.connect().execution_options(nbops_read=True) as connection:
            yield connection

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection whose reads all see the ledger at one moment.

        Raises
        ------
        LedgerError
            The database is gone.
        """
        # In SQLite a transaction is one already.
        options = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}
        with _told(), self.engine.connect().execution_options(nbops_read=True, **options) as connection:
            yield connection

    def upsert(self, table: sqlalchemy.Table) -> Any:
        """Give an ``insert`` of this dialect, which has ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
        if self.dialect == "postgresql":
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
        return insert(table)

    def touch(self, connection: Connection) -> None:
        """Say, within a transaction, that something a person can see has changed."""
        rows = tables.revision
        connection.execute(rows.update().where(rows.c.id == 1).values(value=rows.c.value + 1))

    def revision(self) -> int:
        """Give a number that grows with every visible change."""
        with self.connect() as connection:
            return int(connection.scalar(sqlalchemy.select(tables.revision.c.value)) or 0)


def open_ledger(workspace: Workspace) -> Ledger:
    """Open the workspace's ledger; create or migrate it once, whoever comes first.

    Raises
    ------
    LedgerError
        The database cannot be reached, is newer than this nbops, or cannot be migrated.
    MissingExtraError
        The URL names PostgreSQL and its driver is not installed.
    """
    # A fork must not share connections with its parent.
    key = (os.getpid(), workspace.ledger_uri)
    with _opening:
        ledger = _opened.pop(key, None)
        if ledger is None or _vanished(workspace.ledger_uri):
            ledger = _open(workspace)
        _opened[key] = ledger
        own = [known for known in _opened if known[0] == key[0]]
        for longest_ago in own[:-_KEPT_OPEN]:
            # Who still has it may go on: it connects again.
            _opened.pop(longest_ago).engine.dispose()
        return ledger


def schema_version(ledger: Ledger) -> str:
    """Give the migration the database stands at; empty when it has no tables."""
    from alembic.runtime.migration import MigrationContext

    with ledger.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest_schema_version() -> str:
    """Give the migration this nbops needs."""
    return _scripts().get_current_head() or ""


def _open(workspace: Workspace) -> Ledger:
    workspace.ensure()
    ledger = Ledger(_engine(workspace.ledger_uri))
    name = hashlib.sha256(workspace.ledger_uri.encode()).hexdigest()[:12]
    if schema_version(ledger) != newest_schema_version():
        with file_lock(workspace.locks / f"ledger-{name}.lock", timeout=120):
            _migrate(ledger, workspace.ledger_uri)
    return ledger


def _migrate(ledger: Ledger, uri: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        with _told(), ledger.engine.begin() as connection:
            if ledger.dialect == "postgresql":
                # Two machines share no lock file; the database itself must let only one migrate.
                connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(5276101)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            f"The ledger {_shown(uri)} was written by a newer nbops: {error}.", hint="Upgrade nbops."
        ) from error


def _scripts() -> Any:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _engine(uri: str) -> Engine:
    try:
        url = make_url(uri)
        if url.get_backend_name() == "postgresql" and url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise LedgerError(f"The ledger cannot live in {url.get_backend_name()}.", hint="Use sqlite or postgresql.")
        engine = sqlalchemy.create_engine(url, **_options(url.get_backend_name()))
    except ModuleNotFoundError as error:
        raise MissingExtraError("A ledger in PostgreSQL", "postgres") from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LedgerError(
            f"{_shown(uri)!r} is not a database URL.",
            hint="Write sqlite:////path/ledger.db or postgresql://user@host/db.",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise LedgerError(
            f"A row of the ledger cannot be read, somebody has changed it: {error}.",
            hint="`nbops audit verify` says which.",
        ) from error


def _options(backend: str) -> dict[str, Any]:
    if backend == "sqlite":
        return {"connect_args": {"timeout": 30, "check_same_thread": False}, "json_deserializer": _read_json}
    # Every kernel of a team holds a ledger, and PostgreSQL allows a hundred connections: one each is kept while idle.
    return {"pool_pre_ping": True, "pool_size": 1, "max_overflow": 14, "connect_args": {"connect_timeout": 10}}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are ours: the driver's own implicit BEGIN is deferred and would fail at the first write instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    _enter_wal(cursor)
    cursor.close()


def _enter_wal(cursor: Any) -> None:
    # Changing the journal mode does not wait for other connections as statements do.
    for _ in range(200):
        try:
            if cursor.execute("PRAGMA journal_mode=WAL").fetchone():
                return
        except Exception as error:  # sqlite3.OperationalError; the driver may be another
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            time.sleep(0.02)


def _begin_immediate(connection: Connection) -> None:
    writes = connection.get_execution_options().get("nbops_read", False) is False
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn the database's errors into one line for people."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        raise LedgerError(f"The ledger does not answer: {text}.", hint="`nbops doctor` says more.") from error
    except SQLAlchemyError as error:
        raise LedgerError(f"The ledger cannot do that: {error}.") from error
    except UnicodeEncodeError as error:
        raise UsageError("That text cannot be stored: it has bytes that are no letters in UTF-8.") from error


def _vanished(uri: str) -> bool:
    url = make_url(uri)
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def _shown(uri: str) -> str:
    try:
        return make_url(uri).render_as_string(hide_password=True)
    except ArgumentError:
        return uri
