"""Notebooks executed as tests, in a copy of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbops.errors import NotFoundError, UsageError
from nbops.pipelines.notebook_tests import CellFailure, run_notebook_tests
from nbops.tracking.search import search_runs


@pytest.fixture
def notebooks(project):
    """Notebooks that pass, fail, track, and write files, and one that is none."""
    project.notebook(
        "good.ipynb", "%load_ext nbops", "%%track tried\nx = 1", "open('data.csv', 'w').write('changed')\nassert x == 1"
    )
    project.notebook("bad.ipynb", "x = 1", "def f():\n    raise ValueError('no way')\nf()", "y = 2")
    (project.folder / "sub").mkdir()
    (project.folder / "sub" / "broken one.ipynb").write_text("{}")
    (project.folder / "data.csv").write_text("as it was")
    (project.folder / "large").mkdir()
    (project.folder / "large" / "rows.bin").write_bytes(b"0" * 1000)
    return project


def test_what_fails_is_named_and_nothing_is_done_to_the_project(notebooks, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(notebooks.folder))
    before = {path: path.read_bytes() for path in notebooks.folder.rglob("*") if path.is_file()}
    found = run_notebook_tests(notebooks.folder, ["*.ipynb", "sub/*.ipynb"], leave_out=["large"])
    assert found.notebooks == ("bad.ipynb", "good.ipynb", "sub/broken one.ipynb")
    # Cells are counted as a person does, from 1 and with those of text; nbval goes on after a failure.
    assert found.failures[0] == CellFailure("bad.ipynb", 3, "ValueError: no way")
    assert str(found.failures[0]) == "bad.ipynb, cell 3: ValueError: no way"
    assert [one.notebook for one in found.failures] == ["bad.ipynb", "sub/broken one.ipynb"]
    assert found.failures[1].cell == 0
    assert found.passed == 5
    after = {
        path: path.read_bytes() for path in notebooks.folder.rglob("*") if path.is_file() and ".nbops" not in path.parts
    }
    assert after == before
    assert not search_runs(notebooks.workspace, limit=5).runs


def test_a_call_that_tests_nothing_is_refused(notebooks):
    with pytest.raises(NotFoundError, match="No notebook in"):
        run_notebook_tests(notebooks.folder, ["tests/*.ipynb"])
    with pytest.raises(UsageError, match="leads out of the project"):
        run_notebook_tests(notebooks.folder, ["../*.ipynb"])
    with pytest.raises(UsageError, match="mode is errors or outputs"):
        run_notebook_tests(Path(notebooks.folder), ["*.ipynb"], mode="all")


def test_the_template_stops_the_pipeline_with_notebook_and_cell(notebooks):
    notebooks.pipeline(
        '[stages.t]\ntemplate = "test_notebooks"\nparameters = { patterns = ["bad.ipynb"], leave_out = ["large"] }\n'
    )
    result = notebooks.run()
    assert result.status == "failed"
    assert "bad.ipynb, cell 3: ValueError: no way" in result.error
