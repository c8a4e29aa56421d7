"""The kernel spec in a real Jupyter server: start, interrupt, restart, debug, death."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbops.cli import main
from nbops.pipelines.warm import ensure_parent
from nbops.pipelines.warm.asking import stop_parents

# Whether the kernel was forked from a warm parent.
FORKED = "import os; print('warm.server' in open(f'/proc/{os.getppid()}/cmdline').read())"


@pytest.fixture
def parent(jp_serverapp, jp_root_dir, monkeypatch) -> Iterator[None]:
    """The kernel spec is installed for this server, and a parent is ready: a server allows its kernels more open files than others."""
    runtime = Path(tempfile.mkdtemp(prefix="nbops-", dir="/tmp"))
    monkeypatch.setenv("NBOPS_RUNTIME", str(runtime))
    monkeypatch.setenv("NBOPS_WARM", "true")
    assert main(["kernel", "install", "--user"]) == 0
    (jp_root_dir / "nbops.toml").write_text("courier = false\n[warm]\nmodules = []\n")
    assert ensure_parent(120, folder=jp_root_dir) == ""
    yield
    stop_parents()
    shutil.rmtree(runtime, ignore_errors=True)


class Notebook:
    """A kernel of a Jupyter server, as a notebook has it."""

    def __init__(self, channels: Any) -> None:
        self.channels = channels

    async def send(self, kind: str, channel: str = "shell", **content: Any) -> str:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": "u", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel}
        await self.channels.write_message(json.dumps(message))
        return header["msg_id"]

    async def run(self, code: str) -> str:
        asked = await self.send("execute_request", code=code, silent=False, store_history=False, stop_on_error=True)
        shown = ""
        while True:
            message = json.loads(await self.channels.read_message())
            if message["parent_header"].get("msg_id") != asked:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                shown += content["text"]
            elif message["msg_type"] == "error":
                shown += content["ename"]
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return shown

    async def connected(self) -> None:
        """Wait until what the kernel says arrives: after a restart whoever listens connects anew, and may miss the first words."""
        asked: set[str] = set()
        while True:
            asked.add(await self.send("kernel_info_request"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while True:
                        message = json.loads(await self.channels.read_message())
                        if message["msg_type"] == "status" and message["parent_header"].get("msg_id") in asked:
                            return

    async def until(self, asked: str, kind: str) -> Any:
        while True:
            message = json.loads(await self.channels.read_message())
            if message["parent_header"].get("msg_id") == asked and message["msg_type"] == kind:
                return message["content"]

    async def debug(self, command: str, **arguments: Any) -> Any:
        asked = await self.send("debug_request", "control", type="request", seq=1, command=command, arguments=arguments)
        return await self.until(asked, "debug_reply")


@pytest.mark.slow
async def test_a_jupyter_server_starts_interrupts_restarts_and_debugs_it(parent, jp_fetch, jp_ws_fetch, jp_root_dir):
    async def call(*path: str, method: str = "POST", **body: Any) -> Any:
        options = {"allow_nonstandard_methods": True} if method == "DELETE" else {"body": json.dumps(body)}
        reply = await jp_fetch("api", "kernels", *path, method=method, **options)
        return json.loads(reply.body) if reply.body else None

    kernel = (await call(name="nbops-python", path="x.ipynb"))["id"]
    notebook = Notebook(await jp_ws_fetch("api", "kernels", kernel, "channels"))
    assert await notebook.run(FORKED) == "True\n"
    assert await notebook.run("import os; print(os.getcwd())") == f"{jp_root_dir}\n"
    first = await notebook.run("print(os.getpid())")
    assert (await notebook.debug("debugInfo"))["body"]["isStarted"] is False
    assert (await notebook.debug("initialize", clientID="t", adapterID="", pathFormat="path"))["success"]
    assert (await notebook.debug("disconnect", restart=False, terminateDebuggee=True))["success"]

    asked = await notebook.send("execute_request", code="print('on')\nwhile True: pass", silent=False)
    await notebook.until(asked, "stream")
    await call(kernel, "interrupt")
    assert (await notebook.until(asked, "error"))["ename"] == "KeyboardInterrupt"

    await call(kernel, "restart")
    await notebook.connected()
    assert await notebook.run(FORKED) == "True\n"
    second = await notebook.run("import os; print(os.getpid())")
    assert second != first
    os.kill(int(second), 9)
    # The server sees that it died, and starts another one.
    while True:
        message = json.loads(await notebook.channels.read_message())
        if message["content"].get("execution_state") == "restarting":
            break
    await notebook.connected()
    third = await notebook.run("import os; print(os.getpid())")
    assert third not in {first, second}
    await call(kernel, method="DELETE")
