"""Kernels, their parents and those who asked for them end in every way they can."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbops.pipelines.warm import wire
from nbops.pipelines.warm.asking import connect
from nbops.pipelines.warm.places import Place
from nbops.tracking.process import is_alive, process_identity


def _until(true, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _parents(folder: Path) -> list[int]:
    """Give the warm parents that listen in a folder."""
    found = []
    for path in folder.glob("*.sock"):
        connection = connect(Place(folder, path.stem))
        if connection is not None:
            with connection, contextlib.suppress(OSError):
                wire.tell(connection, {"op": "status"})
                found.append(wire.hear(connection)[0]["pid"])
    return found


@pytest.fixture
def ready(place):
    """A folder whose kernels have a parent that is ready."""
    assert place.ensure() == ""
    return place


def test_an_interrupt_reaches_the_cell_and_nothing_else(ready):
    kernel = ready.kernel()
    assert kernel.how == "forked"
    asked = kernel.client.execute("import time\nwhile True: time.sleep(0.01)")

    async def busy():
        while True:
            message = await kernel.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") == asked and message["msg_type"] == "execute_input":
                return

    kernel.wait(busy())
    time.sleep(0.2)
    kernel.wait(kernel.manager.interrupt_kernel())
    reply = kernel.wait(kernel.client._async_recv_reply(asked, timeout=30))
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.run("print(1 + 1)") == "2\n"


def test_a_kernel_that_is_killed_is_seen_to_be_dead(ready):
    kernel = ready.kernel()
    assert kernel.wait(kernel.manager.is_alive())
    os.kill(kernel.pid, signal.SIGKILL)
    assert _until(lambda: not kernel.wait(kernel.manager.is_alive()))
    assert kernel.manager.provisioner.process.returncode == -signal.SIGKILL
    assert ready.kernel().how == "forked"


def test_the_exit_status_arrives(ready):
    kernel = ready.kernel()
    kernel.client.execute("import os; os._exit(7)")
    process = kernel.manager.provisioner.process
    assert process.wait(30) == 7


def test_nothing_of_the_users_is_lost_when_a_kernel_is_stopped(ready):
    for warm in (True, False):
        kernel = ready.kernel(warm=warm)
        kernel.run("""
import atexit, threading, time
from pathlib import Path
atexit.register(lambda: Path("at-exit").write_text("done"))
threading.Thread(target=lambda: (time.sleep(0.3), Path("thread").write_text("done"))).start()
file = open("open", "w"); file.write("done")
keep = {"other": open("other", "w")}; keep["other"].write("done")
""")
        kernel.stop()
        for name in ("at-exit", "thread", "open", "other"):
            assert (ready.folder / name).read_text() == "done", name
            (ready.folder / name).unlink()


def test_a_busy_kernel_is_stopped_at_once_with_its_children(ready):
    kernel = ready.kernel()
    kernel.run("import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid)")
    child = process_identity(int(kernel.run("print(child.pid)")))
    kernel.client.execute("while True: pass")
    kernel.stop(now=True)
    assert _until(lambda: not is_alive(child))


_RUNNER = """
import asyncio, os, sys, time
from pathlib import Path
from nbops.pipelines.warm import start_kernel
async def main():
    started = await start_kernel("python3", folder=Path(sys.argv[1]), environment=dict(os.environ), warm=True)
    # A copy of this process that lives on has the kernel's socket open as well.
    if not os.fork():
        os.close(1)
        time.sleep(30)
        os._exit(0)
    print(started.how, started.manager.provisioner.pid, flush=True)
    started.client.execute("while True: pass")
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_a_runner_that_is_killed_leaves_no_kernel(ready):
    command = [sys.executable, "-c", _RUNNER, str(ready.folder)]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ready.environment)
    how, pid = runner.stdout.readline().rsplit(" ", 1)
    assert how == "forked"
    kernel = process_identity(int(pid))
    assert is_alive(kernel)
    runner.kill()
    runner.wait()
    assert _until(lambda: not is_alive(kernel))


def test_kernels_outlive_their_parent_and_the_next_gets_a_new_one(place, runtime):
    assert place.ensure() == ""
    kernel = place.kernel()
    assert kernel.how == "forked"
    (parent,) = _parents(runtime)
    os.kill(parent, signal.SIGKILL)
    assert kernel.run("print('alive')") == "alive\n"
    assert _until(lambda: not _parents(runtime))
    second = place.kernel()
    assert second.how == "normal: the warm parent is still starting"
    assert second.run("print('normal')") == "normal\n"
    kernel.stop()
    assert not kernel.manager.has_kernel
    assert place.ensure() == ""
    assert place.kernel().how == "forked"


def test_a_parent_ends_when_nobody_asks(place, runtime):
    (place.folder / "nbops.toml").write_text("courier = false\n[warm]\nmodules = []\nidle = 0.1\n")
    assert place.ensure() == ""
    (parent,) = _parents(runtime)
    identity = process_identity(parent)
    assert _until(lambda: not is_alive(identity))
    assert not list(runtime.glob("*.sock"))
    assert _until(lambda: not list(runtime.glob("k*")))


def test_a_module_that_is_edited_is_imported_anew(place, runtime, code):
    (code / "words.py").write_text("WORD = 'old'\n")
    place.modules("words")
    assert place.ensure() == ""
    kernel = place.kernel()
    assert kernel.how == "forked"
    assert kernel.run("import sys; print('words' in sys.modules); import words; print(words.WORD)") == "False\nold\n"
    (code / "words.py").write_text("WORD = 'brand new'\n")
    kernel = place.kernel()
    assert kernel.how == f"normal: {code / 'words.py'} has changed since the warm parent imported it"
    assert kernel.run("import words; print(words.WORD)") == "brand new\n"
    assert place.ensure() == ""
    kernel = place.kernel()
    assert kernel.how == "forked"
    assert kernel.run("import words; print(words.WORD)") == "brand new\n"


def test_other_modules_mean_another_parent(place, runtime):
    assert place.ensure() == ""
    place.modules("json.tool")
    assert place.ensure(0) == "the warm parent is still starting"
    assert place.ensure() == ""
    assert len(list(runtime.glob("*.sock"))) == 2
