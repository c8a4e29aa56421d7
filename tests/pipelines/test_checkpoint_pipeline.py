"""A pipeline goes on inside of the notebook that failed."""

from __future__ import annotations

from pathlib import Path

from nbops.pipelines.executing.execution import read_executed


def _said(result) -> list[str]:
    cells = read_executed(Path(result.stage("a").notebook)).cells
    return [output.get("text", "") for cell in cells for output in cell.get("outputs", [])]


def test_the_failed_cell_is_mended_and_the_rest_is_not_done_again(project):
    """What ran before leaves its mark in a file, once."""
    (project.folder / "in.txt").write_text("one")
    first = "from pathlib import Path\nimport os\nwith open('runs.txt', 'a') as file: print('ran', file=file)\nrows = [Path('in.txt').read_text()]\nprint(rows)"
    project.notebook("a.ipynb", first, "raise ValueError('wrong')", "result = [*rows, more]", outputs=["result"])
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = ["in.txt"]\n')
    failed = project.run()
    assert "cell 3: ValueError: wrong" in failed.error

    project.notebook("a.ipynb", first, "more = 'mended'", "result = [*rows, more]", outputs=["result"])
    done = project.run(resume=True)
    assert done.status == "succeeded", done.error
    assert done.stage("a").outputs == {"result": ["one", "mended"]}
    assert _said(done)[0] == "['one']\n"
    assert (project.folder / "runs.txt").read_text() == "ran\n"

    # With another input the first cell would have read something else.
    project.notebook("a.ipynb", first, "raise ValueError('again')", "result = rows", outputs=["result"])
    assert "again" in project.run().error
    (project.folder / "in.txt").write_text("two")
    project.notebook("a.ipynb", first, "pass", "result = rows", outputs=["result"])
    assert project.run(resume=True).stage("a").outputs == {"result": ["two"]}
    assert (project.folder / "runs.txt").read_text() == "ran\n" * 3
