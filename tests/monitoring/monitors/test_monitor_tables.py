"""A hundred monitors in one table: in a fixed number of queries, sorted by trouble, drawn and escaped."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from nbops.ledger import open_ledger, tables
from nbops.monitoring.monitors import summaries
from nbops.monitoring.monitors.building import build
from nbops.monitoring.monitors.rows import values_of
from nbops.monitoring.monitors.window import read_window
from nbops.records import CheckSeries, Monitor, MonitorRun, MonitorSummary
from nbops.records.monitoring import Incident
from nbops.views.monitors import monitor_html, monitors_html, monitors_text
from nbops.workspace.ownership import workspace_id

STATES = ("ok", "warning", "alert", "error", "waiting")


@pytest.fixture
def hundred(workspace):
    """A hundred monitors with thirty looks each, written as looks are."""
    ledger, own = open_ledger(workspace), workspace_id(workspace)
    with ledger.begin() as connection:
        for number in range(100):
            facts = {"source": "data.csv", "reference": "reference.csv", "checks": ["drift", "volume rows>=1"]}
            monitor = build(f"m{number:03}", facts)
            connection.execute(tables.monitors.insert().values(**values_of(monitor), workspace=own))
            runs = [
                {
                    "workspace": own,
                    "monitor": monitor.name,
                    "occasion": str(at),
                    "at": float(at),
                    "state": "ok",
                    "detail": {},
                }
                for at in range(40)
            ]
            runs[-1]["state"] = STATES[number % 5]
            connection.execute(tables.monitor_runs.insert(), runs)
        r = tables.monitor_runs
        results = [
            {"run": run, "check": check, "kind": kind, "state": "ok", "value": at, "limit": None, "detail": {}}
            for run, at in connection.execute(r.select().with_only_columns(r.c.id, r.c.at)).all()
            for check, kind in (("drift", "drift"), ("volume rows", "volume"))
        ]
        connection.execute(tables.check_results.insert(), results)
    return workspace


def test_a_hundred_are_read_in_few_queries(hundred):
    asked = []
    event.listen(open_ledger(hundred).engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    found = summaries(hundred)
    assert len([text for text in asked if text.lstrip().upper().startswith("SELECT")]) <= 6
    assert [one.state for one in found] == [
        state for state in ("alert", "error", "warning", "waiting", "ok") for _ in range(20)
    ]
    assert found[0].monitor.name == "m002"
    assert [series.check for series in found[0].series] == ["drift", "volume rows"]
    assert found[0].series[0].values == tuple(float(at) for at in range(10, 40))
    text = monitors_text(found)
    assert len(text.splitlines()) == 101
    html = monitors_html(found)
    assert html.count("<svg") == 200
    assert len(html) < 300_000


HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def test_names_and_values_of_others_are_escaped():
    series = CheckSeries(
        check=HOSTILE,
        kind="drift",
        state="alert",
        message=HOSTILE,
        values=(None, float("nan"), 1.0, float("inf"), 2.0, None),
        at=(0.0,) * 6,
        limit=float("inf"),
    )
    incident = Incident(
        id=1,
        monitor=HOSTILE,
        model=HOSTILE,
        check=HOSTILE,
        kind="drift",
        state="acknowledged",
        message=HOSTILE,
        opened_at=0.0,
        last_at=0.0,
        acknowledged_by=HOSTILE,
        reason=HOSTILE,
    )
    run = MonitorRun(
        id=1,
        monitor=HOSTILE,
        model=HOSTILE,
        version=None,
        at=0.0,
        window_start=None,
        window_end=None,
        rows=0,
        state="alert",
        sentence=HOSTILE,
    )
    monitor = Monitor(name=HOSTILE, model=HOSTILE, problem=HOSTILE, mute_reason=HOSTILE, muted_until=time.time() + 60)
    summary = MonitorSummary(
        monitor=monitor, state="alert", sentence=HOSTILE, last=run, incidents=(incident,), series=(series,)
    )
    html = monitors_html([summary])
    assert "<script" not in html
    assert "\x1b" not in monitors_text([summary])
    whole = monitor_html(MonitorSummary(monitor=monitor, state="waiting"), [run], [incident])
    assert "<script" not in whole


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),
    st.sampled_from(["1d", "7 days", "1 month", "3 months", "12h", "2 weeks"]),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]),
)
def test_a_window_ends_where_the_next_begins(moment, text, zone):
    window = read_window(text)
    end = moment.replace(tzinfo=UTC).timestamp()
    start, until = window.bounds(end, zone)
    assert start < until == end
    earlier = window.bounds(start, zone)
    assert earlier[1] == start
    assert earlier[0] < start
