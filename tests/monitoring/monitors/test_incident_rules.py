"""Whatever a check does: one open incident, one signal for each that opens, and people hear what is true, not more often than said."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.monitoring.monitors.trouble import Moment, advance
from nbops.records import Check, CheckResult, Monitor
from nbops.workspace import find_workspace

HOUR = 3600.0
REMIND = 6
COUNTER = iter(range(1_000_000))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("rules")
    (root / "nbops.toml").write_text("courier = false\n")
    return find_workspace(root)


states = st.lists(st.sampled_from(["ok", "warning", "alert", "error", "waiting"]), min_size=1, max_size=14)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states, st.integers(1, 3), st.sampled_from([1, 2]))
def test_people_hear_what_is_true(place, sequence, step, recover):
    name = f"m{next(COUNTER)}"
    check = Check(name="drift", kind="drift", options={"recover": recover})
    monitor = Monitor(name=name, source="x", checks=(check,), remind_hours=REMIND)
    ledger = open_ledger(place)
    i, a, s = tables.incidents, tables.incident_alerts, tables.signals
    for number, state in enumerate(sequence):
        at = 1e9 + number * step * HOUR
        result = CheckResult(check="drift", kind="drift", state=state, message=f"{state} {number}")
        with ledger.begin() as connection:
            advance(connection, ledger, place, monitor, Moment(at=at, run=number, version=1), [result])
            rows = connection.execute(select(i).where(i.c.monitor == name).order_by(i.c.id)).all()
            told = [
                (row.detail["at"], row.event.partition(" ")[0])
                for row in connection.execute(select(a).order_by(a.c.id))
                if row.detail["monitor"] == name
            ]
            signals = [row for row in connection.execute(select(s)) if row.detail.get("monitor") == name]
        opened = [row for row in rows if row.closed == ""]
        assert len(opened) <= 1
        # One signal for each incident that opened with an alert, none for those that could not look.
        assert len(signals) == sum(row.detail["trouble"] == "alert" for row in rows)
        heard = told[-1][1] if told else "nothing"
        if not opened:
            assert heard in ("nothing", "recovered") or rows[-1].detail["trouble"] == "error"
        elif heard == "recovered":
            # It flaps: what is heard next comes with the first bad look after it is time to remind.
            assert at - told[-1][0] < REMIND * HOUR or state in ("ok", "warning", "waiting")
        else:
            assert heard in ("opened", "reminder")
            assert at - told[-1][0] < REMIND * HOUR or state in ("ok", "warning", "waiting")
        # Of each incident trouble is told no more often than reminders are.
        trouble = [moment for moment, event in told if event in ("opened", "reminder")]
        kinds = len({row.id for row in rows})
        assert len(trouble) <= kinds + number * step / REMIND
