"""The ledger on SQLite and PostgreSQL: created once, whole transactions, clear errors."""

import contextlib
import os
import subprocess
import sys
import time

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from nbops.errors import LedgerError, MissingExtraError
from nbops.ledger import open_ledger, schema_version, tables
from nbops.ledger.database import newest_schema_version
from nbops.tracking.outbox import outbox_of
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path, monkeypatch, ledger_uri):
    """A workspace whose ledger is each database in turn."""
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    return find_workspace(tmp_path)


def _run(run_id):
    return {
        "run_id": run_id,
        "name": "brisk-heron",
        "experiment": "e",
        "kind": "cell",
        "status": "FINISHED",
        "origin": "nbops",
        "started_at": 1.0,
        "detail": {},
        "updated_at": 1.0,
    }


def test_a_new_ledger_has_the_tables_of_the_code(place):
    ledger = open_ledger(place)
    assert schema_version(ledger) == newest_schema_version() != ""
    with ledger.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_transaction_is_whole_or_absent(place):
    ledger = open_ledger(place)
    with pytest.raises(RuntimeError, match="in the middle"), ledger.begin() as connection:
        connection.execute(tables.runs.insert().values(**_run("a")))
        ledger.touch(connection)
        raise RuntimeError("in the middle")
    with ledger.connect() as connection:
        assert connection.execute(sqlalchemy.select(tables.runs)).all() == []
    assert ledger.revision() == 0


def test_revision_grows_with_each_visible_change(place):
    ledger = open_ledger(place)
    for expected in (1, 2):
        with ledger.begin() as connection:
            ledger.touch(connection)
        assert ledger.revision() == expected


def test_foreign_keys_are_enforced(place):
    ledger = open_ledger(place)
    with pytest.raises(LedgerError), ledger.begin() as connection:
        connection.execute(tables.params.insert().values(run_id="nobody", name="x", value="1"))


def test_upsert(place):
    ledger = open_ledger(place)
    for name in ("first", "second"):
        with ledger.begin() as connection:
            statement = ledger.upsert(tables.runs).values(**_run("a") | {"name": name})
            connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_={"name": name}))
    with ledger.connect() as connection:
        assert connection.execute(sqlalchemy.select(tables.runs.c.name)).scalars().all() == ["second"]


_OPEN = """
import sys
from nbops.ledger import open_ledger
from nbops.workspace import find_workspace
sys.stdin.readline()
ledger = open_ledger(find_workspace(sys.argv[1]))
with ledger.begin() as connection:
    ledger.touch(connection)
"""


def test_processes_that_start_together_on_a_new_workspace_all_succeed(place):
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(place.root)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for starter in starters:
        starter.stdin.write("go\n")
        starter.stdin.flush()
    for starter in starters:
        _, said = starter.communicate(timeout=120)
        assert (starter.returncode, said) == (0, "")
    assert open_ledger(place).revision() == 4


def test_sqlite_is_in_wal_mode(tmp_path):
    with open_ledger(find_workspace(tmp_path)).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_writer_does_not_stop_a_reader(tmp_path):
    ledger = open_ledger(find_workspace(tmp_path))
    with ledger.begin() as writing:
        ledger.touch(writing)
        started = time.monotonic()
        assert ledger.revision() == 0
        assert time.monotonic() - started < 20, "the reader waited for the writer"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://user@127.0.0.1/x", "cannot live in mysql"),
        ("postgresql://user:hidden@127.0.0.1:1/x", "does not answer"),
        ("sqlite:////proc/nowhere/ledger.db", "does not answer"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line(tmp_path, monkeypatch, uri, said):
    monkeypatch.setenv("NBOPS_LEDGER_URI", uri)
    with pytest.raises((LedgerError, MissingExtraError), match=said) as caught:
        open_ledger(find_workspace(tmp_path))
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_ledger_of_a_newer_nbops_is_left_alone(tmp_path):
    workspace = find_workspace(tmp_path)
    with open_ledger(workspace).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    fresh = subprocess.run(
        [sys.executable, "-c", _OPEN, str(tmp_path)], input="go\n", capture_output=True, text=True, check=False
    )
    assert "written by a newer nbops" in fresh.stderr


def test_a_deleted_ledger_is_made_anew(tmp_path):
    workspace = find_workspace(tmp_path)
    open_ledger(workspace)
    for path in workspace.data.glob("ledger.db*"):
        path.unlink()
    assert open_ledger(workspace).revision() == 0


def test_a_process_keeps_one_idle_connection_to_postgresql(tmp_path, monkeypatch, postgres_url):
    monkeypatch.setenv("NBOPS_LEDGER_URI", postgres_url)
    ledger = open_ledger(find_workspace(tmp_path))
    with contextlib.ExitStack() as held:
        for _ in range(4):
            held.enter_context(ledger.connect())
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    deadline = time.monotonic() + 30
    left = 0
    # The server takes a moment to see that a connection was closed.
    while left != 1 and time.monotonic() < deadline:
        with ledger.connect() as connection:
            left = connection.exec_driver_sql(count).scalar()
    assert left == 1


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="there is no /proc to count open files by")
def test_a_process_that_looks_at_many_workspaces_keeps_few_files_open(tmp_path):
    before, first = len(os.listdir("/proc/self/fd")), None
    for number in range(45):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "nbops.toml").touch()
        workspace = find_workspace(tmp_path / str(number))
        ledger = open_ledger(workspace)
        first = first or ledger
        assert (ledger.revision(), outbox_of(workspace).pending()) == (0, 0)
    assert len(os.listdir("/proc/self/fd")) - before < 230
    # Who has had one for long goes on using it.
    assert first.revision() == 0
    assert outbox_of(find_workspace(tmp_path / "0")).pending() == 0
