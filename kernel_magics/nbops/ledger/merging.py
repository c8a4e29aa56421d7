"""Two SQLite ledgers of one workspace that were on different machines become one.

Runs are what they are and are put side by side. The registry is one chain of decisions: where one machine's chain goes on from
the other's, the longer one holds; where both have gone on by themselves, nothing is joined.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from nbops.errors import LedgerError
from nbops.ledger import tables
from nbops.ledger.database import open_ledger
from nbops.workspace import Workspace

# In an order in which rows find the ones they refer to.
_RUNS = (
    tables.runs,
    tables.params,
    tables.metrics,
    tables.latest_metrics,
    tables.tags,
    tables.data_refs,
    tables.artifacts,
    tables.pipeline_runs,
    tables.stage_runs,
)
_REGISTRY = (
    tables.models,
    tables.model_versions,
    tables.model_aliases,
    tables.placements,
    tables.gate_specs,
    tables.gate_reports,
    tables.promotion_requests,
    tables.approvals,
    tables.model_cards,
    tables.audit_events,
    tables.audit_head,
)


def ledger_file(workspace: Workspace) -> Path | None:
    """Give the file of a workspace's ledger; ``None`` where it is in a database server or outside of ``.nbops``."""
    url = make_url(workspace.ledger_uri)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    path = Path(url.database)
    return path if path.is_relative_to(workspace.data) else None


def copy_ledger(workspace: Workspace, target: Path) -> bool:
    """Write the ledger as it is now to a file of its own; give whether there was one to copy."""
    source = ledger_file(workspace)
    if source is None or not source.exists():
        return False
    with _opened(source) as before, _opened(target) as after:
        before.backup(after)
        after.execute("PRAGMA journal_mode=DELETE")
    return True


def join_ledger(workspace: Workspace, other: Path, owner: str) -> None:
    """Take over what another machine's ledger has and this one has not, in one transaction.

    Parameters
    ----------
    workspace
        Whose ledger takes it.
    other
        A file that :func:`copy_ledger` wrote.
    owner
        Id of this workspace; the other's runs become its own.

    Raises
    ------
    LedgerError
        Both have changed the registry since they parted, another version of nbops wrote the file, or it is none.
    """
    mine = ledger_file(workspace)
    if mine is None:
        raise LedgerError("This workspace has its ledger elsewhere, so it takes none over.")
    open_ledger(workspace)
    try:
        with _opened(mine) as connection:
            connection.execute("ATTACH DATABASE ? AS other", (str(other),))
            connection.execute("BEGIN IMMEDIATE")
            try:
                _join(connection, owner)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise LedgerError(f"The ledger of another machine cannot be read: {error}.") from error


def _join(connection: sqlite3.Connection, owner: str) -> None:
    version = "SELECT version_num FROM {}.alembic_version"
    if connection.execute(version.format("main")).fetchall() != connection.execute(version.format("other")).fetchall():
        raise LedgerError(
            "The ledger of another machine was written by another version of nbops.",
            hint="Install the same one on all.",
        )
    if _behind(connection):
        for table in reversed(_REGISTRY):
            connection.execute(f"DELETE FROM main.{table.name}")
        for table in _REGISTRY:
            _take(connection, table.name, "INSERT")
    theirs = [row[0] for row in connection.execute("SELECT DISTINCT workspace FROM other.runs WHERE workspace != ''")]
    for table in _RUNS:
        _take(connection, table.name, "INSERT OR IGNORE")
    # MLflow of that machine may be another one: whoever delivers from here does so anew.
    fresh = "run_id IN (SELECT run_id FROM other.runs) AND origin = 'nbops'"
    connection.execute(
        f"UPDATE main.runs SET delivery = 'ledger', mlflow_run_id = '', mlflow_experiment_id = '' WHERE workspace != ? AND {fresh}",
        (owner,),
    )
    for name in theirs:
        for table in ("runs", "pipeline_runs"):
            connection.execute(f"UPDATE main.{table} SET workspace = ? WHERE workspace = ?", (owner, name))
    connection.execute("UPDATE main.revision SET value = value + 1 WHERE id = 1")


def _behind(connection: sqlite3.Connection) -> bool:
    """Whether the other's registry goes on from where this one ends.

    Raises
    ------
    LedgerError
        Both go on by themselves.
    """
    mine, theirs = _head(connection, "main"), _head(connection, "other")
    longer, shorter = ("other", mine) if theirs[0] > mine[0] else ("main", theirs)
    if shorter[0] > 0:
        there = connection.execute(f"SELECT mac FROM {longer}.audit_events WHERE seq = ?", (shorter[0],)).fetchone()
        if there is None or there[0] != shorter[1]:
            raise LedgerError(
                "Two machines have changed the registry beside each other, and that cannot be joined.",
                hint="Let one stage come after the other, or give all machines one ledger: NBOPS_LEDGER_URI.",
            )
    return longer == "other"


def _head(connection: sqlite3.Connection, schema: str) -> tuple[int, str]:
    row = connection.execute(f"SELECT seq, mac FROM {schema}.audit_head").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _take(connection: sqlite3.Connection, table: str, verb: str) -> None:
    columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
    connection.execute(f"{verb} INTO main.{table} ({columns}) SELECT {columns} FROM other.{table}")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
