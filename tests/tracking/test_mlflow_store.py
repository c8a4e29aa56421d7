"""MLflow's tables are made once, whoever comes first."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys

import pytest

from nbops.errors import TrackingError
from nbops.tracking import mlflow_empty, mlflow_store
from nbops.workspace import find_workspace

_MAKE = """
import sys
from nbops.tracking import mlflow_store
from nbops.workspace import find_workspace
workspace = find_workspace(sys.argv[1])
mlflow_store.ensure(workspace)
print(len(mlflow_store.client(workspace).search_experiments()))
"""


def test_processes_that_start_together_all_succeed(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "cache"))
    makers = [
        subprocess.Popen([sys.executable, "-c", _MAKE, str(workspace.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [maker.communicate(timeout=240)[0].strip() for maker in makers]
    assert ([maker.returncode for maker in makers], said) == ([0, 0], ["1", "1"])
    assert mlflow_store.exists(workspace)


def test_a_kernel_has_it_made_without_importing_mlflow(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "cache"))
    code = (
        "import sys; from nbops.tracking import mlflow_store; from nbops.workspace import find_workspace;"
        "mlflow_store.ensure_in_subprocess(find_workspace(sys.argv[1])); print('mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert mlflow_store.exists(workspace)


def test_a_store_that_cannot_be_made_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/plain/mlflow.db")
    with pytest.raises(TrackingError, match="cannot be made") as caught:
        mlflow_store.ensure_in_subprocess(find_workspace(tmp_path))
    assert "\n" not in str(caught.value)


def _places(workspace):
    with sqlite3.connect(mlflow_store.local_path(workspace)) as connection:
        return connection.execute("SELECT name, artifact_location FROM experiments").fetchall()


def test_a_second_workspace_copies_the_tables_of_the_first(tmp_path, monkeypatch):
    """Without a process; files of "Default" go into its own folder, and MLflow takes it for its own."""
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "cache"))
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = (find_workspace(tmp_path / name) for name in ("first", "second"))
    mlflow_store.ensure(first)
    client = mlflow_store.client(first)
    client.create_run("0", run_name="of the first")
    with monkeypatch.context() as without:
        without.setattr(subprocess, "run", None)
        mlflow_store.ensure_in_subprocess(second)
    assert mlflow_store.exists(second)
    assert _places(second) == [("Default", f"{second.mlflow_artifacts.as_uri()}/0")]
    other = mlflow_store.client(second)
    assert other.search_runs(["0"]) == []
    run = other.create_run("0")
    assert run.info.artifact_uri.startswith(second.mlflow_artifacts.as_uri())


@pytest.mark.parametrize("content", [b"", b"no database", "used"])
def test_a_kept_copy_that_is_not_sound_is_not_used(workspace, tmp_path, monkeypatch, content):
    mlflow_store.ensure(workspace)
    made = mlflow_store.local_path(workspace)
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "cache"))
    mlflow_empty.keep(made)
    (kept,) = (tmp_path / "cache").iterdir()
    assert mlflow_empty.copy_to(tmp_path / "new.db", "file:///anywhere")
    if content == "used":
        mlflow_store.client(workspace).create_run("0")
        kept.write_bytes(made.read_bytes())
    else:
        kept.write_bytes(content)
    assert not mlflow_empty.copy_to(tmp_path / "new.db", "file:///anywhere")
    assert not (tmp_path / "new.db").exists() and not kept.exists()


def test_a_cache_that_cannot_be_written_is_done_without(workspace, tmp_path, monkeypatch):
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("NBOPS_CACHE", str(tmp_path / "plain"))
    mlflow_store.ensure(workspace)
    assert _places(workspace) == [("Default", f"{workspace.mlflow_artifacts.as_uri()}/0")]


def test_a_workspace_that_was_copied_has_its_store(workspace, tmp_path):
    mlflow_store.ensure(workspace)
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(workspace.data, tmp_path / "elsewhere" / ".nbops")
    (tmp_path / "elsewhere" / "nbops.toml").touch()
    copied = find_workspace(tmp_path / "elsewhere")
    assert mlflow_store.exists(copied)
    mlflow_store.local_path(copied).unlink()
    assert not mlflow_store.exists(copied)
