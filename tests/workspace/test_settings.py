"""nbops.toml is overridden by the environment, and every value says where it comes from."""

import os

import pytest

from nbops.errors import SettingsError
from nbops.workspace import find_workspace
from nbops.workspace.environment import MLFLOW, OFFERED, environment_of, offer_mlflow, withdraw_mlflow
from nbops.workspace.settings import read_tables


def test_defaults_file_and_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "nbops.toml").write_text('experiment = "churn"\nauthor = "ada"\n')
    monkeypatch.setenv("NBOPS_AUTHOR", "grace")
    monkeypatch.setenv("NBOPS_LEDGER_URI", "postgresql://user@127.0.0.1/ledger")
    found = find_workspace(tmp_path)
    assert (found.experiment, found.settings["experiment"].source) == ("churn", "nbops.toml")
    assert (found.author, found.settings["author"].source) == ("grace", "NBOPS_AUTHOR")
    assert (found.ledger_uri, found.settings["ledger_uri"].source) == (
        "postgresql://user@127.0.0.1/ledger",
        "NBOPS_LEDGER_URI",
    )
    assert found.settings["mlflow_tracking_uri"].source == "default"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    again = find_workspace(tmp_path)
    assert (again.mlflow_uri, again.settings["mlflow_tracking_uri"].source) == (
        "http://127.0.0.1:5000",
        "MLFLOW_TRACKING_URI",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('experimnt = "churn"', "Did you mean 'experiment'"),
        ("experiment = 3", "must be text"),
        ("readonly = 'perhaps'", "true or false"),
        ("experiment = ", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, content, said):
    (tmp_path / "nbops.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=said) as caught:
        find_workspace(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_wrong_variable_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("NBOPS_READONLY", "sometimes")
    with pytest.raises(SettingsError, match="NBOPS_READONLY"):
        find_workspace(tmp_path)


def test_tables_of_other_rooms_are_kept_for_them(tmp_path):
    (tmp_path / "nbops.toml").write_text('experiment = "x"\n[pipelines.weekly]\nfile = "pipeline.toml"\n')
    assert find_workspace(tmp_path).experiment == "x"
    assert read_tables(tmp_path) == {"pipelines": {"weekly": {"file": "pipeline.toml"}}}


def test_relative_addresses_mean_one_place(tmp_path, monkeypatch):
    here, root = tmp_path / "here", tmp_path / "root"
    here.mkdir()
    root.mkdir()
    monkeypatch.chdir(here)
    (root / "nbops.toml").write_text('ledger_uri = "sqlite:///l.db"\nmlflow_artifacts = "files"\n')
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///sub/../m.db?timeout=3")
    found = find_workspace(root)
    assert found.ledger_uri == f"sqlite:///{root}/l.db"
    assert found.mlflow_artifacts == root / "files"
    assert found.mlflow_uri == f"sqlite:///{here}/m.db?timeout=3"
    for given, meant in {
        "mlruns": f"{here}/mlruns",
        "file:mlruns": f"file://{here}/mlruns",
        f"sqlite:///{here}/m.db": f"sqlite:///{here}/m.db",
        "sqlite:///:memory:": "sqlite:///:memory:",
        "databricks": "databricks",
        "file:///x": "file:///x",
        "http://127.0.0.1:5000": "http://127.0.0.1:5000",
    }.items():
        monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
        assert find_workspace(root).mlflow_uri == meant


def test_what_we_told_mlflow_is_no_setting(tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "nbops.toml").write_text("")
    for name in (MLFLOW, OFFERED):
        # Set first, so that what the test leaves there is taken away with it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    offer_mlflow(find_workspace(first).mlflow_uri)
    assert os.environ[MLFLOW] == find_workspace(first).mlflow_uri
    found = find_workspace(second)
    assert (found.mlflow_uri, found.settings["mlflow_tracking_uri"].source) == (
        f"sqlite:///{second}/.nbops/mlflow.db",
        "default",
    )
    (first / "nbops.toml").write_text('mlflow_tracking_uri = "http://127.0.0.1:5000"\n')
    assert find_workspace(first).mlflow_uri == "http://127.0.0.1:5000"
    offer_mlflow(find_workspace(first).mlflow_uri)
    assert os.environ[MLFLOW] == "http://127.0.0.1:5000"
    # What a person sets is theirs from then on.
    monkeypatch.setenv(MLFLOW, "http://127.0.0.1:6000")
    offer_mlflow(find_workspace(second).mlflow_uri)
    assert find_workspace(second).mlflow_uri == "http://127.0.0.1:6000"
    withdraw_mlflow()
    assert os.environ[MLFLOW] == "http://127.0.0.1:6000"
    assert OFFERED not in os.environ


def test_another_process_is_told_what_is_meant_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for ours in ("NBOPS_CACHE", "NBOPS_RUNTIME", "NBOPS_WARM"):
        monkeypatch.delenv(ours, raising=False)
    monkeypatch.setenv("NBOPS_WORKSPACE", "place")
    monkeypatch.setenv("NBOPS_LEDGER_URI", "sqlite:///l.db")
    monkeypatch.delenv(MLFLOW, raising=False)
    offer_mlflow("sqlite:////elsewhere/m.db")
    found = find_workspace()
    told = environment_of(found, {**os.environ, "HOME": "/h"})
    assert told["HOME"] == "/h"
    assert {name: value for name, value in told.items() if name.startswith(("NBOPS_", "MLFLOW_TRACKING"))} == {
        "NBOPS_WORKSPACE": f"{tmp_path}/place",
        "NBOPS_LEDGER_URI": f"sqlite:///{tmp_path}/l.db",
    }
    withdraw_mlflow()
