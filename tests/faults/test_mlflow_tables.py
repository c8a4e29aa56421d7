"""MLflow's tables are made whole or not at all, and made again when somebody removes them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time

import nbops
from nbops.tracking import courier, launch, mlflow_store
from nbops.tracking.search import get_run

HALF = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from nbops.tracking import mlflow_store
from nbops.workspace import find_workspace
left = [int(sys.argv[2])]
def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", count)
mlflow_store.ensure(find_workspace(sys.argv[1]))
"""


def test_whoever_dies_while_making_them_leaves_nothing_behind(workspace, tmp_path, monkeypatch):
    """The next one makes them; the experiment "Default" keeps its files in the workspace."""
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "cache"))
    died = subprocess.run([sys.executable, "-c", HALF, str(workspace.root), "150"], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL
    path = mlflow_store.local_path(workspace)
    assert not path.exists()
    assert path.with_name("mlflow.db.new").exists()
    mlflow_store.ensure_in_subprocess(workspace)
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name, artifact_location FROM experiments").fetchall()
    assert found == [("Default", f"{workspace.mlflow_artifacts.as_uri()}/0")]
    assert not path.with_name("mlflow.db.new").exists()
    assert mlflow_store.exists(workspace)


def test_removed_while_a_courier_lives(workspace):
    """What comes after goes into a new store, not into the file that is gone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nbops.tracking.courier", "--workspace", str(workspace.root)],
        stderr=(workspace.root / "courier-output").open("ab"),
    )
    try:
        with nbops.track("before", workspace=workspace):
            pass
        _flush(workspace)
        path = mlflow_store.local_path(workspace)
        for name in (path, f"{path}-wal", f"{path}-shm", f"{path}-journal"):
            if os.path.exists(name):
                os.remove(name)
        with nbops.track("after", workspace=workspace):
            pass
        _flush(workspace)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(20)
        # The one that took over.
        pid = (workspace.locks / launch.LOCK).read_text(encoding="utf-8").partition(":")[0]
        if pid and launch.is_running(workspace):
            os.kill(int(pid), signal.SIGKILL)
    with sqlite3.connect(path) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM runs")}
    assert "after" in names


def _flush(workspace):
    time.sleep(0.2)
    assert courier.flush(workspace, 60), (
        courier.status(workspace),
        (workspace.root / "courier-output").read_text()[-2000:],
    )


def test_a_child_that_was_deleted_in_mlflow_does_not_hold_its_parent_back(workspace):
    with nbops.track("parent", workspace=workspace) as parent:
        with nbops.track("child", workspace=workspace) as child:
            pass
        assert courier.flush(workspace, timeout=120), workspace.courier_log.read_text()
        mlflow_store.client(workspace).delete_run(get_run(workspace, child.run_id).mlflow_run_id)
    assert courier.flush(workspace, timeout=120), workspace.courier_log.read_text()
    assert get_run(workspace, parent.run_id).delivery == "delivered"
