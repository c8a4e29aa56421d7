"""What cells need and leave, which variables are kept, and when a kept state counts; no kernel is needed for that."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import threading
import time
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nbops.pipelines.checkpoints.choosing import Choice, references
from nbops.pipelines.checkpoints.keeping import Subject, checkpoint_limit
from nbops.pipelines.checkpoints.manifest import Manifest, read_manifest, remove, resumable, write_manifest
from nbops.pipelines.checkpoints.problems import CannotKeep
from nbops.pipelines.checkpoints.reading import leaves_of, needs_of
from nbops.pipelines.checkpoints.resuming import StartAgain, resumption
from nbops.pipelines.executing.preparing import prepare


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["y = x + 1", "z = y"], {"x"}),
        (["if a:\n    x = 1", "x"], {"a", "x"}),
        (["for token in tokens:\n    print(token)", "token"], {"tokens", "token", "print"}),
        (["def f():\n    return later\nf()"], {"later"}),
        (["with open(p) as g:\n    t = g.read()", "t"], {"p", "open"}),
        (["try:\n    a = b\nexcept E as e:\n    c", "a"], {"a", "b", "c", "E"}),
        (["[x for x in xs]", "max(id)"], {"xs", "max", "id"}),
        (["x += 1"], {"x"}),
        (["%%track fit\ny = x"], {"x", "track", "fit"}),
        (["%%bash\necho {name}"], {"bash", "echo", "name"}),
        (
            ["!ls {folder}\n%timeit run(table)"],
            {"ls", "folder", "timeit", "run", "table"},
        ),
    ],
)
def test_what_cells_read(sources, names):
    assert needs_of(sources).names == names


@pytest.mark.parametrize("source", ["globals()['x']", "%%sql\nx = 1", "not python at all", "eval('x')"])
def test_in_doubt_a_cell_reads_everything(source):
    assert needs_of([source]).names is None


def test_the_names_of_the_shell():
    assert needs_of(["_.sum()"]).shown
    assert needs_of(["Out[3]", "x"]).shown
    assert needs_of(["In[3]"]).typed
    assert not needs_of(["_private = 1", "x_1"]).shown


def test_what_cells_leave_beside_variables():
    found = leaves_of(
        [
            "import a.b as c, d\nfrom e import f as g\nfrom . import h",
            "def k():\n    import m",
            "d.LIMIT = 1\nx.y.z += 1",
            "(",
        ]
    )
    assert found.modules == ("a.b", "d", "e", "e.f", "m")
    assert found.imports == (("g", "e", "f"),)
    assert found.assigned == ("d.LIMIT", "x.y.z")


def _kept(folder: Path, cells: dict, needed=(), *, secrets=(), limit=1 << 20, patience=60.0, given=None):
    choice = Choice(cells, list(cells), needed, given or {}, secrets, limit, time.monotonic() + patience)
    return choice.keep(folder, ())


def _read(folder: Path, kept) -> dict:
    found: dict = {}
    with (folder / kept.file).open("rb") as file:
        unpickler = pickle.Unpickler(file)
        while (more := unpickler.load()) is not None:
            found |= more
    return found


def test_what_is_one_object_stays_one_and_only_its_owner_can_read_it(tmp_path):
    shared = [1]
    cells = {"a": shared, "b": {"shared": shared}, "array": np.arange(5), "keys": None, "source": {}}
    cells["keys"] = cells["source"].keys()
    kept = _kept(tmp_path / "kept", cells)
    found = _read(tmp_path / "kept", kept)
    assert found["a"] is found["b"]["shared"]
    found["source"]["new"] = 1
    assert list(found["keys"]) == ["new"]
    assert (kept.names, kept.left) == (tuple(cells), ())
    path = tmp_path / "kept" / kept.file
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "kept").iterdir()] == [kept.file]


def _bad() -> dict:
    return {
        "file": open(os.devnull),
        "generator": (number for number in ()),
        "lock": {"inside": [threading.Lock()]},
        "connection": sqlite3.connect(":memory:"),
        "view": memoryview(b"abc"),
        "thread": threading.Thread(),
    }


def test_what_cannot_be_kept_is_left_out_or_named(tmp_path):
    bad = _bad()
    kept = _kept(tmp_path, {"good": 1, **bad}, ["good"])
    assert (kept.names, set(kept.left)) == (("good",), set(bad))
    said = {
        "file": "'file' is a TextIOWrapper",
        "generator": "'generator' is a generator",
        "lock": "'lock' (dict) holds a _thread.lock",
        "connection": "'connection' is a sqlite3.Connection",
        "view": "'view' is a memoryview",
        "thread": "'thread' (threading.Thread) holds a _thread.lock",
    }
    for name, value in bad.items():
        with pytest.raises(CannotKeep) as caught:
            _kept(tmp_path, {"good": 1, name: value}, [name])
        assert said[name] in str(caught.value)
    assert len(list(tmp_path.iterdir())) == 1
    bad["connection"].close()
    bad["file"].close()


def test_a_function_brings_what_it_reads(tmp_path):
    cells: dict = {"__name__": "__main__"}
    exec("factor = 3\ndef inner(x): return x * factor\ndef outer(x): return inner(x)\nconnection = None", cells)
    cells["connection"] = sqlite3.connect(":memory:")
    exec("def query(): return connection", cells)
    names = ["factor", "inner", "outer", "connection", "query"]
    until = time.monotonic() + 60
    kept = Choice(cells, names, ["outer"], {}, (), 1 << 20, until).keep(tmp_path, ())
    assert set(kept.names) == {"outer", "inner", "factor"}
    with pytest.raises(CannotKeep, match="'connection' is a sqlite3.Connection"):
        Choice(cells, names, ["query"], {}, (), 1 << 20, until).keep(tmp_path, ())
    cells["connection"].close()


def test_the_state_has_a_limit_and_takes_no_longer_than_it_may(tmp_path):
    large = {"small": 1, "large": np.zeros(1 << 20)}
    kept = _kept(tmp_path, large, ["small"])
    assert kept.left == ("large",)
    with pytest.raises(CannotKeep, match=r"larger than 1 MB: 'large' 8 MB"):
        _kept(tmp_path, large, ["large"])
    with pytest.raises(CannotKeep, match="takes too long"):
        _kept(tmp_path, large, ["large"], limit=1 << 30, patience=-1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [kept.file]


def test_secrets_are_not_kept(tmp_path):
    token = "ghp_" + "a1B2" * 9
    cells = {"good": 1, "url": "postgres://me:correct-horse@db", "table": {"x": [token]}, "password": "hunter2hunter2"}
    kept = _kept(tmp_path, cells, ["good"], secrets=["correct-horse"])
    assert kept.left == ("url", "table", "password")
    for name in ("url", "table", "password"):
        with pytest.raises(CannotKeep, match=f"'{name}' holds a secret, which is not kept"):
            _kept(tmp_path, cells, [name], secrets=["correct-horse"])
    # Those that come from outside come from there again.
    cells["key"] = "from-outside"
    given = references(cells, list(cells), [], {"password": "hunter2hunter2"}, {"MY_API_KEY": "from-outside"})
    assert given == {"password": ["parameter", "password"], "key": ["environment", "MY_API_KEY"]}
    assert set(_kept(tmp_path, cells, ["password", "key"], given=given).left) == {"url", "table"}


def test_what_was_imported_is_imported_again(tmp_path):
    from random import randint

    module = types.ModuleType("mine")
    cells = {"randint": randint, "other": randint, "module": module}
    given = references(cells, list(cells), [("randint", "random", "randint"), ("module", "json", "loads")], {}, {})
    assert given == {"randint": ["import", "random", "randint"]}
    kept = _kept(tmp_path, {"other": randint})
    assert _read(tmp_path, kept)["other"].__self__ is randint.__self__


def _subject(project, *cells: str, parameters=None, facts=None, kernel="python3", variables=()) -> Subject:
    source = project.notebook("a.ipynb", *cells, parameters="alpha = 1")
    prepared = prepare(source, parameters or {}, variables)
    return Subject(
        prepared=replace(prepared, kernel=replace(prepared.kernel, name=kernel)),
        parameters=parameters or {},
        variables=variables,
        facts=facts or {},
        outputs=None,
        limit=1 << 30,
        secrets=list,
        cleaned=lambda index: {},
    )


def test_a_kept_state_counts_only_while_nothing_before_it_has_changed(project):
    given = {"alpha": 2, "password": "hunter2hunter2"}
    helper = project.folder / "words.py"
    helper.write_text("WORD = 1\n")
    folder = project.folder / "kept"
    folder.mkdir()
    subject = _subject(project, "x = 1", "y = x", "z = y", parameters=given, facts={"input a.csv": "12"})
    done = subject.positions[:4]  # the parameters, the injected ones, two cells
    (folder / "state-1.pickle").write_bytes(b"state")
    import hashlib

    manifest = Manifest(
        file="state-1.pickle",
        sha256=hashlib.sha256(b"state").hexdigest(),
        size=5,
        kernel="python3",
        cells=subject.digests(done),
        number=5,
        parameters=subject.told_parameters(),
        facts=subject.facts,
        executed=[{"outputs": []} for _ in done],
        kept=("x", "y"),
        left=("gone",),
        modules={"words": [str(helper), hashlib.sha256(helper.read_bytes()).hexdigest()]},
    )
    (folder / "state-0.pickle").write_bytes(b"an older one")
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest
    assert not (folder / "state-0.pickle").exists()
    assert "hunter2" not in (folder / "manifest.json").read_text()
    assert (folder / "manifest.json").stat().st_mode & 0o777 == 0o600

    def why(*cells: str, **changes) -> str:
        options = {"parameters": given, "facts": {"input a.csv": "12"}} | changes
        try:
            return f"from cell {resumption(folder, _subject(project, *cells, **options)).number}"
        except StartAgain as error:
            return str(error)

    assert why("x = 1", "y = x", "z = y") == "from cell 5"
    assert why("x = 1  ", "y = x", "edited") == "from cell 5"
    assert why("x = 1", "y = x") == "from cell 4"  # there is none after it
    assert why("x = 2", "y = x", "z = y") == "cell 3 was edited"
    assert why("x = 1", "new", "y = x", "z = y") == "cell 4 was edited"
    assert why("x = 1") == "cells were removed"
    assert why("x = 1", "y = x", "gone") == "'gone' was not kept"
    assert why("x = 1", "y = x", "z = y", variables=["gone"]) == "'gone' was not kept"
    assert why("x = 1", "y = x", "In[1]") == "a cell reads what was typed into earlier ones"
    assert why("x = 1", "y = x", "z = y", parameters=given | {"alpha": 3}) == "parameter alpha changed"
    assert (
        why("x = 1", "y = x", "z = y", parameters=given | {"password": "another-secret"})
        == "parameter password changed"
    )
    assert why("x = 1", "y = x", "z = y", parameters=given | {"beta": 3}) == "parameter beta is new"
    assert why("x = 1", "y = x", "z = y", facts={}) == "input a.csv is gone"
    assert why("x = 1", "y = x", "z = y", kernel="other") == "the kernel is 'other' now and was 'python3'"
    helper.write_text("WORD = 2\n")
    assert why("x = 1", "y = x", "z = y") == "words.py was edited"
    helper.write_text("WORD = 1\n")
    assert resumable(folder) == 5
    (folder / "state-1.pickle").write_bytes(b"other")
    assert why("x = 1", "y = x", "z = y") == "the kept state has been changed since it was written"
    (folder / "state-1.pickle").unlink()
    assert why("x = 1", "y = x", "z = y") == "the kept state is gone"
    (folder / "manifest.json").write_text(json.dumps({"format": 99}))
    assert why("x = 1", "y = x", "z = y") == "no state was kept"
    remove(folder)
    assert not folder.exists()
    assert resumable(folder) == 0


def test_the_limit_is_a_setting(tmp_path, monkeypatch):
    (tmp_path / "nbops.toml").write_text('checkpoint_limit = "3 MB"\n')
    assert checkpoint_limit(tmp_path) == 3_000_000
    monkeypatch.setenv("NBOPS_CHECKPOINT_LIMIT", "much")
    with pytest.raises(Exception, match="checkpoint_limit from NBOPS_CHECKPOINT_LIMIT must be"):
        checkpoint_limit(tmp_path)
