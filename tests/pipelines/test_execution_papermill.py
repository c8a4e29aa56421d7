"""``papermill --engine nbops``: papermill's own notebooks and tests, and what is kept of a run that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from nbops.pipelines.executing.journal import journal_of, read_executed

_NOTEBOOKS = Path(papermill.__file__).parent / "tests" / "notebooks"
_PLUGIN = """
from papermill.engines import papermill_engines
from nbops.pipelines.executing.papermill_engine import NbopsEngine
papermill_engines.register(None, NbopsEngine)
"""
# Notebooks that differ only in what is injected are not executed again; two tests fail with papermill's own engine too or
# count calls of its own writer, which is what is replaced here.
_LEFT_OUT = "not quoted and not backslash and not pathlib and not BrokenNotebook2 and not end2end"


def _texts(cell) -> list[str]:
    return [
        str(output.get("text") or output.get("data", {}).get("text/plain") or output.get("ename"))
        for output in cell.get("outputs", [])
    ]


def test_papermills_own_tests_pass_with_this_engine_as_the_default(tmp_path):
    (tmp_path / "default_engine.py").write_text(_PLUGIN)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "default_engine", "-p", "no:cacheprovider", "-k", _LEFT_OUT]
        + [
            "--pyargs",
            "papermill.tests.test_execute",
            "papermill.tests.test_autosave",
            "papermill.tests.test_clientwrap",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_notebook_that_raises_is_told_and_marked_as_papermill_does(tmp_path):
    found = {}
    for engine in (None, "nbops"):
        target = tmp_path / f"{engine}.ipynb"
        with pytest.raises(PapermillExecutionError) as caught:
            papermill.execute_notebook(
                _NOTEBOOKS / "broken2.ipynb", target, engine_name=engine, kernel_name="python3", progress_bar=False
            )
        book = nbformat.read(target, as_version=4)
        cells = [(cell.cell_type, cell.source, cell.get("execution_count"), _texts(cell)) for cell in book.cells]
        statuses = [cell.metadata.get("papermill", {}).get("status") for cell in book.cells]
        found[engine] = (cells, statuses, caught.value.cell_index, caught.value.ename, caught.value.evalue)
    assert found["nbops"] == found[None]
    assert not list(tmp_path.glob("*.journal"))


def _book(path: Path, *sources: str, parameters: str = "") -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    if parameters:
        cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def test_options_and_secrets(tmp_path):
    source = _book(
        tmp_path / "in.ipynb",
        "print(password)",
        "import sys\nprint('err', file=sys.stderr)",
        parameters="password = ''",
    )
    (tmp_path / "real").mkdir()
    (tmp_path / "out.ipynb").symlink_to(tmp_path / "real" / "out.ipynb")
    with (tmp_path / "stdout").open("w") as printed:
        given = papermill.execute_notebook(
            source,
            tmp_path / "out.ipynb",
            {"password": "hunter2hunter2"},
            engine_name="nbops",
            progress_bar=False,
            stdout_file=printed,
            cwd=tmp_path / "real",
        )
    assert (tmp_path / "out.ipynb").is_symlink()
    book = nbformat.read(tmp_path / "real" / "out.ipynb", as_version=4)
    assert _texts(book.cells[2]) == ["[redacted]\n"]
    assert given.metadata.papermill.parameters == {"password": "[redacted]"}
    assert "hunter2" not in (tmp_path / "out.ipynb").read_text()
    assert (tmp_path / "stdout").read_text() == "hunter2hunter2\n"  # it was asked for, and by whoever gave it
    with pytest.raises(FileNotFoundError, match="output folder .* doesn't exist"):
        papermill.execute_notebook(source, tmp_path / "missing" / "out.ipynb", engine_name="nbops", progress_bar=False)
    plain = papermill.execute_notebook(
        source, None, {"password": "hunter2hunter2"}, engine_name="nbops", progress_bar=False, redact=False
    )
    assert _texts(plain.cells[2]) == ["hunter2hunter2\n"]


def test_of_papermill_that_is_killed_only_the_running_cell_is_lost(tmp_path):
    source = _book(
        tmp_path / "in.ipynb", "print('one')", "2", "import time\nprint('in it', flush=True)\ntime.sleep(600)"
    )
    target = tmp_path / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(source),
        str(target),
        "--engine",
        "nbops",
        "--autosave-cell-every",
        "1",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            lines = journal_of(target).read_bytes().count(b"\n") if journal_of(target).exists() else 0
            if lines >= 3:
                break
            time.sleep(0.1)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=60)
    assert [_texts(cell) for cell in read_executed(target).cells[:2]] == [["one\n"], ["2"]]
