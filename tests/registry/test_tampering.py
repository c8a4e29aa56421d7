"""The audit log against whoever edits the database by hand: everything is found."""

import hashlib
import os
import random
import string

import pytest
import sqlalchemy
from sqlalchemy import Boolean, Double, Integer, select
from sqlalchemy.exc import DBAPIError

from nbops.errors import LedgerError
from nbops.ledger import anchors, open_ledger, tables
from nbops.ledger.audit import audited, head, read_events
from nbops.ledger.chain import find_key
from nbops.ledger.seals import SEALED
from nbops.ledger.verification import verify, verify_connection
from nbops.records import Identity
from nbops.registry import approve, archive, promote, reject, request_promotion, rollback

EDITS = 10_000 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 1_000


@pytest.fixture
def busy(place, people, versions):
    """A ledger in which something of everything has happened."""
    people("ada", '[policy.stages.Production]\napprovals = 1\nroles = ["reviewer"]')
    versions(4)
    versions(2, "price")
    request_promotion("churn", 1, comment="please")
    people("bob")
    approve("churn", 1, comment="fine")
    promote("churn", 1, reason="first")
    approve("churn", 2)
    promote("churn", 2, reason="ölig")
    rollback("churn", reason="complaints")
    promote("churn", 3, "challenger")
    promote("price", 1, "Staging")
    request_promotion("churn", 4)
    reject("churn", 4, reason="too slow")
    archive("churn", 4)
    return place


def _other(value, column, dice):
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, (Integer, Double)):
        return (
            dice.choice([1, -1, 7, 1000])
            if value is None
            else value + dice.choice([1, -1, 0.5 if isinstance(value, float) else 2])
        )
    if value is None or value == "":
        return dice.choice(string.ascii_letters)
    text = str(value)
    place = dice.randrange(len(text))
    letter = dice.choice([c for c in string.ascii_letters + string.digits if c != text[place]])
    return text[:place] + letter + text[place + 1 :]


def _key(table, row):
    return [column == row[column.name] for column in table.primary_key.columns]


def _raw_rows(connection, table):
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    return [dict(row) for row in connection.execute(sqlalchemy.text(f"SELECT {columns} FROM {table.name}")).mappings()]


def _edit(connection, table, dice):
    rows = _raw_rows(connection, table)
    row = dice.choice(rows)
    where = " AND ".join(f'"{c.name}" = :key_{c.name}' for c in table.primary_key.columns)
    keys = {f"key_{c.name}": row[c.name] for c in table.primary_key.columns}
    what = dice.choice(["change", "change", "change", "delete", "insert", "swap"])
    if what == "delete":
        connection.execute(sqlalchemy.text(f"DELETE FROM {table.name} WHERE {where}"), keys)
        return what
    column = dice.choice(list(table.columns))
    if what == "insert":
        first = next(iter(table.primary_key.columns))
        copy = row | {first.name: _other(row[first.name], first, dice)}
        names = ", ".join(f'"{name}"' for name in copy)
        values = ", ".join(f":{name}" for name in copy)
        connection.execute(sqlalchemy.text(f"INSERT INTO {table.name} ({names}) VALUES ({values})"), copy)
        return what
    value = _other(row[column.name], column, dice)
    if what == "swap":
        others = [other[column.name] for other in rows if other[column.name] != row[column.name]]
        value = dice.choice(others) if others else value
    statement = f'UPDATE {table.name} SET "{column.name}" = :value WHERE {where}'
    connection.execute(sqlalchemy.text(statement), {"value": value, **keys})
    return f"{what} {column.name}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("ledger_uri", ["sqlite"], indirect=True)
def test_random_edits_of_log_and_registry_are_all_found(busy):
    key, heads, ledger = find_key(busy), anchors.known(busy), open_ledger(busy)
    dice = random.Random(20261123)
    edited = [tables.audit_events, tables.audit_head, *(t for t in SEALED if t.name in _filled(ledger))]
    weights = [10, 1, *[2] * (len(edited) - 2)]
    done: dict[str, int] = {}
    assert verify(busy).ok
    while sum(done.values()) < EDITS:
        table = dice.choices(edited, weights)[0]
        with ledger.engine.connect() as connection:
            try:
                what = _edit(connection, table, dice)
            except DBAPIError:  # the database itself refuses it: a key that exists, a parent that does not
                connection.rollback()
                continue
            verdict = verify_connection(connection, key, heads)
            assert not verdict.ok, f"{what} of {table.name} was not found"
            connection.rollback()
        done[table.name] = done.get(table.name, 0) + 1
    print(done)
    assert verify(busy).ok


def _filled(ledger):
    with ledger.connect() as connection:
        return {t.name for t in SEALED if connection.execute(select(t).limit(1)).first() is not None}


def test_a_cut_tail_is_found_by_heads_kept_outside(busy):
    ledger, key = open_ledger(busy), find_key(busy)
    last, _ = head(busy)
    events, top = tables.audit_events, tables.audit_head
    for cut in range(1, last):
        with ledger.engine.connect() as connection:
            connection.execute(events.delete().where(events.c.seq > last - cut))
            mac = connection.scalar(select(events.c.mac).where(events.c.seq == last - cut))
            connection.execute(top.update().values(seq=last - cut, mac=mac))
            found = verify_connection(connection, key, anchors.known(busy))
            assert any(problem.kind == "head" for problem in found.problems), cut
            connection.rollback()


def test_a_head_of_a_report_is_enough(busy):
    seq, mac = head(busy)
    (busy.data / anchors.FILE_NAME).unlink()
    assert verify(busy).ok
    assert verify(busy, [(seq, mac)]).anchors == 1
    assert not verify(busy, [(seq + 1, mac)]).ok
    assert not verify(busy, [(seq, "0" * 64)]).ok
    assert anchors.parse(f"{seq}:{mac}") == (seq, mac)
    assert anchors.parse("1:2") is None


def test_rewriting_with_a_hash_that_has_no_key_is_found(busy):
    ledger, events = open_ledger(busy), tables.audit_events
    with ledger.engine.connect() as connection:
        row = connection.execute(select(events).where(events.c.seq == 3)).one()
        before = connection.scalar(select(events.c.mac).where(events.c.seq == 2))
        body = row.body.replace('"actor":"ada"', '"actor":"bob"')
        assert body != row.body
        forged = hashlib.sha256(f"{before}|3|{row.key_id}|{body}".encode()).hexdigest()
        connection.execute(events.update().where(events.c.seq == 3).values(body=body, actor="bob", mac=forged))
        assert not verify_connection(connection, find_key(busy), []).ok
        connection.rollback()


def test_another_key_can_neither_prove_nor_go_on(busy, monkeypatch):
    monkeypatch.setenv("NBOPS_AUDIT_KEY", "a key of somebody else entirely")
    verdict = verify(busy)
    assert not verdict.ok and {p.kind for p in verdict.problems} == {"key"}
    with pytest.raises(LedgerError, match="chained with key"):
        promote("churn", 2, "challenger")


def test_a_lost_key_stops_the_log_instead_of_starting_another(busy):
    (busy.data / "audit.key").unlink()
    assert not verify(busy).ok
    with pytest.raises(LedgerError, match="restore"):
        promote("churn", 2, "challenger")


def test_the_key_is_nobody_elses_business(busy):
    path = busy.data / "audit.key"
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    assert all(text not in str(event) for event in read_events(busy))


def test_rows_older_than_the_log_are_sealed_by_its_first_event(place):
    ledger = open_ledger(place)
    with ledger.begin() as connection:
        connection.execute(tables.models.insert().values(name="old", created_at=1.0))
    with audited(place, Identity(name="ada"), "note"):
        pass
    assert [event.action for event in read_events(place)] == ["begin", "note"]
    assert verify(place).ok
    with ledger.begin() as connection:
        connection.execute(tables.models.update().values(created_at=2.0))
    assert not verify(place).ok


def test_a_change_and_its_event_are_one(place):
    with pytest.raises(RuntimeError), audited(place, Identity(name="ada"), "register", model="m") as change:
        change.connection.execute(tables.models.insert().values(name="m", created_at=1.0))
        change.row(tables.models, ("m",))
        raise RuntimeError("in the middle")
    assert read_events(place) == () and verify(place).rows == 0


def test_an_edit_without_an_event_is_found_even_if_it_is_put_back_into_the_log_of_another_row(busy):
    ledger = open_ledger(busy)
    with ledger.begin() as connection:
        connection.execute(
            tables.model_aliases.update().where(tables.model_aliases.c.alias == "champion").values(version=4)
        )
    verdict = verify(busy)
    assert [p.message for p in verdict.problems] == [
        'model_aliases|["churn","champion"] is not what its last event says'
    ]
