"""`[monitors.NAME]` of a file are made what the file says: all or nothing, and what people made is left alone."""

from __future__ import annotations

import pytest

from nbops.errors import UsageError
from nbops.ledger.audit import read_events
from nbops.monitoring.monitors import (
    add_monitor,
    incidents,
    monitor,
    monitors,
    pause_monitor,
    remove_monitor,
    run_monitor,
)
from nbops.monitoring.monitors.building import build
from nbops.monitoring.monitors.declared import apply_declared

TABLE = """
[monitors.shop]
source = "data.csv"
time = "at"
reference = "reference.csv"
cron = "0 6 * * *"
timezone = "Europe/Berlin"
checks = ["drift", "volume rows>=100 warning=200", { kind = "volume", metric = "rows", threshold = 10, name = "some" }]
routes = ["lab"]
remind_hours = 12
"""


def test_what_a_file_declares_is_made_changed_and_removed(shop):
    shop.fill(0)
    shop.settings(TABLE)
    assert apply_declared(shop.workspace).added == ("shop",)
    found = monitor(shop.workspace, "shop")
    assert (found.origin, found.timezone, found.remind_hours) == ("nbops.toml", "Europe/Berlin", 12)
    assert [check.name for check in found.checks] == ["drift", "volume rows", "some"]
    assert apply_declared(shop.workspace).unchanged == ("shop",)
    pause_monitor(shop.workspace, "shop")
    shop.settings(TABLE.replace("remind_hours = 12", "remind_hours = 48"))
    assert apply_declared(shop.workspace).changed == ("shop",)
    found = monitor(shop.workspace, "shop")
    # What somebody has paused a file does not resume.
    assert (found.remind_hours, found.paused) == (48, True)
    shop.settings("")
    assert apply_declared(shop.workspace).left == ("shop",)
    assert apply_declared(shop.workspace, prune=True).removed == ("shop",)
    assert monitors(shop.workspace) == ()
    actions = [event.action for event in read_events(shop.workspace)]
    assert [action for action in actions if action.startswith("monitor-")] == [
        "monitor-add",
        "monitor-pause",
        "monitor-change",
        "monitor-remove",
    ]


def test_all_or_nothing(shop):
    shop.fill(0)
    shop.settings(TABLE + TABLE.replace("shop", "other").replace('"drift"', '"dirft"'))
    with pytest.raises(UsageError, match=r"nbops.toml: monitor 'other': There is no check 'dirft'"):
        apply_declared(shop.workspace)
    assert monitors(shop.workspace) == ()
    shop.settings(TABLE.replace("timezone", "timezones"))
    with pytest.raises(UsageError, match="unknown key 'timezones'") as caught:
        apply_declared(shop.workspace)
    assert caught.value.hint == "Did you mean 'timezone'?"


def test_what_was_made_by_hand_is_not_taken_over(shop):
    shop.fill(0)
    shop.watch()
    shop.settings(TABLE)
    with pytest.raises(UsageError, match="monitor 'shop' is made by hand"):
        apply_declared(shop.workspace)
    shop.settings("")
    assert apply_declared(shop.workspace, prune=True).removed == ()


def test_removed_checks_close_their_incidents_and_a_purge_takes_all(shop, evening):
    shop.fill(1, 1)
    shop.watch(checks=["drift", "volume rows>=1000"])
    run_monitor(shop.workspace, "shop", at=evening(1))
    assert {one.state for one in incidents(shop.workspace)} == {"open"}
    from nbops.monitoring.monitors import update_monitor
    from nbops.monitoring.monitors.building import changed

    update_monitor(shop.workspace, changed(monitor(shop.workspace, "shop"), {"checks": ["drift"]}))
    assert {one.check: one.state for one in incidents(shop.workspace)} == {"drift": "open", "volume rows": "recovered"}
    remove_monitor(shop.workspace, "shop")
    assert {one.state for one in incidents(shop.workspace)} == {"recovered"}
    # Under the same name it begins anew: what the old one left is no incident of it.
    shop.watch()
    run_monitor(shop.workspace, "shop", at=evening(2))
    assert [one.state for one in incidents(shop.workspace)] == ["open", "recovered", "recovered"]
    remove_monitor(shop.workspace, "shop", purge=True)
    assert incidents(shop.workspace) == ()


def test_a_name_is_the_model_where_nothing_else_is_watched():
    assert build("churn@champion", {}).model == "churn@champion"
    assert build("churn", {"checks": ["performance accuracy>=0.8"]}).model == "churn"
    assert build("orders", {"source": "data.csv"}).model == ""
    assert build("orders", {"source": "data.csv"}).window == "all"
    assert build("orders", {"source": "data.csv", "time": "at"}).window == "1d"


def test_a_monitor_that_exists_is_not_made_twice(shop):
    shop.fill(0)
    made = shop.watch()
    with pytest.raises(UsageError, match="There is a monitor 'shop' already"):
        add_monitor(shop.workspace, made)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"checks": ["drift alpha=much"]}, "alpha must be a number"),
        ({"checks": ["drift min_effect=-1"]}, "min_effect must be a number"),
        ({"window": "90000 months"}, "too long"),
    ],
)
def test_what_no_look_could_use_is_refused_before_it_is_kept(shop, given, said):
    shop.fill(0)
    with pytest.raises(UsageError, match=said):
        shop.watch(**given)
    assert monitors(shop.workspace) == ()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (
            '{kind = "drift", thresholds = {pzi = 0.2}}',
            "There is no statistic 'pzi' to set a threshold for. Did you mean psi?",
        ),
        ('{kind = "drift", thresholds = {psi = -1}}', "The threshold of psi must be a number from 0 on, not -1"),
        (
            '{kind = "drift", thresholds = 0.2}',
            "thresholds are 'calibrated', 'learned' or a table of fixed ones, not 0.2",
        ),
        ('{kind = "drift", importance = {income = "much"}}', "The weight of income must be a number, not 'much'"),
    ],
)
def test_options_that_no_look_could_use_are_refused(shop, check, said):
    shop.fill(0)
    shop.settings(f'[monitors.shop]\nsource = "data.csv"\nreference = "reference.csv"\nchecks = [{check}]\n')
    with pytest.raises(UsageError) as told:
        apply_declared(shop.workspace)
    assert said in str(told.value)
    assert monitors(shop.workspace) == ()
