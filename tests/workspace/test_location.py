"""A workspace is found the same way by kernel, server and command line."""

import os
import subprocess
from pathlib import Path

import pytest
import sqlalchemy

from nbops.errors import WorkspaceError
from nbops.workspace import find_workspace
from nbops.workspace.location import sqlite_path, sqlite_url


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("NBOPS_")] + ["MLFLOW_TRACKING_URI"]:
        monkeypatch.delenv(name, raising=False)


def test_nbops_toml_wins_over_a_nearer_git_root(tmp_path):
    inner = tmp_path / "project" / "repository" / "notebooks"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "nbops.toml").touch()
    (tmp_path / "project" / "repository" / ".git").mkdir()
    found = find_workspace(inner / "train.ipynb")
    assert (found.root, found.origin) == (tmp_path / "project", "nbops.toml")


def test_git_root_else_the_folder_itself(tmp_path):
    folder = tmp_path / "repository" / "deep"
    folder.mkdir(parents=True)
    assert find_workspace(folder).root == folder
    assert find_workspace(folder).origin == "folder"
    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere\n")  # a worktree's .git is a file
    assert (find_workspace(folder).root, find_workspace(folder).origin) == (tmp_path / "repository", "git")


def test_every_path_is_absolute_whatever_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    found = find_workspace("a")
    monkeypatch.chdir("/")
    assert found.root == tmp_path / "a"
    for path in (found.data, found.outbox, found.blobs, found.locks, found.reports, found.mlflow_artifacts):
        assert path.is_absolute()
        assert path.is_relative_to(tmp_path / "a" / ".nbops")


def test_finding_writes_nothing_and_ensuring_hides_the_data_from_git(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    found = find_workspace(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".git"]
    found.ensure()
    found.ensure()
    (found.data / "outbox.db").write_bytes(b"x")
    status = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_the_environment_variable_names_the_root(tmp_path, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path / "elsewhere"))
    assert find_workspace("/").root == tmp_path / "elsewhere"
    (tmp_path / "file").touch()
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path / "file"))
    with pytest.raises(WorkspaceError, match="not a folder"):
        find_workspace()


def test_a_folder_that_takes_no_files_is_said_in_one_line(tmp_path):
    (tmp_path / ".nbops").write_text("a file where the folder should be")
    found = find_workspace(tmp_path)
    assert not found.writable
    with pytest.raises(WorkspaceError) as caught:
        found.ensure()
    assert "\n" not in str(caught.value)
    assert "NBOPS_WORKSPACE" in str(caught.value)


def test_names_with_blanks_and_accents_work(tmp_path):
    folder = tmp_path / "Données d'été 100%"
    folder.mkdir()
    found = find_workspace(folder / "modèle.ipynb")
    found.ensure()
    assert found.root == folder
    assert found.experiment == "Données d'été 100%"


def test_a_folder_with_a_dot_in_its_name_is_a_folder(tmp_path):
    (tmp_path / "v1.2").mkdir()
    assert find_workspace(tmp_path / "v1.2").root == Path(tmp_path / "v1.2")


@pytest.mark.parametrize("name", ["a?b", "100%", "100%25 x", "a#b", "ünï cøde"])
def test_addresses_of_folders_with_odd_names(tmp_path, name):
    path = tmp_path / name / "ledger.db"
    path.parent.mkdir()
    assert sqlite_path(sqlite_url(path)) == path
    engine = sqlalchemy.create_engine(sqlite_url(path))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (x INTEGER)"))
    engine.dispose()
    assert path.exists()
    assert sqlite_path("sqlite:////x/l.db?timeout=3") == Path("/x/l.db")
    assert sqlite_path("postgresql://127.0.0.1/x") is None
