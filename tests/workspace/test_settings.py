"""nbops.toml is overridden by the environment, and every value says where it comes from."""

import pytest

from nbops.errors import SettingsError
from nbops.workspace import find_workspace
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
