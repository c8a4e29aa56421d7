"""JupyterLab's server looks after the schedules of a workspace once a page has asked for it."""

from __future__ import annotations

import asyncio

import nbformat
import pytest

from nbops.ledger import open_ledger, tables
from nbops.records import Schedule
from nbops.scheduling import add_schedule, schedule_runs

_PATIENCE = 240


class Yesterday:
    """A clock by which schedules were added long before the server began."""

    def now(self) -> float:
        return 1_700_000_000.0

    def wait(self, seconds, stop) -> None:
        raise AssertionError("nobody waits")


@pytest.fixture
def missed(workspace):
    """A schedule that has come due while no server ran."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print('ran')")])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, workspace.root / "a.ipynb")
    (workspace.root / "pipeline.toml").write_text('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    nightly = Schedule(name="nightly", pipeline="pipeline.toml", trigger="cron", cron="@yearly")
    add_schedule(workspace, nightly, clock=Yesterday())


@pytest.mark.slow
async def test_what_was_missed_runs_when_a_page_is_opened(call, workspace, missed):
    assert schedule_runs(workspace) == ()
    assert (await call("status", path="a.ipynb")).code == 200
    for _ in range(_PATIENCE * 2):
        runs = schedule_runs(workspace)
        if runs and runs[0].status not in ("queued", "running"):
            break
        await asyncio.sleep(0.5)
    (run,) = runs
    assert (run.status, run.error) == ("succeeded", "")


async def test_it_leaves_them_alone_where_it_is_told_to(call, workspace, missed, jp_serverapp):
    with (workspace.root / "nbops.toml").open("a") as file:
        file.write("[scheduler]\njupyter = false\n")
    assert (await call("status", path="a.ipynb")).code == 200
    await asyncio.sleep(0.1)
    with open_ledger(workspace).connect() as connection:
        assert connection.execute(tables.leases.select()).all() == []
    assert schedule_runs(workspace) == ()


async def test_a_folder_that_comes_from_somebody_else_runs_nothing_by_being_opened(
    call, workspace, missed, monkeypatch, tmp_path
):
    # What this user has set up himself is noted outside of the folder.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-user"))
    assert (await call("status", path="a.ipynb")).code == 200
    await asyncio.sleep(0.1)
    with open_ledger(workspace).connect() as connection:
        assert connection.execute(tables.leases.select()).all() == []
    assert schedule_runs(workspace) == ()
