"""The change event: told once per change, quiet otherwise, gone with the server."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nbops.errors import LedgerError
from nbops.tracking.watch import Watch
from nbops.workspace import Workspace, find_workspace
from nbops_lab.live import LedgerProbe, Watched

SCHEMA = "https://nbops.dev/events/change/v1"


async def next_event(socket: Any, seconds: float) -> dict[str, Any] | None:
    """The next change event, or nothing if none comes in time."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                event = json.loads(await socket.read_message())
                if event["schema_id"] == SCHEMA:
                    return dict(event)
    except TimeoutError:
        return None


async def settle(socket: Any) -> None:
    """Let events of what was just done pass; there must be an end to them."""
    for _ in range(20):
        if await next_event(socket, 1.0) is None:
            return
    raise AssertionError("events without end")


async def test_a_run_is_announced_without_asking(
    call: Any, tracked: Any, workspace: Workspace, jp_ws_fetch: Any
) -> None:
    tracked(1)
    socket = await jp_ws_fetch("api/events/subscribe")
    await call("runs", path="01.ipynb")
    await settle(socket)
    tracked(2)
    event = await next_event(socket, 10)
    assert event is not None
    assert event["workspace"] == str(workspace.root)
    await settle(socket)
    tracked(3)
    later = await next_event(socket, 10)
    assert later is not None
    assert later["revision"] > event["revision"]
    socket.close()


async def test_the_first_run_of_a_new_workspace_is_announced(
    call: Any, tracked: Any, workspace: Workspace, jp_ws_fetch: Any
) -> None:
    socket = await jp_ws_fetch("api/events/subscribe")
    await call("runs", path="01.ipynb")
    assert not workspace.data.exists()
    tracked(1)
    assert await next_event(socket, 10) is not None
    socket.close()


async def test_looking_is_no_change(call: Any, tracked: Any, jp_ws_fetch: Any) -> None:
    run = tracked(1)
    socket = await jp_ws_fetch("api/events/subscribe")
    await call("runs")
    await settle(socket)
    for _ in range(3):
        for route in ("runs", "status", "models", f"runs/{run.run_id}"):
            await call(route)
    assert await next_event(socket, 1.5) is None
    socket.close()


async def test_workspaces_nobody_asked_for_are_left_alone(tracked: Any, jp_ws_fetch: Any) -> None:
    socket = await jp_ws_fetch("api/events/subscribe")
    tracked(1)
    assert await next_event(socket, 1.5) is None
    socket.close()


async def test_the_watcher_ends_with_the_server(call: Any, tracked: Any, jp_serverapp: Any) -> None:
    tracked(1)
    await call("runs")
    assert any(task.get_name() == "nbops-watcher" for task in asyncio.all_tasks())
    await jp_serverapp.cleanup_extensions()
    assert not any(task.get_name() == "nbops-watcher" for task in asyncio.all_tasks())


def write(path: Path, *, name: str = "t") -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (x)")
    connection.execute(f"INSERT INTO {name} VALUES (1)")
    connection.commit()
    connection.close()


def test_a_probe_sees_commits_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a b%20?#.db"
    probe = Watch(path)
    assert probe.changed()
    assert not probe.changed()
    write(path)
    assert probe.changed()
    assert not probe.changed()
    reader = sqlite3.connect(path)
    reader.execute("SELECT * FROM t").fetchall()
    reader.close()
    assert not probe.changed()
    write(path)
    assert probe.changed()
    probe.close()


def test_a_probe_survives_removal_and_return(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    write(path)
    probe = Watch(path)
    probe.changed()
    for file in tmp_path.iterdir():
        file.unlink()
    assert probe.changed()
    assert not probe.changed()
    write(path)
    assert probe.changed()
    probe.close()


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be looked at" * 20])
def test_a_probe_is_not_upset_by_rubbish(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    probe = Watch(path)
    probe.changed()
    assert not probe.changed()
    probe.close()


class FarLedger:
    """A ledger on another machine."""

    def __init__(self) -> None:
        self.asked, self.value, self.down = 0, 0, False

    def revision(self) -> int:
        self.asked += 1
        if self.down:
            raise LedgerError("The ledger does not answer.")
        return self.value


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> FarLedger:
    found = FarLedger()
    monkeypatch.setattr("nbops.ledger.open_ledger", lambda _: found)
    return found


def test_a_far_ledger_is_asked_once_a_second(
    far: FarLedger, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("nbops_lab.live.time.monotonic", lambda: clock[0])
    probe = LedgerProbe(workspace)
    assert probe.changed()
    far.value = 1
    assert not probe.changed()
    assert far.asked == 1
    clock[0] += 1.1
    assert probe.changed()
    far.down = True
    clock[0] += 1.1
    assert not probe.changed()
    clock[0] += 1.1
    assert not probe.changed()
    assert far.asked == 3
    far.down, far.value = False, 2
    clock[0] += 10
    assert probe.changed()


def test_a_ledger_in_postgresql_is_watched_by_revision(far: FarLedger, jp_root_dir: Path) -> None:
    (jp_root_dir / "nbops.toml").write_text('ledger_uri = "postgresql://ada@db.example/nbops"\n')
    watched = Watched(find_workspace(jp_root_dir))
    assert [type(probe) for probe in watched.probes] == [Watch, LedgerProbe]
    watched.close()


async def test_a_page_starts_the_courier(call: Any, tracked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []
    monkeypatch.setattr("nbops.tracking.courier.ensure_running", lambda one: started.append(one.root))
    await call("runs")
    assert started == []  # nothing tracked yet
    tracked(1)
    for _ in range(3):
        await call("runs")
    assert len(started) == 1


async def test_a_courier_that_does_not_start_hides_nothing(
    call: Any, tracked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Workspace) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr("nbops.tracking.courier.ensure_running", broken)
    tracked(1)
    assert (await call("runs")).json()["total"] == 1
