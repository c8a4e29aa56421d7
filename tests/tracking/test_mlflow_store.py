"""MLflow's tables are made once, whoever comes first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nbops.errors import TrackingError
from nbops.tracking import mlflow_store
from nbops.workspace import find_workspace

_MAKE = """
import sys
from nbops.tracking import mlflow_store
from nbops.workspace import find_workspace
workspace = find_workspace(sys.argv[1])
mlflow_store.ensure(workspace)
print(len(mlflow_store.client(workspace).search_experiments()))
"""


def test_processes_that_start_together_all_succeed(workspace):
    makers = [
        subprocess.Popen([sys.executable, "-c", _MAKE, str(workspace.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [maker.communicate(timeout=240)[0].strip() for maker in makers]
    assert ([maker.returncode for maker in makers], said) == ([0, 0], ["1", "1"])
    assert mlflow_store.exists(workspace)


def test_a_kernel_has_it_made_without_importing_mlflow(workspace):
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
