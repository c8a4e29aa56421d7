"""Results that are kept: what a stage gave is put back when it is made of the same, whole and checked, or it runs."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from nbops.errors import NbopsError, SettingsError
from nbops.pipelines.cache import results
from nbops.pipelines.outputs import Output, file_output
from nbops.pipelines.running.state import StageState
from nbops.pipelines.spec import load_pipeline
from nbops.pipelines.staleness.parts import key_of
from nbops.registry.gc import find_leftovers, remove
from nbops.workspace.blobs import path_of
from nbops.workspace.caching import cache_settings


def _reasons(result) -> dict[str, str]:
    assert result.status == "succeeded", result.error
    return {stage.name: f"{stage.status}: {stage.reason}" for stage in result.stages}


def test_the_life_of_results(project):
    """Back and forth, a deleted file, a deleted folder, a damaged store: what is known is put back, what is not runs."""
    project.notebook(
        "make.ipynb",
        "import pandas as pd\nframe = pd.DataFrame({'a': [scale] * 3})\nopen('made.csv', 'w').write(str(scale))",
        "note = f'times {scale}'",
        parameters="scale = 1",
        outputs=["frame", "note"],
    )
    project.notebook(
        "use.ipynb",
        "import pandas as pd\ntotal = int(pd.read_parquet(frame)['a'].sum())",
        parameters="frame = ''",
        outputs=["total"],
    )
    text = (
        'name = "p"\n[stages.make]\nnotebook = "make.ipynb"\noutputs = ["made.csv"]\nparameters = {scale = 4}\n'
        '[stages.use]\nnotebook = "use.ipynb"\nafter = ["make"]\n'
    )
    made = project.folder / "made.csv"
    project.pipeline(text)
    first = project.run()
    assert _reasons(first) == {"make": "succeeded: never ran", "use": "succeeded: never ran"}
    project.pipeline(text.replace("4", "6"))
    assert project.run().stage("use").outputs == {"total": 18}

    project.pipeline(text)
    back = project.run()
    assert _reasons(back)["make"].startswith("skipped: parameter scale changed 6 -> 4; restored: the result of 2")
    assert _reasons(back)["use"].startswith("skipped: frame from make changed; restored: ")
    assert made.read_text() == "4"
    assert back.stage("use").outputs == {"total": 12}
    assert back.stage("make").run_id == first.stage("make").run_id
    assert back.stage("make").outputs["note"] == "times 4"
    assert Path(back.stage("make").outputs["frame"]).is_relative_to(
        project.folder / ".nbops" / "pipelines" / "p" / back.run_id
    )
    assert json.loads(Path(back.stage("make").notebook).read_text())["nbformat"] == 4
    assert _reasons(project.run()) == {"make": "skipped: unchanged", "use": "skipped: unchanged"}

    # An output that somebody edits or deletes; the edit must not reach what is kept.
    made.write_text("edited")
    assert "made.csv is gone or changed; restored" in _reasons(project.run())["make"]
    assert made.read_text() == "4"
    made.unlink()
    assert "restored" in _reasons(project.run())["make"]
    assert made.read_text() == "4"

    # Nothing is known of the pipeline any more but what is kept of it.
    shutil.rmtree(project.folder / ".nbops" / "pipelines" / "p")
    assert {text.partition("; ")[0] for text in _reasons(project.run()).values()} == {"skipped: never ran"}

    # Forced is forced.
    assert _reasons(project.run(force=True)) == {"make": "succeeded: forced", "use": "succeeded: forced"}

    # The store is damaged or gone: the stage runs, and the reason is told.
    blob = path_of(project.workspace, file_output("made.csv", made).digest)
    blob.write_text("9")
    made.unlink()
    told = _reasons(project.run())["make"]
    assert told.startswith("succeeded: output made.csv is gone or changed; the kept result cannot be used: ")
    assert "has been changed since it was written" in told
    # Running it has mended the store.
    made.unlink()
    assert "restored" in _reasons(project.run())["make"]
    shutil.rmtree(project.folder / ".nbops" / "blobs")
    made.unlink()
    assert "the content store has no" in _reasons(project.run())["make"].lower()


def test_what_a_stage_does_beyond_what_it_gives_is_done_again(project):
    project.notebook("a.ipynb", "count = open('log', 'a').write('x')", parameters="scale = 1")
    text = 'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ncache = false\nparameters = {scale = 4}\n'
    for scale in ("4", "6", "4"):
        project.pipeline(text.replace("4", scale))
        project.run()
    assert (project.folder / "log").read_text() == "xxx"


@pytest.fixture
def kept(project):
    """A stage that was run, as it would be, without a kernel: a value, a table, a file by value, a declared one."""
    project.notebook("a.ipynb", "1", outputs=["x", "table", "note"])
    project.pipeline(
        'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["out/made.csv"]\nparameters = {text = "param.txt"}\n'
    )
    return _Kept(project)


class _Kept:
    def __init__(self, project):
        self.project, self.workspace = project, project.workspace
        self.pipeline = load_pipeline(project.file)
        self.stage = self.pipeline.stages[0]
        self.workspace.ensure()

    def state(self, run="one", **changes) -> StageState:
        place = self.workspace.pipelines / "p" / run / "a"
        (place / "outputs").mkdir(parents=True)
        (place / "a.ipynb").write_text("{}")
        (place / "outputs" / "table.parquet").write_bytes(b"table")
        folder = self.project.folder
        (folder / "out").mkdir(exist_ok=True)
        for name in ("out/made.csv", "note.txt", "param.txt"):
            (folder / name).write_text(name)
        table = file_output("table", place / "outputs" / "table.parquet")
        outputs = [
            Output(name="x", kind="json", value=1, digest="d"),
            Output(name="table", kind="table", value=table.value, digest=table.digest),
            file_output("note", folder / "note.txt"),
        ]
        parts = {"parameters": {"scale": 4}, "inputs": {}}
        facts = {
            "outputs": {item.name: item for item in outputs},
            "files": (
                file_output("out/made.csv", folder / "out/made.csv"),
                file_output("param.txt", folder / "param.txt"),
            ),
        }
        return StageState(
            status="succeeded",
            key=key_of(parts),
            parts=parts,
            run_id="r",
            notebook=str(place / "a.ipynb"),
            **facts | changes,
        )

    def keep(self, state):
        return results.keep(self.workspace, self.pipeline, self.stage, state, at=time.time(), by="ada")

    def restore(self, result, run="two"):
        place = self.workspace.pipelines / "p" / run / "a"
        return results.restore(self.workspace, result, self.pipeline, self.stage, place)


def test_a_manifest_says_what_was_kept_and_everything_is_put_back(kept):
    state = kept.state()
    result = kept.keep(state)
    assert results.find(kept.workspace, state.key) == result
    for item in (*state.files, *(item for item in state.outputs.values() if item.kind != "json")):
        Path(item.value).unlink()
    again = kept.restore(results.find(kept.workspace, state.key))
    assert [item.intact() for item in (*again.outputs.values(), *again.files)] == [True] * 5
    assert {item.name: item.value for item in again.files} == {item.name: item.value for item in state.files}
    assert again.outputs["note"].value == state.outputs["note"].value
    assert again.outputs["table"].value == str(kept.workspace.pipelines / "p/two/a/outputs/table.parquet")
    assert (again.run_id, again.key, again.status) == ("r", state.key, "succeeded")


def test_an_edit_in_place_of_a_file_does_not_reach_what_is_kept(kept):
    state = kept.state()
    kept.keep(state)
    for item in state.files:
        with open(item.value, "r+") as file:
            file.write("OVER")
    again = kept.restore(results.find(kept.workspace, state.key))
    with open(again.files[0].value, "r+") as file:
        file.write("OVER")
    assert kept.restore(results.find(kept.workspace, state.key)).files[0].intact()


@pytest.mark.parametrize("which", ["table", "out/made.csv", "notebook"])
@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_what_is_gone_or_damaged_puts_nothing_back(kept, which, damage):
    state = kept.state()
    result = kept.keep(state)
    digests = {item.name: item.digest for item in (*state.files, *state.outputs.values())} | {
        "notebook": result.notebook
    }
    blob = path_of(kept.workspace, digests[which])
    blob.unlink() if damage == "gone" else blob.write_bytes(b"\0" * blob.stat().st_size)
    for item in state.files:
        Path(item.value).write_text("mine")
    with pytest.raises(NbopsError):
        kept.restore(result)
    assert [Path(item.value).read_text() for item in state.files] == ["mine", "mine"]
    left = [path for path in kept.project.folder.rglob("*") if ".writing-" in path.name or ".restoring" in path.name]
    assert not left
    assert not (kept.workspace.pipelines / "p" / "two" / "a").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: {"outputs": {"x": Output(name="x", kind="withheld", value="", digest="ab12")}}, "secret"),
        (lambda state: {"files": (file_output("f", Path("/etc/hosts")),)}, "outside"),
        (
            lambda state: {"files": (Output(name="f", kind="file", value=state.notebook, digest="0" * 64),)},
            "changed since",
        ),
    ],
)
def test_what_cannot_be_put_back_is_not_kept(kept, change, said):
    state = kept.state()
    with pytest.raises(NbopsError, match=said):
        kept.keep(
            StageState(**{name: getattr(state, name) for name in StageState.__dataclass_fields__} | change(state))
        )
    assert results.find(kept.workspace, state.key) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "no json",
        lambda content: [],
        lambda content: content | {"nbops": 2},
        lambda content: content | {"parts": {"parameters": {"scale": 5}, "inputs": {}}},
        lambda content: {name: value for name, value in content.items() if name != "sizes"},
        lambda content: content | {"sizes": {}},
        lambda content: content | {"outputs": [{"name": 1}]},
        lambda content: content | {"notebook": "../../etc/passwd"},
        lambda content: (
            content | {"outputs": [{"name": "../x", "kind": "json", "value": 1, "digest": "", "model": {}}]}
        ),
        lambda content: content | {"outputs": [{"name": "x", "kind": "other", "value": 1, "digest": "", "model": {}}]},
    ],
)
def test_a_manifest_that_is_none_is_not_used(kept, damage):
    state = kept.state()
    path = results.manifest_path(kept.workspace, kept.keep(state).key)
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    assert results.find(kept.workspace, state.key) is None


def test_gc_leaves_what_results_need_and_takes_those_that_nobody_uses(kept):
    state = kept.state()
    result = kept.keep(state)
    (kept.workspace.blobs / "ab").mkdir(exist_ok=True)
    (kept.workspace.blobs / "ab" / ("ab" * 32)).write_text("of nobody")
    old = time.time() - 40 * 86400
    for path in kept.workspace.blobs.glob("*/*"):
        os.utime(path, (old, old))
    assert {Path(item.path).name for item in find_leftovers(kept.workspace)} == {"ab" * 32}
    assert remove(find_leftovers(kept.workspace)) == 9
    assert kept.restore(result).status == "succeeded"

    os.utime(results.manifest_path(kept.workspace, state.key), (old, old))
    assert not find_leftovers(kept.workspace)
    with (kept.project.folder / "nbops.toml").open("a") as file:
        file.write("[cache]\nkeep_days = 30\n")
    kinds = [item.kind for item in find_leftovers(kept.workspace)]
    assert (kinds.count("result"), kinds.count("blob")) == (1, len(result.sizes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[cache]\nremot = 'x'", "Did you mean 'remote'"),
        ("[cache]\nremote = 3", "must be text"),
        ("[cache]\ntrust_models = 'yes'", "must be true or false"),
        ("[cache]\nkeep_days = true", "must be a number"),
        ("cache = 1", "must be a table"),
    ],
)
def test_settings_that_cannot_be_used_are_told(tmp_path, text, said):
    from nbops.workspace import find_workspace

    (tmp_path / "nbops.toml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        cache_settings(find_workspace(tmp_path))
