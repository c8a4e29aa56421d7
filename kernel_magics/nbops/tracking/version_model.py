"""The logged model that stands behind a version in MLflow's registry: the version's own files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from nbops.ledger import Ledger
from nbops.records import ModelRef, Run
from nbops.tracking.mirror import MODEL_TAG, RUN_TAG, Mirror
from nbops.tracking.mlflow_model import write_model, write_version
from nbops.tracking.mlflow_names import model_name
from nbops.tracking.registry_state import DIGEST_TAG
from nbops.tracking.whole_runs import load_run
from nbops.workspace import Workspace
from nbops.workspace.blobs import read


def logged_model(workspace: Workspace, ledger: Ledger, mirror: Mirror, row: dict[str, Any]) -> str:
    """Give MLflow's id of the logged model of a version; made of the version's files where there is none.

    Parameters
    ----------
    workspace
        Whose content store holds the files.
    ledger
        The ledger.
    mirror
        The store.
    row
        The version's row, with ``mlflow_run_id`` and ``experiment`` of its run.

    Raises
    ------
    WorkspaceError
        A file is not in the content store, or not what it was.
    """
    from mlflow.entities import LoggedModelStatus

    client, run_id = mirror.client, row["mlflow_run_id"] or ""
    if run_id and not mirror.has(run_id):
        run_id = ""
    experiment = row["mlflow_experiment_id"] if run_id else mirror.experiment(row["experiment"] or workspace.experiment)
    if run_id and not row["files"]:
        # A version of one pickle is what was logged with its run already.
        logged = client.search_logged_models([experiment], filter_string=f"source_run_id = '{run_id}'")
        for model in logged:
            if model.tags.get(MODEL_TAG) == row["digest"] and model.status == LoggedModelStatus.READY:
                return str(model.model_id)
    known = client.search_logged_models([experiment], filter_string=f"tags.`{DIGEST_TAG}` = '{row['digest']}'")
    found = known[0] if known else None
    if found is None:
        tags = {DIGEST_TAG: row["digest"], RUN_TAG: row["run_id"]}
        found = client.create_logged_model(experiment, model_name(row["model"]), run_id or None, tags=tags)
    if found.status != LoggedModelStatus.READY:
        with tempfile.TemporaryDirectory(prefix="nbops-") as folder:
            _write(Path(folder), workspace, load_run(ledger, row["run_id"]), row, found.model_id, run_id)
            client.log_model_artifacts(found.model_id, folder)
        client.finalize_logged_model(found.model_id, LoggedModelStatus.READY)
    return str(found.model_id)


def _write(folder: Path, workspace: Workspace, run: Run, row: dict[str, Any], model_id: str, run_id: str) -> None:
    ref = _ref(run, row)
    if not row["files"]:
        write_model(folder, ref, read(workspace, row["digest"]), run, model_id, run_id)
        return
    files = {file["path"]: read(workspace, file["digest"]) for file in row["files"]}
    write_version(folder, ref, files, run, model_id, run_id)


def _ref(run: Run, row: dict[str, Any]) -> ModelRef:
    captured = row["detail"].get("captured") or row["digest"]
    for ref in run.models:
        if ref.digest == captured:
            return ref
    raise RuntimeError(f"run {run.run_id[:8]} does not have the model of {row['model']} version {row['version']}")
