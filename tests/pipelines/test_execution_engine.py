"""One notebook in a real kernel: what is kept, what is told, and what ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nbops.errors import PipelineError
from nbops.pipelines.executing.execution import Task, execute, read_executed
from nbops.pipelines.executing.journal import journal_of


def _task(project, source: Path, **options) -> Task:
    target = project.folder / "out" / source.name
    given = {
        "parameters": {}, "variables": (), "folder": project.folder, "target": target, "environment": {}, "on_cell": lambda at: None,
    }  # fmt: skip
    return Task(source=source, **given | options)


def _texts(cell) -> list[str]:
    return [output.get("text") or str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs]


def test_outputs_progress_and_an_early_end(project):
    """One kernel for everything that a good notebook does."""
    source = project.notebook(
        "a.ipynb",
        "import sys, time\nfor i in range(3000): print(i, flush=True)\nprint('err', file=sys.stderr); print('end')",
        "from IPython.display import display, clear_output\nhandle = display('old', display_id=True)\nprint('gone')\nclear_output()\nhandle = display('first', display_id=True)",
        "token = 'staple-battery'\nfor p in ('10', '50', '99'):\n    print(f'\\x1b[32m{p}% {token}\\x1b[0m', end='\\r', flush=True); time.sleep(0.7)",
        "handle.update('second')\nvalue",
        "import os\nprint(os.getcwd(), os.environ['FROM_TASK'], x)",
        "sys.exit()",
        "raise ValueError('not reached')",
        parameters="value = 1",
    )
    told = []
    environment = {"FROM_TASK": "yes", "NBOPS_STAGE_OUTPUTS": str(project.folder)}
    given = {"value": 7, "x": 3}
    done = execute(
        _task(project, source, parameters=given, variables=["x"], environment=environment, on_cell=told.append)
    )
    assert done.failure is None
    assert (done.kernel, done.redactions) == ("normal", 1)
    cells = done.notebook.cells
    first = dict(zip(("out", "err", "rest"), (output.text for output in cells[3].outputs), strict=False))
    assert len(cells[3].outputs) <= 3
    assert "".join(first.values()).replace("err\n", "") == "".join(f"{i}\n" for i in range(3000)) + "end\n"
    assert _texts(cells[4]) == ["'second'"]  # updated by a later cell
    assert _texts(cells[5]) == ["\x1b[32m99% [redacted]\x1b[0m"]
    assert _texts(cells[7]) == [f"{project.folder} yes 3\n"]
    assert [cell.metadata.papermill.status for cell in cells[-3:]] == ["completed", "pending", "completed"]
    assert (project.folder / "x.json").exists()  # what a notebook gives, it gives also when it ends itself
    assert read_executed(project.folder / "out" / "a.ipynb") == done.notebook
    assert not journal_of(project.folder / "out" / "a.ipynb").exists()
    assert done.notebook.metadata.language_info.name == "python"
    numbers = [at.cell for at in told if not at.line]
    assert (numbers[0], told[0].cells, numbers) == (1, 10, sorted(numbers))
    lines = [at for at in told if at.cell == 5 and at.line]
    assert lines[-1].line in {"50% [redacted]", "99% [redacted]"}
    assert 0.5 <= lines[-1].elapsed < 60
    assert not any("\x1b" in at.line or "staple" in at.line for at in told)


def test_a_cell_that_takes_too_long_is_ended_and_shows_where_it_was(project):
    source = project.notebook(
        "a.ipynb", "print('kept')", "import time\nwhile True:\n    time.sleep(0.05)", "print('never')"
    )
    done = execute(_task(project, source, cell_timeout=1.2))
    assert (done.failure.cell, done.failure.type) == (3, "TimeoutError")
    assert done.failure.message == "cell 3 ran longer than 1.2 s"
    assert [output.ename for output in done.notebook.cells[2].outputs] == ["KeyboardInterrupt", "TimeoutError"]
    assert _texts(done.notebook.cells[1]) == ["kept\n"]
    assert done.notebook.cells[3].outputs == []


def test_a_notebook_that_takes_too_long_is_ended_though_it_ignores_interrupts(project):
    source = project.notebook(
        "a.ipynb",
        "import os, signal, time\nprint(os.getpid(), flush=True)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(0.05)",
    )
    done = execute(_task(project, source, timeout=1))
    assert done.failure.message == "the notebook ran longer than 1 s"
    pid = int(_texts(done.notebook.cells[1])[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_kernel_that_is_killed_is_told_with_its_cell(project):
    source = project.notebook("a.ipynb", "print('kept')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = execute(_task(project, source))
    assert (done.failure.cell, done.failure.type) == (3, "DeadKernelError")
    assert "the kernel was killed" in done.failure.message
    assert _texts(done.notebook.cells[1]) == ["kept\n"]


def test_several_side_by_side_and_where_a_loop_runs_already(project):
    source = project.notebook("a.ipynb", "import os, time\ntime.sleep(0.3)\nprint(os.getcwd(), os.environ['NUMBER'])")
    folders = [project.folder / name for name in ("one", "two")]
    found = {}

    def run(number: int, folder: Path) -> None:
        folder.mkdir()
        options = {"folder": folder, "target": folder / "a.ipynb", "environment": {"NUMBER": str(number)}}
        found[number] = execute(_task(project, source, **options))

    before = (os.getcwd(), dict(os.environ))
    threads = [threading.Thread(target=run, args=item) for item in enumerate(folders)]
    for thread in threads:
        thread.start()

    async def within() -> None:
        run(2, project.folder / "three")

    asyncio.run(within())
    for thread in threads:
        thread.join()
    assert before == (os.getcwd(), dict(os.environ))
    for number, name in enumerate(("one", "two", "three")):
        assert _texts(found[number].notebook.cells[1]) == [f"{project.folder / name} {number}\n"]


def test_somebody_stops_it(project):
    source = project.notebook("a.ipynb", "print('kept')", "import time\nprint('in it', flush=True)\ntime.sleep(600)")
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        execute(_task(project, source, stop=stop, on_cell=lambda at: at.line == "in it" and stop.set()))
    cells = read_executed(project.folder / "out" / "a.ipynb").cells
    assert [_texts(cell) for cell in cells[1:]] == [["kept\n"], ["in it\n"]]
    assert cells[2].metadata.papermill.status == "failed"


_RUNNER = """
import sys
from pathlib import Path
from nbops.pipelines.executing.execution import Task, execute
folder = Path(sys.argv[1])
execute(Task(source=folder / "a.ipynb", parameters={}, variables=(), folder=folder, target=folder / "out.ipynb",
             environment={}, on_cell=lambda at: print(at.cell, at.line, flush=True)))
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_of_a_runner_that_is_killed_only_the_running_cell_is_lost(project, sign):
    project.notebook("a.ipynb", "print('one')", "2", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
    runner = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, str(project.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in runner.stdout:
        if line.startswith("3 ") and line.split()[1:]:
            kernel = int(line.split()[1])
            break
    runner.send_signal(sign)
    runner.wait(timeout=60)
    cells = read_executed(project.folder / "out.ipynb").cells
    assert [_texts(cell) for cell in cells[1:3]] == [["one\n"], ["2"]]
    assert [cell.metadata.papermill.status for cell in cells[1:3]] == ["completed", "completed"]
    assert journal_of(project.folder / "out.ipynb").exists() is (sign == signal.SIGKILL)
    for _ in range(300):
        try:
            os.kill(kernel, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the kernel outlives its runner")


def test_what_cannot_be_executed_is_told_in_a_line(project):
    source = project.notebook("a.ipynb", "1")
    with pytest.raises(
        PipelineError, match=r"the kernel 'nowhere' of a.ipynb is not installed here. Installed are: .*python3"
    ):
        execute(_task(project, source, kernel="nowhere"))
    source.write_text(
        source.read_text().replace('"name": "python3", "language": "python"', '"name": "ir", "language": "R"')
    )
    with pytest.raises(PipelineError, match=r"the kernel 'ir' \(R\) of a.ipynb is not installed"):
        execute(_task(project, source))
    source.write_text("{")
    with pytest.raises(PipelineError, match="is no notebook"):
        execute(_task(project, source))
    source = project.notebook("b.ipynb", "1")
    with pytest.raises(PipelineError, match="the kernel 'python3' does not start"):
        execute(_task(project, source, folder=project.folder / "missing"))
    assert read_executed(project.folder / "out" / "b.ipynb").cells[1].source == "1"
