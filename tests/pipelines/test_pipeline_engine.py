"""Pipelines of small real notebooks in real kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbops.errors import PipelineError, StageFailed
from nbops.pipelines.engine import run_pipeline
from nbops.pipelines.models import run_model
from nbops.pipelines.running.history import stage_page
from nbops.tracking.search import get_run, search_runs
from nbops.workspace.locks import file_lock

_PYTHON = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}


def _reasons(result) -> dict[str, str]:
    return {stage.name: f"{stage.status}: {stage.reason}" for stage in result.stages}


def test_the_life_of_a_pipeline(project):
    """Everything a person does to a pipeline, one after the other; each step says why a stage runs."""
    project.notebook(
        "a.ipynb", "x = scale * 2.0\nprint('größe')", "from words import WORD", parameters="scale: float = 1"
    )
    project.notebook(
        "b.ipynb", "from pathlib import Path\nnote = Path('in.txt').read_text() + str(x)", parameters="x = 0"
    )
    (project.folder / "words.py").write_text("WORD = 1\n")
    (project.folder / "in.txt").write_text("one")
    text = (
        'name = "Größen"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["x"]\nparameters = {scale = 4}\n'
        '[stages.b]\nnotebook = "b.ipynb"\nafter = ["a"]\ninputs = ["in.txt"]\noutputs = ["note"]\n'
    )
    project.pipeline(text)

    events = []
    first = project.run(on_event=events.append)
    assert _reasons(first) == {"a": "succeeded: never ran", "b": "succeeded: never ran"}
    assert first.stage("b").outputs == {"note": "one8.0"}
    assert [event.kind for event in events if event.kind != "cell"] == ["stage", "succeeded"] * 2
    assert [(event.cell, event.cells) for event in events if event.kind == "cell" and event.stage == "a"][:2] == [
        (1, 5),
        (2, 5),
    ]
    page = stage_page(project.workspace, first.run_id, "a")
    assert "größe" in page
    assert "http" not in page.replace("http-equiv", "")
    assert json.loads(Path(first.stage("a").notebook).read_text(encoding="utf-8"))["nbformat"] == 4

    second = project.run()
    assert _reasons(second) == {"a": "skipped: unchanged", "b": "skipped: unchanged"}
    # Nothing ran, so there is no run to tell of.
    assert second.run_id == ""
    assert second.stage("b").run_id == first.stage("b").run_id
    assert second.stage("b").outputs == {"note": "one8.0"}

    project.pipeline(text.replace("scale = 4", "scale = 6"))
    assert _reasons(project.run()) == {
        "a": "succeeded: parameter scale changed 4 -> 6",
        "b": "succeeded: x from a changed",
    }

    (project.folder / "in.txt").write_text("two")
    assert _reasons(project.run()) == {"a": "skipped: unchanged", "b": "succeeded: input in.txt changed"}

    (project.folder / "words.py").write_text("WORD = 2\n")
    assert _reasons(project.run()) == {"a": "succeeded: module words.py changed", "b": "skipped: unchanged"}

    project.notebook("a.ipynb", "x = scale * 2.0", "from words import WORD", parameters="scale: float = 1")
    assert _reasons(project.run()) == {"a": "succeeded: notebook cell 3 edited", "b": "skipped: unchanged"}

    assert _reasons(project.run(force=True)) == {"a": "succeeded: forced", "b": "succeeded: forced"}


def test_a_failure_is_told_and_resumed(project):
    project.notebook("good.ipynb", "value = 1")
    project.notebook("bad.ipynb", "before = 1", "raise ValueError(f'no\\nrows in {path}')", parameters="path = 'a'")
    project.notebook("last.ipynb", "1")
    project.pipeline(
        'name = "p"\n[stages.good]\nnotebook = "good.ipynb"\noutputs = ["value"]\n[stages.bad]\nnotebook = "bad.ipynb"\n'
        'after = ["good"]\nparameters = {path = "x"}\n[stages.last]\nnotebook = "last.ipynb"\nafter = ["bad"]\n'
    )
    with pytest.raises(StageFailed) as caught:
        run_pipeline(project.file)
    # The heading is cell 1, the parameters are cell 2; the cell that was injected does not count.
    assert (caught.value.stage, caught.value.cell) == ("bad", 4)
    assert caught.value.error == "ValueError: no rows in x"
    assert "ValueError" in Path(caught.value.notebook).read_text(encoding="utf-8")

    runs = search_runs(project.workspace, limit=100).runs
    assert {run.name: run.status for run in runs} == {"p": "FAILED", "good": "FINISHED", "bad": "FAILED"}
    failed = next(run for run in runs if run.name == "bad")
    assert failed.error == "ValueError: no rows in x"
    assert {ref.path for ref in get_run(project.workspace, failed.run_id).artifacts} == {"bad.ipynb"}

    again = project.run()
    assert again.status == "failed"
    assert _reasons(again) == {"good": "skipped: unchanged", "bad": "failed: failed last time", "last": "pending: "}
    assert "cell 4" in again.error

    project.notebook("bad.ipynb", "before = 1", "after = 2", parameters="path = 'a'")
    mended = project.run()
    assert mended.status == "succeeded"
    assert _reasons(mended)["bad"] == "succeeded: notebook cell 4 edited"


def test_runs_hang_together(project):
    project.notebook(
        "train.ipynb",
        "%load_ext nbops\nfrom sklearn.linear_model import Ridge",
        "%%track fit\nmodel = Ridge(alpha=alpha).fit([[1.0], [2.0], [3.0]], [1, 2, 3])\nscore = float(model.score([[1.0], [2.0]], [1, 2]))",
        "untracked = Ridge().fit([[1.0], [2.0]], [1, 2])",
        parameters="alpha = 1.0",
        outputs=["model", "untracked", "score"],
    )
    project.notebook(
        "use.ipynb",
        "from nbops.pipelines.models import run_model\nfitted = [run_model(one)[0] for one in (model, untracked)]\nsum_ = float(fitted[0].predict([[2.0]])[0])",
        parameters='model = ""\nuntracked = ""',
        outputs=["sum_"],
    )
    project.pipeline(
        'name = "p"\n[stages.train]\nnotebook = "train.ipynb"\n[stages.use]\nnotebook = "use.ipynb"\nafter = ["train"]\n'
    )
    result = project.run()
    assert result.status == "succeeded", result.error
    by_name = {run.name: run for run in search_runs(project.workspace, limit=100).runs}
    assert (by_name["p"].kind, by_name["train"].kind, by_name["fit"].kind) == ("pipeline", "stage", "cell")
    assert by_name["train"].parent_id == by_name["p"].run_id
    assert by_name["fit"].parent_id == by_name["train"].run_id
    fit = get_run(project.workspace, by_name["fit"].run_id)
    assert fit.cell.notebook == (project.folder / "train.ipynb").as_posix()
    assert fit.cell.cell_id == "cell-3"
    assert by_name["train"].metrics["score"] == by_name["fit"].metrics["score"]
    # A model of a tracked cell goes by that cell's run, another one by its stage's.
    outputs = result.stage("train").outputs
    assert outputs["model"] == f"{by_name['fit'].run_id}/model"
    assert outputs["untracked"] == f"{by_name['train'].run_id}/untracked"
    assert run_model(outputs["untracked"], workspace=project.workspace)[2].class_name == "Ridge"


def test_values_of_every_kind_go_by_name(project):
    project.notebook(
        "give.ipynb",
        "import nbops, pandas as pd\nfrom pathlib import Path\nframe = pd.DataFrame({'a': [1, 2]})",
        "Path('note.txt').write_text('hello')\nnote = Path('note.txt')\nnested = {'a': [1, None, 'ä'], 'b': float('nan')}",
        "nbops.output('early', 'published')\nshared = 'from give'",
        outputs=["frame", "note", "nested", "shared"],
    )
    project.notebook("left.ipynb", "item = 'left'", outputs=["item"])
    project.notebook("right.ipynb", "item = ['right', 'more']", outputs=["item"])
    project.notebook(
        "take.ipynb",
        "import math, pandas as pd\nassert pd.read_parquet(frame)['a'].sum() == 3\nassert open(note).read() == 'hello'",
        "assert nested['a'] == [1, None, 'ä'] and math.isnan(nested['b'])",
        "result = [early, shared, own, item]",
        parameters="frame = ''\nnote: str = ''\nnested: dict = {}\nearly = ''\nshared = ''\nown = 'default'\nitem: list = []",
        outputs=["result"],
    )
    project.pipeline(
        'name = "p"\n[stages.give]\nnotebook = "give.ipynb"\n[stages.left]\nnotebook = "left.ipynb"\nafter = ["give"]\n'
        '[stages.right]\nnotebook = "right.ipynb"\nafter = ["give"]\n[stages.take]\nnotebook = "take.ipynb"\n'
        'after = ["left", "right"]\nparameters = {shared = "from the file"}\n'
    )
    result = project.run()
    assert result.status == "succeeded", result.error
    assert result.stage("take").outputs["result"] == [
        "published",
        "from the file",
        "default",
        ["left", "right", "more"],
    ]
    assert _reasons(project.run())["take"] == "skipped: unchanged"

    (project.folder / "note.txt").write_text("changed by hand")
    assert _reasons(project.run())["give"].startswith("skipped: output note is gone or changed; restored: ")
    assert (project.folder / "note.txt").read_text() == "hello"


def test_two_that_give_the_same_name_are_refused(project):
    project.notebook("give.ipynb", "x = which", parameters="which = 0", outputs=["x"])
    project.notebook("take.ipynb", "x", parameters="x = 0")
    project.pipeline(
        'name = "p"\n[stages.one]\nnotebook = "give.ipynb"\nparameters = {which = 1}\n[stages.two]\nnotebook = "give.ipynb"\n'
        'parameters = {which = 2}\n[stages.take]\nnotebook = "take.ipynb"\nafter = ["one", "two"]\n'
    )
    result = project.run()
    assert result.stage("take").status == "failed"
    assert "both 'one' and 'two' give 'x'" in result.error


def test_outputs_that_cannot_be_given_fail_the_stage(project):
    project.notebook("a.ipynb", "x = object()")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["x"]\n')
    assert "the output 'x' holds a object" in project.run().error
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["y"]\n')
    assert "the output 'y' was never assigned" in project.run().error
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["out/y.csv"]\n')
    assert "did not write its output" in project.run().error


def test_a_missing_input_stops_before_a_kernel_starts(project):
    project.notebook("a.ipynb", "1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = ["data/*.csv"]\n')
    with pytest.raises(PipelineError, match=r"pipeline\.toml:4: stage 'a': there is no input data/\*\.csv"):
        project.run()
    assert not search_runs(project.workspace).runs


def test_secrets_do_not_stay(project):
    token = "ghp_" + "a1B2" * 9
    project.notebook("a.ipynb", f"token = '{token}'\nprint(token)\ntoken")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.run()
    files = [path for path in (project.folder / ".nbops").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_an_old_notebook_with_another_kernel_runs(project):
    path = project.notebook("a.ipynb", "x = 1", minor=2)
    path.write_text(path.read_text().replace('"python3"', '"my-own-env"'))
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\nparameters = {y = 2}\noutputs = ["x", "y"]\n')
    assert project.run().stage("a").outputs == {"x": 1, "y": 2}


def test_one_run_at_a_time(project):
    project.notebook("a.ipynb", "1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    workspace = project.workspace
    workspace.ensure()
    with file_lock(workspace.locks / "pipeline-p.lock"), pytest.raises(PipelineError, match="running already"):
        project.run()


def test_the_command_line(project):
    project.notebook("a.ipynb", "x = 1\nif fail: raise KeyError('why')", parameters="fail = True", outputs=["x"])
    text = 'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n'
    project.pipeline(text)
    command = [sys.executable, "-m", "nbops", "pipeline", "run", "pipeline.toml"]
    failed = subprocess.run(
        [*command, "--json"], cwd=project.folder, env=_PYTHON, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    found = json.loads(failed.stdout)
    assert (found["status"], found["stages"][0]["status"]) == ("failed", "failed")
    assert "stage 'a' failed in cell 3: KeyError: 'why'" in failed.stderr
    assert "Traceback" not in failed.stderr

    project.pipeline(text + "parameters = {fail = false}\n")
    good = subprocess.run(
        [*command, "--json"], cwd=project.folder, env=_PYTHON, capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stderr
    (stage,) = json.loads(good.stdout)["stages"]
    assert stage["reason"] == "parameter fail is now false"
    assert stage["outputs"] == {"x": 1}
    assert Path(stage["notebook"]).is_file()

    # Nothing has changed: nothing heavy is imported.
    code = (
        "import sys; from nbops.cli import main; main(['pipeline', 'run', 'pipeline.toml']); "
        "print(sorted({'papermill', 'nbformat', 'nbconvert', 'mlflow', 'pandas', 'sqlalchemy', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, env=_PYTHON, capture_output=True, text=True, check=False
    )
    assert "skipped" in done.stdout, done.stderr
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_closes_the_runs(project):
    project.notebook(
        "a.ipynb",
        "import time, pathlib\npathlib.Path('began').touch()\nif wait: time.sleep(60)",
        parameters="wait = True",
    )
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    command = [sys.executable, "-m", "nbops", "pipeline", "run", "pipeline.toml"]
    running = subprocess.Popen(command, cwd=project.folder, env=_PYTHON, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if (project.folder / "began").exists():
            break
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert {run.status for run in search_runs(project.workspace).runs} == {"KILLED"}
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\nparameters = {wait = false}\n')
    assert project.run().status == "succeeded"


def test_a_kernel_that_dies_fails_its_stage(project):
    project.notebook("a.ipynb", "x = 1", "import os\nos._exit(7)")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    result = project.run()
    assert "failed in cell 3: DeadKernelError" in result.error


def test_the_magic_in_a_real_kernel(project):
    import nbformat
    from nbclient import NotebookClient

    project.notebook("a.ipynb", "x = 1", outputs=["x"])
    project.notebook("b.ipynb", "1 / 0")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n[stages.b]\nnotebook = "b.ipynb"\n')
    cells = ["%load_ext nbops", "%pipeline run pipeline.toml", "%pipeline run", "%pipeline -h"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, allow_errors=True, resources={"metadata": {"path": str(project.folder)}}).execute()
    display, error = book.cells[1].outputs
    assert "succeeded" in display["data"]["text/html"]
    assert "ZeroDivisionError" in display["data"]["text/html"]
    assert "<script" not in display["data"]["text/html"]
    assert (error["ename"], len(error["traceback"])) == ("StageFailed", 1)
    assert "cell 2: ZeroDivisionError" in error["evalue"]
    assert "%pipeline run needs a file" in book.cells[2].outputs[0]["evalue"]
    assert "--force" in book.cells[3].outputs[0]["text"]
