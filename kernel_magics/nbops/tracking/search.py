"""Find runs in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.engine import Connection, RowMapping

from nbops.errors import UsageError
from nbops.ledger import open_ledger, tables
from nbops.records import Card, HistoryPoint, MetricPoint, Run, RunPage, RunRow
from nbops.tracking.compare import changes
from nbops.tracking.delivery import deliver
from nbops.tracking.outbox import HISTORY
from nbops.tracking.query import known_metrics, parse, unknown_field, where
from nbops.tracking.whole_runs import load, metrics_of, params_of, resolve, value_of
from nbops.workspace import Workspace

_SORTABLE = ("started_at", "duration", "name", "status", "experiment")
_MOST = 1000


def search_runs(
    workspace: Workspace,
    *,
    query: str = "",
    notebook: str = "",
    experiment: str = "",
    status: str = "",
    kind: str = "",
    parent_id: str | None = None,
    sort: str = "started_at",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
    include_mlflow: bool = True,
) -> RunPage:
    """Give a page of runs; what waits in the outbox is delivered first, so that nothing is missing.

    Parameters
    ----------
    workspace
        Whose runs.
    query
        Words and conditions, see :mod:`nbops.tracking.query`.
    notebook, experiment, status, kind, parent_id
        Only runs that agree; empty (``None`` for ``parent_id``) means all.
    sort
        ``started_at``, ``duration``, ``name``, ``status``, ``experiment`` or a metric; runs without that metric come last.
    descending
        Largest or newest first.
    offset, limit
        The page; ``limit`` is at most 1000.
    include_mlflow
        Whether runs made by plain MLflow are shown.

    Raises
    ------
    UsageError
        The query or the field to sort by makes no sense, or the page is negative.
    LedgerError
        The ledger does not answer.
    """
    if offset < 0 or limit < 1:
        raise UsageError(f"A page starts at 0 or later and has at least 1 run, not {offset} and {limit}.")
    deliver(workspace)
    runs = tables.runs
    equal = {"notebook": notebook, "experiment": experiment, "status": status, "kind": kind}
    with open_ledger(workspace).connect() as connection:
        conditions: list[ColumnElement[bool]] = [runs.c[name] == value for name, value in equal.items() if value]
        if parent_id is not None:
            conditions.append(runs.c.parent_id == parent_id)
        if not include_mlflow:
            conditions.append(runs.c.origin != "mlflow")
        conditions += where(connection, parse(query))
        metrics = known_metrics(connection)
        total = connection.scalar(select(func.count()).select_from(runs).where(*conditions)) or 0
        statement = select(*_row_columns()).where(*conditions)
        if sort not in _SORTABLE and sort not in metrics:
            raise unknown_field(sort, [*_SORTABLE, *metrics])
        find = _by_column if sort in _SORTABLE else _by_metric
        rows = find(connection, statement, sort, descending, offset, min(limit, _MOST))
        experiments = connection.scalars(select(runs.c.experiment).distinct().order_by(runs.c.experiment)).all()
        return RunPage(
            runs=_rows(connection, rows),
            total=total,
            offset=offset,
            limit=min(limit, _MOST),
            metric_names=tuple(metrics),
            experiments=tuple(experiments),
        )


def get_run(workspace: Workspace, run_id: str) -> Run:
    """Give one run, whole.

    Parameters
    ----------
    workspace
        Whose run.
    run_id
        Id, the beginning of an id (at least 4 characters), MLflow's id, a name (its newest run), or ``last``.

    Raises
    ------
    NotFoundError
        There is no such run; the hint names the closest name.
    UsageError
        The beginning of an id fits several runs.
    """
    deliver(workspace)
    with open_ledger(workspace).connect() as connection:
        return load(connection, resolve(connection, run_id))


def metric_series(workspace: Workspace, run_id: str) -> tuple[MetricPoint, ...]:
    """Give all points of all metrics of a run, by name, step and time.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    deliver(workspace)
    table = tables.metrics
    with open_ledger(workspace).connect() as connection:
        found = resolve(connection, run_id)
        statement = select(table).where(table.c.run_id == found)
        rows = connection.execute(statement.order_by(table.c.name, table.c.step, table.c.timestamp))
        return tuple(
            MetricPoint(name=row.name, value=value_of(row), step=row.step, timestamp=row.timestamp) for row in rows
        )


def card_of(workspace: Workspace, run_id: str) -> Card:
    """Rebuild the card of a run from the ledger, for when its kernel is gone.

    Raises
    ------
    NotFoundError
        There is no such run.
    """
    deliver(workspace)
    with open_ledger(workspace).connect() as connection:
        run = load(connection, resolve(connection, run_id))
        earlier = _earlier(connection, run)
        before = load(connection, earlier[0]) if earlier else None
        metrics = metrics_of(connection, earlier)
        runs = tables.runs
        names = {
            row.run_id: row.name
            for row in connection.execute(select(runs.c.run_id, runs.c.name).where(runs.c.run_id.in_(earlier)))
        }
    history = tuple(HistoryPoint(run_id=i, name=names[i], metrics=metrics[i]) for i in reversed(earlier))
    return Card(
        run=run,
        previous=history[-1] if history else None,
        changes=changes(before, run),
        history=history,
        workspace=str(workspace.root),
    )


def _earlier(connection: Connection, run: Run) -> list[str]:
    if not run.cell.key:
        return []
    runs = tables.runs
    statement = select(runs.c.run_id).where(
        runs.c.cell_key == run.cell.key, runs.c.started_at < run.started_at, runs.c.status != "RUNNING"
    )
    return list(connection.scalars(statement.order_by(runs.c.started_at.desc()).limit(HISTORY)))


def _row_columns() -> list[Any]:
    names = (
        "run_id", "name", "experiment", "kind", "status", "origin", "parent_id", "notebook", "cell_id", "execution_count",
        "started_at", "duration", "error_type", "error_message", "delivery", "has_model", "mlflow_run_id",
    )  # fmt: skip
    return [tables.runs.c[name] for name in names]


def _by_column(
    connection: Connection, statement: Select[Any], sort: str, descending: bool, offset: int, limit: int
) -> list[RowMapping]:
    column = tables.runs.c[sort]
    order = ((column.desc() if descending else column.asc()).nulls_last(), *_newest_first())
    return list(connection.execute(statement.order_by(*order).offset(offset).limit(limit)).mappings())


def _by_metric(
    connection: Connection, statement: Select[Any], sort: str, descending: bool, offset: int, limit: int
) -> list[RowMapping]:
    """Give a page in the order of a metric: by its index those that have it, then, if there is room, the others."""
    # Under a name of its own: a condition of the query may ask the same table in a subquery.
    runs, latest = tables.runs, tables.latest_metrics.alias("sorted_by")
    same = (latest.c.run_id == runs.c.run_id) & (latest.c.name == sort)
    having = statement.join(latest, same)
    value = (latest.c.value.desc() if descending else latest.c.value.asc()).nulls_last()
    ordered = having.order_by(value, *_newest_first()).offset(offset).limit(limit)
    rows = list(connection.execute(ordered).mappings())
    if len(rows) < limit:
        count = connection.scalar(select(func.count()).select_from(having.subquery())) or 0
        others = statement.where(~select(1).where(same).exists()).order_by(*_newest_first())
        left = others.offset(max(0, offset - count)).limit(limit - len(rows))
        rows += connection.execute(left).mappings()
    return rows


def _newest_first() -> tuple[Any, ...]:
    return tables.runs.c.started_at.desc(), tables.runs.c.run_id


def _rows(connection: Connection, rows: Sequence[RowMapping]) -> tuple[RunRow, ...]:
    ids = [row["run_id"] for row in rows]
    metrics, params = metrics_of(connection, ids), params_of(connection, ids)
    return tuple(
        RunRow(
            **{name: row[name] for name in row if name not in {"error_type", "error_message"}},
            params=params[row["run_id"]],
            metrics=metrics[row["run_id"]],
            error=": ".join(filter(None, (row["error_type"], row["error_message"]))),
        )
        for row in rows
    )
