"""Carry the outbox into the ledger: idempotent, by whichever process comes first.

Entries are applied in one ledger transaction and removed from the outbox afterwards. A process that dies between
the two leaves entries that are applied again to the same effect; two that deliver at once apply the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from nbops.errors import LedgerError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.records import MetricPoint, Run, from_wire, to_wire
from nbops.tracking.outbox import Entry, Outbox, outbox_of
from nbops.tracking.reconciling import WORDLESS, reconcile
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_BATCH = 500
_ENDED = ("FINISHED", "FAILED", "KILLED")
_DETAIL = (
    "user",
    "names_read",
    "names_written",
    "metric_functions",
    "profiles",
    "models",
    "stdout",
    "stderr",
    "error",
    "git",
    "environment",
)

# Statements are made once: making one costs more than carrying it out.
_statements: dict[tuple[str, ...], Any] = {}


def deliver(workspace: Workspace) -> int:
    """Bring the ledger up to date with the outbox, and close the runs of processes that died.

    Returns
    -------
    int
        How many entries were delivered.

    Raises
    ------
    LedgerError
        The ledger does not answer; the entries stay in the outbox.
    TrackingError
        The outbox does not answer.
    """
    done = 0
    if workspace.outbox.exists():
        box = outbox_of(workspace)
        while entries := box.entries(limit=_BATCH):
            _carry(open_ledger(workspace), box, entries, workspace_id(workspace))
            done += len(entries)
    reconcile(workspace)
    return done


def _carry(ledger: Ledger, box: Outbox, entries: Sequence[Entry], owner: str) -> None:
    try:
        with ledger.begin() as connection:
            apply(ledger, connection, entries, owner=owner)
            ledger.touch(connection)
    except Exception as error:
        if not _blames_entry(error):
            raise
        # One entry that no ledger takes must not keep all others from it for ever.
        if len(entries) == 1:
            box.set_aside(entries[0].seq, f"{type(error).__name__}: {error}"[:500])
            return
        middle = len(entries) // 2
        _carry(ledger, box, entries[:middle], owner)
        _carry(ledger, box, entries[middle:], owner)
        return
    box.discard([entry.seq for entry in entries])


def _blames_entry(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error, LedgerError) else error
    return isinstance(cause, (DataError, IntegrityError, TypeError, ValueError, KeyError, OverflowError))


def apply(ledger: Ledger, connection: Connection, entries: Sequence[Entry], *, owner: str = "") -> None:
    """Apply entries of an outbox within a transaction; applying them again changes nothing.

    Parameters
    ----------
    ledger, connection
        The ledger and a transaction of it.
    entries
        What to apply.
    owner
        Id of the workspace whose outbox it is.
    """
    # Points stand between start and finish: they need the run's row, and the finish needs to know of them.
    points: dict[str, list[MetricPoint]] = {}
    for entry in entries:
        if entry.kind == "start":
            _apply_run(ledger, connection, from_wire(Run, entry.payload), owner, finished=False)
        elif entry.kind == "metric":
            points.setdefault(entry.run_id, []).append(from_wire(MetricPoint, entry.payload))
    for run_id, series in points.items():
        # A point without a run can only be there if somebody emptied the ledger.
        if connection.scalar(select(tables.runs.c.run_id).where(tables.runs.c.run_id == run_id)):
            write_points(ledger, connection, run_id, series)
    for entry in entries:
        if entry.kind == "finish":
            _apply_run(ledger, connection, from_wire(Run, entry.payload), owner, finished=True)


def _apply_run(ledger: Ledger, connection: Connection, run: Run, owner: str, *, finished: bool) -> None:
    if not finished:
        # A start that comes late must not reopen what has ended.
        connection.execute(ledger.upsert(tables.runs).on_conflict_do_nothing(), [run_row(run, owner)])
        write_texts(ledger, connection, run)
        return
    connection.execute(_finishing(ledger), [run_row(run, owner)])
    write_texts(ledger, connection, run)
    _write_parts(ledger, connection, run)
    stamp = run.ended_at or run.started_at
    known = set(
        connection.scalars(select(tables.metrics.c.name).distinct().where(tables.metrics.c.run_id == run.run_id))
    )
    # A metric that has a series needs no point of its own.
    finals = [MetricPoint(name=k, value=v, timestamp=stamp) for k, v in run.metrics.items() if k not in known]
    write_points(ledger, connection, run.run_id, finals, alone=True)


def _finishing(ledger: Ledger) -> Any:
    kind = (ledger.dialect, "finish")
    if kind not in _statements:
        insert, runs = ledger.upsert(tables.runs), tables.runs
        keep = {"run_id", "mlflow_run_id", "mlflow_experiment_id", "delivery", "delivery_error"}
        changed = {column.name: insert.excluded[column.name] for column in runs.c if column.name not in keep}
        _statements[kind] = insert.on_conflict_do_update(
            index_elements=["run_id"],
            set_={**changed, "delivery": "ledger"},
            # Once MLflow has it, the same entry again must not send it round again; its last words late must.
            where=~((runs.c.delivery == "delivered") & runs.c.status.in_(_ENDED) & (runs.c.error_message != WORDLESS)),
        )
    return _statements[kind]


def run_row(run: Run, owner: str) -> dict[str, Any]:
    """Give the row of the table ``runs`` for a run of the workspace with the id ``owner``."""
    wire = to_wire(run)
    return {
        **{
            name: wire[name]
            for name in (
                "run_id", "name", "experiment", "kind", "status", "origin", "parent_id", "attempt", "author", "started_at",
                "ended_at", "duration", "cpu", "peak_memory", "tracking", "code", "code_digest", "redactions",
                "uses_mlflow", "process", "mlflow_run_id", "mlflow_experiment_id",
            )
        },
        "notebook": run.cell.notebook,
        "cell_id": run.cell.cell_id,
        "cell_key": run.cell.key,
        "cell_source": run.cell.source,
        "execution_count": run.cell.execution_count,
        "error_type": run.error.type if run.error else "",
        "error_message": run.error.message if run.error else "",
        "has_model": any(model.digest for model in run.models),
        "detail": {name: wire[name] for name in _DETAIL},
        "delivery": "ledger",
        "delivery_error": "",
        "workspace": owner,
        "updated_at": time.time(),
    }  # fmt: skip


def write_texts(ledger: Ledger, connection: Connection, run: Run) -> None:
    """Write the parameters and tags of a run."""
    for table, key, values in ((tables.params, "name", run.params), (tables.tags, "key", run.tags)):
        rows = [{"run_id": run.run_id, key: name, "value": value} for name, value in values.items()]
        _upsert(ledger, connection, table, rows, ("run_id", key))


def _write_parts(ledger: Ledger, connection: Connection, run: Run) -> None:
    data = [{"run_id": run.run_id, "position": position, **to_wire(ref)} for position, ref in enumerate(run.data)]
    _upsert(ledger, connection, tables.data_refs, data, ("run_id", "name", "context"))
    artifacts = [{"run_id": run.run_id, **to_wire(ref)} for ref in run.artifacts]
    _upsert(ledger, connection, tables.artifacts, artifacts, ("run_id", "path"))


def write_points(
    ledger: Ledger, connection: Connection, run_id: str, points: Iterable[MetricPoint], *, alone: bool = False
) -> None:
    """Write points of series and the latest value of each; the same point twice is one point.

    Parameters
    ----------
    ledger, connection
        The ledger and a transaction of it.
    run_id
        Whose points.
    points
        Points of any metrics.
    alone
        Each is known to be the only one of its metric.
    """
    rows: dict[tuple[str, int, float], dict[str, Any]] = {}
    for point in points:
        key = (point.name, point.step, point.timestamp)
        rows[key] = {
            "run_id": run_id,
            "name": point.name,
            "step": point.step,
            "timestamp": point.timestamp,
            **stored(point.value),
        }
    if not rows:
        return
    _upsert(ledger, connection, tables.metrics, list(rows.values()), ("run_id", "name", "step", "timestamp"))
    newest = list(rows.values()) if alone else _newest(connection, run_id, {key[0] for key in rows})
    wanted = ("run_id", "name", "value", "special")
    latest = [{name: row[name] for name in wanted} for row in newest]
    _upsert(ledger, connection, tables.latest_metrics, latest, ("run_id", "name"))


def _newest(connection: Connection, run_id: str, names: Iterable[str]) -> list[dict[str, Any]]:
    table = tables.metrics
    found = []
    for name in sorted(names):
        statement = select(table).where(table.c.run_id == run_id, table.c.name == name)
        statement = statement.order_by(table.c.step.desc(), table.c.timestamp.desc()).limit(1)
        found.append(dict(connection.execute(statement).mappings().one()))
    return found


def stored(value: float) -> dict[str, Any]:
    """Give the columns of a metric's value: databases differ in what they make of NaN and infinities."""
    if math.isfinite(value):
        return {"value": value, "special": ""}
    return {"value": None, "special": to_wire(value)}


def _upsert(
    ledger: Ledger, connection: Connection, table: Any, rows: Sequence[dict[str, Any]], keys: tuple[str, ...]
) -> None:
    # One statement must not write a row twice; what came last holds.
    rows = list({tuple(row[key] for key in keys): row for row in rows}.values())
    if not rows:
        return
    kind = (ledger.dialect, table.name, *rows[0])
    statement = _statements.get(kind)
    if statement is None:
        insert = ledger.upsert(table)
        others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        update = insert.on_conflict_do_update(index_elements=list(keys), set_=others)
        statement = _statements[kind] = update if others else insert.on_conflict_do_nothing()
    connection.execute(statement, rows)
