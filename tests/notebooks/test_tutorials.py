"""The tutorials, cell by cell, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_", "PYTEST_"))}


@pytest.mark.parametrize("notebook", sorted((_ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_tutorial_runs(notebook, tmp_path):
    shutil.copy(notebook, tmp_path)
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    command = [sys.executable, "-m", "pytest", "-q", "-c", _ROOT / "pyproject.toml", "--rootdir", ".", "--nbval-lax"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", notebook.name],
        cwd=tmp_path,
        env=_CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    if notebook.stem == "01_quickstart":
        assert (tmp_path / ".nbops" / "reports" / "quickstart.html").is_file()
