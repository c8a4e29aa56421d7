"""The outbox: committed before anything else, shared by threads and processes, one line when it cannot."""

from __future__ import annotations

import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import NbopsError, TrackingError
from nbops.records import ArtifactRef, ErrorInfo, MetricPoint, Run, from_wire
from nbops.tracking.outbox import HISTORY, Outbox
from nbops.workspace import find_workspace
from nbops.workspace.blobs import read


def test_entries_come_back_in_order_and_whole(workspace, make_run):
    box, run = Outbox(workspace), make_run(params={"depth": "3"}, error=ErrorInfo(type="E", message="é"))
    box.start(run)
    box.metric(run.run_id, MetricPoint(name="loss", value=float("inf"), step=2, timestamp=1.5))
    box.finish(run)
    entries = Outbox(workspace).entries()
    assert [entry.kind for entry in entries] == ["start", "metric", "finish"]
    assert from_wire(Run, entries[2].payload) == run
    assert from_wire(MetricPoint, entries[1].payload).value == float("inf")
    assert box.pending() == 3
    box.discard([entries[0].seq])
    assert [entry.kind for entry in box.entries()] == ["metric", "finish"]


def test_files_are_there_when_finish_returns(workspace, make_run):
    data = b"a figure"
    ref = ArtifactRef(path="figures/1.png", digest=hashlib.sha256(data).hexdigest(), size=len(data))
    Outbox(workspace).finish(make_run(artifacts=(ref,)), [(ref, data)])
    assert read(workspace, ref.digest) == data


def test_family_remembers_the_last_runs_of_a_cell(workspace, make_run):
    box = Outbox(workspace)
    assert box.family("cell").previous is None
    for number in range(HISTORY + 5):
        box.finish(make_run(f"run-{number}", metrics={"auc": number / 100}, params={"n": str(number)}, code="secret"))
    box.finish(make_run("other", key="elsewhere"))
    family = box.family("cell")
    assert family.count == HISTORY + 5
    assert len(family.history) == HISTORY
    assert [point.name for point in family.history][-2:] == ["run-23", "run-24"]
    assert family.previous is not None
    assert (family.previous.params, family.previous.metrics, family.previous.code) == ({"n": "24"}, {"auc": 0.24}, "")


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text_can_be_written_and_read(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("text")
    (folder / "nbops.toml").write_text("courier = false\n")
    box = Outbox(find_workspace(folder))
    run = Run(run_id="r", name=text, experiment="e", code=text, params={text: text}, stdout=text)
    box.start(run)
    found = from_wire(Run, box.entries()[0].payload)
    found.code.encode("utf-8")
    assert "\0" not in found.code
    plain = text.encode("utf-8", "replace").decode().replace("\0", "�")
    assert (found.name, found.code, found.params) == (plain, plain, {plain: plain})
    box.close()


def test_threads_share_it(workspace, make_run):
    box, run = Outbox(workspace), make_run(status="RUNNING")

    def write(thread):
        for step in range(25):
            box.metric(run.run_id, MetricPoint(name=f"m{thread}", value=1.0, step=step, timestamp=step))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.pending() == 100


def test_a_fork_has_its_own_connection(workspace, make_run):
    box = Outbox(workspace)
    box.start(make_run("parent"))
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            box.start(make_run("child"))
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    box.start(make_run("parent again"))
    assert [entry.payload["name"] for entry in box.entries()] == ["parent", "child", "parent again"]


_WRITER = """
import sys
from nbops.records import Run
from nbops.tracking.outbox import Outbox
from nbops.workspace import find_workspace
sys.stdin.readline()
box = Outbox(find_workspace(sys.argv[1]))
for number in range(20):
    box.start(Run(run_id=f"{sys.argv[2]}-{number}", name="n", experiment="e"))
"""


def test_processes_that_start_together_on_a_new_workspace_all_succeed(workspace):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(workspace.root), str(number)], stdin=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0] * 4
    assert Outbox(workspace).pending() == 80


def test_it_comes_back_when_the_file_was_deleted(workspace, make_run):
    box = Outbox(workspace)
    box.start(make_run())
    for path in workspace.data.glob("outbox.db*"):
        path.unlink()
    box.start(make_run("after"))
    assert [entry.payload["name"] for entry in box.entries()] == ["after"]


def test_an_outbox_of_the_first_version_is_brought_up_to_date(workspace, make_run):
    box = Outbox(workspace)
    box.start(make_run())
    box.close()
    with sqlite3.connect(workspace.outbox) as connection:
        connection.execute("DROP TABLE aside")
        connection.execute("PRAGMA user_version = 1")
    again = Outbox(workspace)
    assert again.pending() == 1
    assert again.refused() == []


def test_a_newer_outbox_is_left_alone(workspace, make_run):
    box = Outbox(workspace)
    box.start(make_run())
    box.close()
    with sqlite3.connect(workspace.outbox) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(TrackingError, match=r"newer nbops.*Upgrade"):
        Outbox(workspace).start(make_run())


def test_what_is_no_database_is_one_line(workspace, make_run):
    workspace.ensure()
    workspace.outbox.write_bytes(b"this is no database, only some text that is long enough" * 40)
    with pytest.raises(TrackingError, match=r"^The outbox .* does not take this: file is not a database\."):
        Outbox(workspace).start(make_run())


def test_a_full_disk_is_one_line_and_what_was_there_stays(workspace, make_run):
    box = Outbox(workspace)
    box.start(make_run())
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(NbopsError, match=r"(outbox|cannot be written)") as caught:
            box.finish(make_run(code="x" * 1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    box.finish(make_run("later"))
    assert [entry.kind for entry in box.entries()] == ["start", "finish"]


def test_nothing_heavy_is_imported():
    code = (
        "import sys, nbops.tracking.outbox, nbops.tracking.active, nbops.tracking.compare, nbops.tracking.launch, "
        "nbops.tracking.tracker, nbops.tracking.mlflow_context;"
        "print([m for m in ('sqlalchemy', 'mlflow', 'pandas', 'numpy', 'pyarrow', 'alembic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
