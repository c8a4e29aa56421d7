"""A build with nothing to do: it is told from the witness of the one before, for as long as nothing has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbops.cli import main
from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.staleness import witness
from nbops.pipelines.staleness.digests import Digests

_PYTHON = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}


@pytest.fixture(scope="module")
def built(new_project):
    """A project that was built, with nothing in it younger than two seconds."""
    project = new_project()
    (project.folder / "words.py").write_text("WORD = 1\n")
    (project.folder / "data").mkdir()
    for number in range(3):
        (project.folder / "data" / f"{number}.csv").write_text(str(number))
    project.notebook("a.ipynb", "import words, json\nx = 1\nopen('made.txt', 'w').write('m')", outputs=["x"])
    project.notebook("b.ipynb", "y = x + 1", parameters="x = 0", outputs=["y"])
    project.pipeline(
        'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = ["data/*.csv"]\noutputs = ["x", "made.txt"]\n'
        '[stages.b]\nnotebook = "b.ipynb"\nafter = ["a"]\n'
    )
    assert project.run().status == "succeeded"
    # By the clock of the file system, in which the files were stamped.
    time.sleep(2.2)
    return project


def _look(project) -> witness.Witness | None:
    return witness.look(str(project.folder), str(project.file))


def test_what_a_build_without_changes_says_is_said_again_at_once(built, capsys, monkeypatch):
    assert _look(built) is None
    assert main(["pipeline", "run", str(built.file)]) == 0
    first = capsys.readouterr()
    assert _look(built) is not None
    assert main(["pipeline", "run", str(built.file)]) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert "a  skipped" in second.out
    assert main(["pipeline", "run", str(built.file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    known = execute_pipeline(built.file).to_dict()
    assert found == known | {"duration": 0.0}
    # As it is called from its folder.
    monkeypatch.chdir(built.folder)
    assert main(["pipeline", "run", "pipeline.toml"]) == 0
    assert capsys.readouterr().out == first.out


def test_such_a_build_loads_next_to_nothing(built):
    execute_pipeline(built.file)
    code = (
        "import sys; before = set(sys.modules); from nbops.cli import main; "
        "assert main(['pipeline', 'run', sys.argv[1]]) == 0; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('nbops')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(built.file)], env=_PYTHON, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1]
    assert not [
        name
        for name in ("json", "re", "typing", "dataclasses", "pathlib", "argparse", "sqlite3")
        if f"'{name}'" in loaded
    ]


def test_everything_that_decides_was_looked_at(built):
    execute_pipeline(built.file)
    lines = Path(witness._path(str(built.folder), str(built.file))).read_text().split("\n\n")[1].split("\n")
    looked = {
        os.path.relpath(path, built.folder): signature for signature, path in (line.split("\t") for line in lines)
    }
    states = [name for name in looked if name.startswith(".nbops/pipelines/p/stages/")]
    assert len(states) == 2
    for name in ("pipeline.toml", "nbops.toml", "a.ipynb", "b.ipynb", "words.py", "data", "data/0.csv", "made.txt"):
        assert looked[name] != witness.ABSENT, name
    for name in ("words", "json.py", "src/words.py"):
        assert looked[name] == witness.ABSENT, name


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "file").write_text("two"),
        lambda folder: (folder / "file").touch(),
        lambda folder: (folder / "file").unlink(),
        lambda folder: (folder / "file").rename(folder / "other"),
        lambda folder: (folder / "absent").write_text(""),
        lambda folder: (folder / "inner" / "new").write_text(""),
    ],
)
def test_a_change_of_anything_that_was_looked_at_is_seen(tmp_path, change):
    (tmp_path / "file").write_text("one")
    (tmp_path / "inner").mkdir()
    digests = Digests()
    for name in ("file", "absent", "inner"):
        digests.stat(tmp_path / name)
    (tmp_path / ".nbops" / "pipelines").mkdir(parents=True)
    told = witness.Witness("p", [("a", "run"), ("b", "")], '{"x": "\\n\\n"}')
    witness.keep(str(tmp_path), "word", digests.looked, told)
    found = witness.look(str(tmp_path), "word")
    assert (found.name, found.stages, found.json) == (told.name, told.stages, told.json)
    time.sleep(0.01)
    change(tmp_path)
    assert witness.look(str(tmp_path), "word") is None


def test_an_edit_that_leaves_size_and_time_is_seen(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    os.utime(file, (1, 1))
    digests = Digests()
    digests.stat(file)
    witness.keep(str(tmp_path), "word", digests.looked, witness.Witness("p", [], ""))
    time.sleep(0.02)
    file.write_text("two")
    os.utime(file, (1, 1))
    assert witness.look(str(tmp_path), "word") is None


@pytest.mark.parametrize("damage", [b"", b"nbops witness 1\n\n\n\n", b"\xff\xfe\n\nx\n\ny\n\n"])
def test_a_witness_that_is_damaged_or_of_other_surroundings_is_none(tmp_path, damage, monkeypatch):
    (tmp_path / "file").write_text("one")
    digests = Digests()
    digests.stat(tmp_path / "file")
    witness.keep(str(tmp_path), "word", digests.looked, witness.Witness("p", [], ""))
    assert witness.look(str(tmp_path), "word") is not None
    assert witness.look(str(tmp_path), "other") is None
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert witness.look(str(tmp_path), "word") is None
    monkeypatch.undo()
    Path(witness._path(str(tmp_path), "word")).write_bytes(damage)
    assert witness.look(str(tmp_path), "word") is None


def test_nothing_is_left_while_something_is_too_young_to_be_known_by_its_times(project):
    project.notebook("a.ipynb", "x = 1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.run()
    (project.folder / "a.ipynb").touch()
    assert project.run().run_id == ""
    assert _look(project) is None


def test_what_was_edited_between_reading_and_looking_leaves_none(project, monkeypatch):
    """The notebook of the pipeline in memory is not the one on disk: nobody may vouch for that one."""
    from nbops.pipelines.staleness import unchanged as room

    project.notebook("a.ipynb", "x = 1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.run()
    time.sleep(2.2)
    loaded = room.load_pipeline

    def edited(*arguments, **options):
        project.notebook("a.ipynb", "x = 2")
        return loaded(*arguments, **options)

    monkeypatch.setattr(room, "load_pipeline", edited)
    assert project.run().run_id == ""
    assert _look(project) is None
