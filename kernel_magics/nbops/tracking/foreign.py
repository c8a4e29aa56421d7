"""Runs that others make in the workspace's MLflow store, brought into the ledger and marked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from nbops.ledger import Ledger, tables
from nbops.records import CellRef, MetricPoint, Run
from nbops.tracking.delivery import run_row, write_points, write_texts
from nbops.tracking.mirror import RUN_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

_PAGE = 200


def collect(ledger: Ledger, client: MlflowClient, *, owner: str = "", everything: bool = False) -> int:
    """Bring new and changed foreign runs into the ledger; give how many.

    Runs come newest first and reading stops at the first page that holds nothing new, so a quiet store of any size
    costs one page. Runs that were still RUNNING are looked at again until they end.

    Parameters
    ----------
    ledger
        Where they go.
    client
        The store they come from.
    owner
        Id of the workspace whose store it is; only runs found there are looked for there again.
    everything
        Read all pages: the first time, and after a first time that was cut short.
    """
    experiments = {e.experiment_id: e.name for e in client.search_experiments()}
    changed = 0
    seen: set[str] = set()
    for page in _pages(client, list(experiments)):
        known = _known(ledger, [run.info.run_id for run in page])
        fresh = [run for run in page if _is_new(run, known)]
        for run in fresh:
            changed += _write(ledger, client, run, experiments, owner)
        seen |= {run.info.run_id for run in page}
        if not fresh and not everything:
            break
    for run_id in _running(ledger, owner) - seen:
        found = _found(client, run_id)
        if found is None:
            changed += _end(ledger, run_id)
        elif _is_new(found, _known(ledger, [run_id])):
            changed += _write(ledger, client, found, experiments, owner)
    return changed


def _known(ledger: Ledger, run_ids: list[str]) -> dict[str, str]:
    """Give the state in which runs of others were last read."""
    runs = tables.runs
    mine = select(runs.c.run_id, runs.c.detail).where(runs.c.run_id.in_(run_ids), runs.c.origin == "mlflow")
    with ledger.connect() as connection:
        return {row.run_id: row.detail.get("mlflow_state", "") for row in connection.execute(mine)}


def _running(ledger: Ledger, owner: str) -> set[str]:
    runs = tables.runs
    theirs = (runs.c.origin == "mlflow") & (runs.c.status == "RUNNING") & runs.c.workspace.in_(("", owner))
    with ledger.connect() as connection:
        return set(connection.scalars(select(runs.c.run_id).where(theirs)))


def _found(client: MlflowClient, run_id: str) -> MlflowRun | None:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _end(ledger: Ledger, run_id: str) -> int:
    runs = tables.runs
    with ledger.begin() as connection:
        result = connection.execute(
            runs.update()
            .where(runs.c.run_id == run_id, runs.c.status == "RUNNING")
            .values(
                status="KILLED",
                ended_at=runs.c.started_at,
                error_type="Killed",
                error_message="MLflow no longer has this run.",
                updated_at=time.time(),
            )
        )
        ledger.touch(connection)
    return result.rowcount


def _is_new(run: MlflowRun, known: dict[str, str]) -> bool:
    # One that a courier elsewhere has taken on since is still to be followed where it has been read before.
    if run.data.tags.get("nbops.mirror") == "1" and run.info.run_id not in known:
        return False
    return known.get(run.info.run_id) != _state(run)


def _state(run: MlflowRun) -> str:
    # MLflow keeps no time of the last change.
    values = (sorted(held.items()) for held in (run.data.params, run.data.tags, run.data.metrics))
    parts = (run.info.status, run.info.end_time, run.info.run_name, *values)
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _pages(client: MlflowClient, experiments: list[str]) -> Iterator[list[MlflowRun]]:
    token = None
    while experiments:
        page = client.search_runs(
            experiments, order_by=["attributes.start_time DESC"], max_results=_PAGE, page_token=token
        )
        yield list(page)
        token = page.token
        if not token:
            return


def _write(ledger: Ledger, client: MlflowClient, found: MlflowRun, experiments: dict[str, str], owner: str) -> int:
    parent = found.data.tags.get(RUN_TAG, "")
    if parent and not _delivered(ledger, parent):
        # Made inside a tracked cell that has not been delivered: it may yet be that cell's own run.
        return 0
    run = _run(found, experiments.get(found.info.experiment_id, ""), parent)
    points = _series(client, found)
    row = run_row(run, owner)
    row |= {"delivery": "delivered", "detail": {**row["detail"], "mlflow_state": _state(found)}}
    with ledger.begin() as connection:
        statement = ledger.upsert(tables.runs).values(**row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["run_id"], set_={k: v for k, v in row.items() if k != "run_id"}
            )
        )
        write_texts(ledger, connection, run)
        write_points(ledger, connection, run.run_id, points)
        ledger.touch(connection)
    return 1


def _delivered(ledger: Ledger, run_id: str) -> bool:
    runs = tables.runs
    with ledger.connect() as connection:
        state = connection.scalar(select(runs.c.delivery).where(runs.c.run_id == run_id))
    return state in (None, "delivered")


def _run(found: MlflowRun, experiment: str, parent: str) -> Run:
    info, tags = found.info, found.data.tags
    started = (info.start_time or int(time.time() * 1000)) / 1000
    ended = info.end_time / 1000 if info.end_time else None
    status: Any = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "KILLED"}.get(info.status, "RUNNING")
    return Run(
        run_id=info.run_id,
        name=info.run_name or info.run_id[:8],
        experiment=experiment,
        kind="mlflow",
        status=status,
        origin="mlflow",
        parent_id=parent or tags.get("mlflow.parentRunId", ""),
        author=info.user_id or tags.get("mlflow.user", ""),
        started_at=started,
        ended_at=ended,
        duration=None if ended is None else max(0.0, ended - started),
        cell=CellRef(notebook=tags.get("mlflow.source.name", ""), source="mlflow"),
        params=dict(found.data.params),
        metrics=dict(found.data.metrics),
        tags={k: v for k, v in tags.items() if not k.startswith("mlflow.")},
        mlflow_run_id=info.run_id,
        mlflow_experiment_id=info.experiment_id,
    )


def _series(client: MlflowClient, found: MlflowRun) -> list[MetricPoint]:
    return [
        MetricPoint(name=point.key, value=point.value, step=point.step, timestamp=point.timestamp / 1000)
        for name in found.data.metrics
        for point in client.get_metric_history(found.info.run_id, name)
    ]
