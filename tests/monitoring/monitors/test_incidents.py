"""Trouble is told once, counted, reminded of and told to be over; what flaps does not spam."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from nbops.errors import NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.monitoring.monitors import acknowledge, incidents, monitor_report, monitor_runs, run_monitor, summaries
from nbops.records import Identity
from nbops.registry.gc import find_leftovers


def told(shop) -> list[tuple[str, str]]:
    """Event and route of all that was to be told, in order."""
    a = tables.incident_alerts
    with open_ledger(shop.workspace).connect() as connection:
        return [(row.event, row.channel) for row in connection.execute(select(a).order_by(a.c.id))]


def signals(shop) -> list[tuple[str, str]]:
    s = tables.signals
    with open_ledger(shop.workspace).connect() as connection:
        return [(row.kind, row.subject) for row in connection.execute(select(s).order_by(s.c.id))]


def pass_days(shop, evening, count: int, first: int = 1):
    return [run_monitor(shop.workspace, "shop", at=evening(day)) for day in range(first, first + count)]


def test_drift_opens_one_incident_and_its_end_is_told(shared_shop, evening):
    shop = shared_shop
    shop.fill(0, 1, 1, 0)
    shop.watch(remind_hours=100)
    found = pass_days(shop, evening, 3)
    assert [run.state for run in found] == ["ok", "alert", "alert"]
    assert found[0].rows == 400
    assert (found[1].window_start, found[1].window_end) == (evening(1), evening(2))
    assert "income" in found[1].sentence
    (incident,) = incidents(shop.workspace)
    assert (incident.state, incident.windows, incident.check, incident.kind) == ("open", 2, "drift", "drift")
    assert incident.opened_at == evening(2)
    assert told(shop) == [("opened", "lab")]
    assert signals(shop) == [("drift", "shop")]
    (good,) = pass_days(shop, evening, 1, first=4)
    assert good.state == "ok"
    (incident,) = incidents(shop.workspace)
    assert (incident.state, incident.recovered_at) == ("recovered", evening(4))
    assert told(shop) == [("opened", "lab"), ("recovered 2", "lab")]
    assert [run.state for run in monitor_runs(shop.workspace, "shop")] == ["ok", "alert", "alert", "ok"]


def test_an_open_incident_is_reminded_of_until_somebody_sees_to_it(shop, evening):
    shop.fill(*[1] * 6)
    shop.watch(remind_hours=48, routes=("lab",))
    pass_days(shop, evening, 3)
    assert told(shop) == [("opened", "lab"), ("reminder 2", "lab")]
    (incident,) = incidents(shop.workspace, opened=True)
    with pytest.raises(UsageError, match="needs a reason"):
        acknowledge(shop.workspace, incident.id, "  ")
    with pytest.raises(NotFoundError):
        acknowledge(shop.workspace, 999, "why not")
    ada = Identity(name="ada", source="token")
    seen = acknowledge(shop.workspace, incident.id, "new tariff, we retrain", identity=ada)
    assert (seen.state, seen.acknowledged_by, seen.reason) == ("acknowledged", "ada", "new tariff, we retrain")
    pass_days(shop, evening, 3, first=4)
    assert len(told(shop)) == 2
    assert incidents(shop.workspace)[0].windows == 6
    event = read_events(shop.workspace, action="monitor-acknowledge")[0]
    assert (event.actor, event.reason, event.detail["incident"]) == ("ada", "new tariff, we retrain", incident.id)


def test_what_flaps_is_one_incident_and_told_once_in_the_time_of_a_reminder(shop, evening):
    shop.fill(1, 0, 1, 0, 1, 0, 1, 0)
    shop.watch(remind_hours=24 * 30)
    pass_days(shop, evening, 8)
    (incident,) = incidents(shop.workspace)
    assert (incident.state, incident.windows) == ("recovered", 4)
    assert told(shop) == [("opened", "lab"), ("recovered 2", "lab")]
    # What starts automation is given once for an incident that opens.
    assert signals(shop) == [("drift", "shop")]


def test_trouble_long_after_is_a_new_incident(shop, evening):
    shop.fill(1, 0, 0, 0, 1)
    shop.watch(remind_hours=24)
    pass_days(shop, evening, 5)
    assert [one.state for one in incidents(shop.workspace)] == ["open", "recovered"]
    assert told(shop) == [("opened", "lab"), ("recovered 2", "lab"), ("opened", "lab")]
    assert len(signals(shop)) == 2


def test_the_report_of_a_look_is_kept(shop, evening):
    shop.fill(1)
    shop.watch()
    (run,) = pass_days(shop, evening, 1)
    report = monitor_report(shop.workspace, run.id)
    assert report["drifted"] == ["income"]
    assert report["rows"] == {"reference": 2000, "current": 400}
    # What a look refers to is no leftover.
    assert find_leftovers(shop.workspace, older=-1) == ()
    (summary,) = summaries(shop.workspace)
    assert (summary.state, summary.incidents[0].check) == ("alert", "drift")
    assert summary.series[0].values == (run.checks[0].value,)


def test_a_look_at_the_past_changes_no_incident(shop, evening):
    shop.fill(1, 0)
    shop.watch()
    pass_days(shop, evening, 1, first=2)
    pass_days(shop, evening, 1, first=1)
    assert incidents(shop.workspace) == ()
    assert [run.state for run in monitor_runs(shop.workspace)] == ["ok", "alert"]
