"""Runs read whole from the ledger, and found by what people call them."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, UsageError
from nbops.ledger import Ledger, tables
from nbops.records import MetricPoint, Run, from_wire

_PREFIX = re.compile(r"[0-9a-f]{4,64}")


def metrics_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """Give the last value of each metric, by run."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    latest = tables.latest_metrics
    for row in connection.execute(select(latest).where(latest.c.run_id.in_(ids)).order_by(latest.c.name)):
        found[row.run_id][row.name] = value_of(row)
    return found


def params_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give the parameters, by run."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    params = tables.params
    for row in connection.execute(select(params).where(params.c.run_id.in_(ids)).order_by(params.c.name)):
        found[row.run_id][row.name] = row.value
    return found


def value_of(row: Any) -> float:
    """Give the value of a metric, which may be one that JSON has no number for."""
    return float(row.special.replace("Infinity", "inf")) if row.special else float(row.value)


def resolve(connection: Connection, wanted: str) -> str:
    """Give the id of the run that somebody names: by an id or its beginning, MLflow's id, a name, or ``last``.

    Raises
    ------
    NotFoundError
        There is no such run; the hint names the closest name.
    UsageError
        The beginning of an id fits several runs.
    """
    runs = tables.runs
    wanted = wanted.strip()
    newest = select(runs.c.run_id).order_by(runs.c.started_at.desc()).limit(1)
    if wanted == "last":
        found = connection.scalar(newest.where(runs.c.status != "RUNNING"))
        if found is None:
            raise NotFoundError("There is no run yet.", hint="Run a cell that starts with %%track.")
        return str(found)
    exact = (runs.c.run_id == wanted) | (runs.c.mlflow_run_id == wanted) if wanted else runs.c.run_id == ""
    found = connection.scalar(newest.where(exact)) or connection.scalar(newest.where(runs.c.name == wanted))
    if found is None and _PREFIX.fullmatch(wanted):
        alike = connection.scalars(select(runs.c.run_id).where(runs.c.run_id.startswith(wanted)).limit(2)).all()
        if len(alike) > 1:
            raise UsageError(f"Several runs begin with {wanted!r}.", hint="Give more of the id.")
        found = alike[0] if alike else None
    if found is not None:
        return str(found)
    names = connection.scalars(select(runs.c.name).order_by(runs.c.started_at.desc()).limit(500)).all()
    near = difflib.get_close_matches(wanted, names, 1)
    raise NotFoundError(
        f"There is no run {wanted[:80]!r}.", hint=f"Did you mean {near[0]!r}?" if near else "See them with: nbops runs"
    )


def load(connection: Connection, run_id: str) -> Run:
    """Give a run by its whole id."""
    row = connection.execute(select(tables.runs).where(tables.runs.c.run_id == run_id)).mappings().one()
    detail = row["detail"]
    wire: dict[str, Any] = {name: row[name] for name in row if name in Run.__dataclass_fields__}
    wire |= {name: value for name, value in detail.items() if name in Run.__dataclass_fields__}
    wire["cell"] = {
        "notebook": row["notebook"],
        "cell_id": row["cell_id"],
        "execution_count": row["execution_count"],
        "key": row["cell_key"],
        "source": row["cell_source"],
    }
    if not wire.get("error") and row["error_type"]:
        wire["error"] = {"type": row["error_type"], "message": row["error_message"]}
    refs, files, tags = tables.data_refs, tables.artifacts, tables.tags
    data = connection.execute(select(refs).where(refs.c.run_id == run_id).order_by(refs.c.position)).mappings()
    wire["data"] = [dict(ref) for ref in data]
    artifacts = connection.execute(select(files).where(files.c.run_id == run_id).order_by(files.c.path)).mappings()
    wire["artifacts"] = [dict(file) for file in artifacts]
    wire["tags"] = {r.key: r.value for r in connection.execute(select(tags).where(tags.c.run_id == run_id))}
    wire["params"] = params_of(connection, [run_id])[run_id]
    wire["metrics"] = metrics_of(connection, [run_id])[run_id]
    return from_wire(Run, wire)


def load_run(ledger: Ledger, run_id: str) -> Run:
    """Give a run by its whole id, for those who have the ledger open."""
    with ledger.connect() as connection:
        return load(connection, run_id)


def load_series(ledger: Ledger, run_id: str) -> tuple[MetricPoint, ...]:
    """Give all points of a run by its whole id."""
    table = tables.metrics
    statement = select(table).where(table.c.run_id == run_id).order_by(table.c.name, table.c.step, table.c.timestamp)
    with ledger.connect() as connection:
        return tuple(
            MetricPoint(name=row.name, value=value_of(row), step=row.step, timestamp=row.timestamp)
            for row in connection.execute(statement)
        )
