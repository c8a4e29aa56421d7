"""What runs, when, and how often: the scheduler over a ledger, with a clock that the test turns."""

import pytest


@pytest.fixture
def summer(world, at):
    """A world that begins on 1 July at five in the morning."""
    return world(at("2026-07-01T05:00"))


def test_a_schedule_runs_when_it_is_due_and_not_before(summer, at):
    summer.add()
    scheduler = summer.scheduler()
    summer.pass_time(scheduler, at("2026-07-01T05:59:59"), step=7200)
    assert summer.started == []
    summer.clock.time += 1
    scheduler.tick()
    summer.pass_time(scheduler, at("2026-07-03T07:00"), step=600)
    assert summer.started == [("nightly", at(f"2026-07-0{day}T06:00")) for day in (1, 2, 3)]
    assert [status for status, _, _ in summer.runs()] == ["succeeded"] * 3


@pytest.mark.parametrize(
    ("missed", "started", "told"),
    [
        ("skip", 0, ["3 times were missed, no scheduler ran"]),
        ("once", 1, ["2 times were missed before it"]),
        ("all", 3, ["made up"] * 3),
    ],
)
def test_what_was_missed_is_made_up_as_the_policy_says(summer, at, missed, started, told):
    summer.add(missed=missed)
    summer.scheduler().tick()
    summer.clock.time = at("2026-07-03T12:00")
    scheduler = summer.scheduler()
    summer.pass_time(scheduler, at("2026-07-03T12:05"))
    assert len(summer.started) == started
    assert [evidence for _, _, evidence in summer.runs()] == told
    summer.at(scheduler, at("2026-07-04T06:00:02"))
    assert len(summer.started) == started + 1


def test_no_more_than_the_cap_is_made_up(summer, at):
    summer.add(cron="* * * * *", missed="all", missed_cap=4, overlap="queue")
    summer.clock.time = at("2026-07-01T06:00:00")
    summer.pass_time(summer.scheduler(), at("2026-07-01T06:01:10"), step=10)
    runs = summer.runs()
    assert runs[0] == ("missed", at("2026-07-01T05:55"), "55 times were missed, more than 4 are not made up")
    assert [due for _, due, _ in runs[1:6]] == [at(f"2026-07-01T05:{minute}") for minute in range(56, 60)] + [
        at("2026-07-01T06:00")
    ]
    assert {status for status, _, _ in runs[1:6]} == {"succeeded"}
