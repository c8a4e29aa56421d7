"""The kernel spec under papermill as it is."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import papermill
import pytest

from nbops.cli import main

# Whether the kernel was forked from a warm parent.
FORKED = "import os; print('warm.server' in open(f'/proc/{os.getppid()}/cmdline').read())"


@pytest.fixture
def spec(place, tmp_path, monkeypatch, capsys) -> Path:
    """The kernel spec is installed for this test, and a parent is ready."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    place.environment["JUPYTER_DATA_DIR"] = str(tmp_path / "data")
    monkeypatch.setenv("NBOPS_WARM", "true")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert main(["kernel", "install", "--user", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "nbops-python"
    assert place.ensure() == ""
    monkeypatch.chdir(place.folder)
    return Path(told["folder"])


def test_papermill_as_it_is(spec, place):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in (FORKED, "y = x + 1; print(y)")])
    book.metadata.kernelspec = {"name": "nbops-python", "language": "python", "display_name": "p"}
    book.cells.insert(0, nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}))
    nbformat.write(book, "in.ipynb")
    done = papermill.execute_notebook(
        "in.ipynb", "out.ipynb", parameters={"x": 41}, kernel_name="nbops-python", progress_bar=False
    )
    assert [output["text"] for cell in done.cells for output in cell.get("outputs", [])] == ["True\n", "42\n"]


def test_a_notebook_that_fails_under_papermill(spec, place):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), "in.ipynb")
    with pytest.raises(papermill.PapermillExecutionError) as raised:
        papermill.execute_notebook("in.ipynb", "out.ipynb", kernel_name="nbops-python", progress_bar=False)
    assert raised.value.ename == "ZeroDivisionError"


def test_the_spec_is_removed_again(spec, capsys):
    assert spec.is_dir()
    assert main(["kernel", "remove"]) == 0
    assert not spec.exists()
    assert main(["kernel", "remove"]) == 1
    assert capsys.readouterr().err == "nbops: the kernel 'nbops-python' is not installed.\n"


def test_parents_are_ended(place, runtime, capsys):
    place.modules()
    assert place.ensure() == ""
    assert main(["kernel", "stop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"stopped": 1}
    assert main(["kernel", "stop"]) == 0
    assert capsys.readouterr().out == "0 warm parents ended.\n"
