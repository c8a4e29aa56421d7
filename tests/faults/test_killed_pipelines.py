"""Kill -9 at any point of a pipeline: it goes on from there, nothing is done twice, nothing stays "running"."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbops.pipelines.running import history
from nbops.pipelines.running.state import States, states_name
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

_KILLS = 100 if os.environ.get("NBOPS_LONG_FAULTS") else 4
_STAGES = ("a", "left", "right", "last")
_FILE = """
name = "p"
[stages.a]
notebook = "a.ipynb"
[stages.left]
notebook = "side.ipynb"
after = ["a"]
parameters = { me = "left" }
[stages.right]
notebook = "side.ipynb"
after = ["a"]
parameters = { me = "right" }
[stages.last]
notebook = "last.ipynb"
after = ["left", "right"]
"""


def _notebook(path: Path, parameters: str, source: str, outputs: list[str]) -> None:
    cells = [
        {
            "cell_type": "code",
            "metadata": {"tags": tags},
            "source": text,
            "outputs": [],
            "execution_count": None,
            "id": key,
        }
        for key, tags, text in (("p", ["parameters"], parameters), ("c", [], source))
    ]
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    metadata = {"kernelspec": spec, "nbops": {"outputs": outputs}}
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    (tmp_path / "pipeline.toml").write_text(_FILE)
    # What a stage gives is new each time it runs, so one that ran twice is seen.
    mark = "import os, json\nmark = os.urandom(8).hex()\n"
    _notebook(tmp_path / "a.ipynb", "round = 0", mark + "seen = [mark, round]", ["seen"])
    _notebook(
        tmp_path / "side.ipynb",
        "seen: str = ''\nme = ''",
        mark + "import nbops\nnbops.output(me, [mark, seen])",
        [],
    )
    _notebook(
        tmp_path / "last.ipynb",
        "left: str = ''\nright: str = ''",
        mark + "whole = [mark, left, right]",
        ["whole"],
    )
    return tmp_path


def _run(folder: Path, turn: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "nbops",
        "pipeline",
        "run",
        "pipeline.toml",
        "--set",
        f"round={turn}",
        "--jobs",
        "2",
    ]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def _kernels(folder: Path) -> list[int]:
    """Find the kernels of stages by what stands in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            told = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if f"NBOPS_WORKSPACE={folder}".encode() in told and b"NBOPS_STAGE_OUTPUTS=" in told:
            found.append(int(entry.name))
    return found


def _given(folder: Path) -> dict[str, object]:
    """What each stage that has succeeded gave."""
    workspace = find_workspace(folder)
    states = States(workspace, states_name(workspace, "p", folder / "pipeline.toml", claim=False))
    kept = {name: states.read(name) for name in _STAGES}
    return {
        name: {key: item.value for key, item in state.outputs.items()}
        for name, state in kept.items()
        if state is not None and state.status == "succeeded"
    }


def _at_rest(folder: Path) -> None:
    workspace = find_workspace(folder)
    for run in history.pipeline_runs(workspace, limit=500):
        assert run.status != "running", run
        assert all(stage.status != "running" for stage in run.stages), run
    assert all(run.status != "RUNNING" for run in search_runs(workspace, limit=500).runs)


def _whole(given: dict[str, object], turn: int) -> None:
    """No result is mixed from two attempts: what came later has what came before it in it."""
    assert set(given) == set(_STAGES)
    assert given["a"]["seen"][1] == turn
    assert given["left"]["left"][1] == given["right"]["right"][1] == given["a"]["seen"]
    assert given["last"]["whole"][1:] == [given["left"]["left"], given["right"]["right"]]


def _done(given: dict[str, object], turn: int) -> dict[str, object]:
    """What has succeeded in this turn: of a stage that comes later only what rests on this turn's results."""
    done: dict[str, object] = {}
    if given.get("a", {}).get("seen", [0, 0])[1] == turn:
        done["a"] = given["a"]
        for name in ("left", "right"):
            if given.get(name, {}).get(name, [0, 0])[1] == given["a"]["seen"]:
                done[name] = given[name]
        whole = given.get("last", {}).get("whole", [])
        if {"left", "right"} <= set(done) and whole[1:] == [given["left"]["left"], given["right"]["right"]]:
            done["last"] = given["last"]
    return done


def test_killed_anywhere_it_goes_on(folder):
    drawn = random.Random(4711)
    turn, killed = 1, 0
    begun = time.monotonic()
    assert _run(folder, turn).wait(300) == 0, (folder / "log").read_text(errors="replace")
    longest = time.monotonic() - begun
    _whole(_given(folder), turn)
    kinds = {"runner": 0, "kernel": 0, "all": 0}
    while killed < _KILLS:
        turn += 1
        before: dict[str, object] = {}
        while True:
            process = _run(folder, turn)
            how = drawn.choice(list(kinds)) if killed < _KILLS else ""
            if how:
                try:
                    process.wait(drawn.uniform(0.05, 1.0) * longest)
                except subprocess.TimeoutExpired:
                    killed += 1
                    kinds[how] += 1
                    targets = _kernels(folder) if how in {"kernel", "all"} else []
                    for pid in [*targets, *([process.pid] if how != "kernel" else [])]:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
            code = process.wait(300)
            _at_rest(folder)
            done = _done(_given(folder), turn)
            # What had succeeded in this turn has not been done again.
            assert {name: done.get(name) for name in before} == before
            before = done
            if code == 0:
                break
        _whole(_given(folder), turn)
    print(f"killed {killed} times: {kinds}")
