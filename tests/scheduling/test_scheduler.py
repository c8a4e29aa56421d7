"""What runs, when, and how often: the scheduler over a ledger, with a clock that the test turns."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest
from sqlalchemy import event

from nbops.errors import NotFoundError
from nbops.ledger import open_ledger, tables
from nbops.scheduling import (
    pause_schedule,
    remove_schedule,
    resume_schedule,
    run_now,
    schedule_runs,
    schedules,
    update_schedule,
)


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
    made_up = [at(f"2026-07-01T05:{minute}") for minute in range(56, 60)]
    assert [due for _, due, _ in runs[1:6]] == [*made_up, at("2026-07-01T06:00")]
    assert {status for status, _, _ in runs[1:6]} == {"succeeded"}


@pytest.mark.parametrize(
    ("overlap", "statuses"),
    [
        ("skip", ["succeeded", "skipped", "skipped", "running", "skipped"]),
        ("queue", ["succeeded", "running", "queued", "queued", "queued"]),
        ("allow", ["succeeded", "running", "queued", "queued", "queued"]),
    ],
)
def test_a_run_that_is_not_over_when_the_next_is_due(summer, at, overlap, statuses):
    summer.lasting = 150
    summer.add(cron="* * * * *", overlap=overlap)
    scheduler = summer.scheduler()
    summer.pass_time(scheduler, at("2026-07-01T05:05:59"), step=10)
    assert [status for status, _, _ in summer.runs()] == statuses


def test_clocks_that_are_moved(world, at):
    autumn = world(at("2026-10-24T00:00", "Europe/Berlin"))
    autumn.add("fixed", "30 2 * * *", timezone="Europe/Berlin")
    autumn.add("hourly", "30 */1 * * *", timezone="Europe/Berlin", pipeline=autumn.pipeline("other"))
    autumn.pass_time(autumn.scheduler(), at("2026-10-26T00:00", "Europe/Berlin"), step=600)
    fixed = [when for name, when in autumn.started if name == "fixed"]
    assert fixed == [at("2026-10-24T02:30", "Europe/Berlin"), at("2026-10-25T02:30", "Europe/Berlin")]
    # The day has 25 hours.
    assert sum(name == "hourly" for name, _ in autumn.started) == 49


def test_a_clock_that_is_put_back_makes_nothing_run_again(summer, at):
    summer.add(cron="*/10 * * * *")
    scheduler = summer.scheduler()
    summer.pass_time(scheduler, at("2026-07-01T05:35"), step=60)
    assert len(summer.started) == 3
    summer.clock.time = at("2026-07-01T05:05")
    summer.pass_time(scheduler, at("2026-07-01T05:41"), step=60)
    assert [when for _, when in summer.started][3:] == [at("2026-07-01T05:40")]


def test_a_schedule_that_rests(summer, at):
    summer.add(missed="all")
    scheduler = summer.scheduler()
    assert pause_schedule(summer.workspace, "nightly").next_at is None
    summer.pass_time(scheduler, at("2026-07-03T05:00"), step=3600)
    assert resume_schedule(summer.workspace, "nightly", clock=summer.clock).next_at == at("2026-07-03T06:00")
    summer.at(scheduler, at("2026-07-03T06:00"))
    assert summer.started == [("nightly", at("2026-07-03T06:00"))]


def test_pausing_and_removing_drop_what_waits_and_leave_what_runs(summer, at):
    summer.lasting = 600
    summer.add("a", "* * * * *", overlap="queue")
    summer.add("b", "* * * * *", overlap="queue", pipeline=summer.pipeline("other"))
    scheduler = summer.scheduler()
    summer.pass_time(scheduler, at("2026-07-01T05:02:30"))
    pause_schedule(summer.workspace, "a")
    remove_schedule(summer.workspace, "b")
    for name in ("a", "b"):
        assert [status for status, _, _ in summer.runs(name)] == ["running", "skipped"]
    summer.pass_time(scheduler, at("2026-07-01T05:20"), step=300)
    for name in ("a", "b"):
        assert [status for status, _, _ in summer.runs(name)] == ["succeeded", "skipped"]


def test_one_that_is_asked_for_runs_at_once_also_when_its_schedule_rests(summer):
    summer.add()
    pause_schedule(summer.workspace, "nightly")
    run = run_now(summer.workspace, "nightly", start=summer.start, clock=summer.clock)
    assert (run.status, run.evidence.split()[:3]) == ("running", ["asked", "for", "by"])
    same = run_now(summer.workspace, "nightly", start=summer.start, clock=summer.clock, key="k")
    again = run_now(summer.workspace, "nightly", start=summer.start, clock=summer.clock, key="k")
    assert same.id == again.id
    # A pipeline runs once at a time, and what is asked for waits for it.
    assert again.status == "queued"
    summer.end()
    summer.scheduler().tick()
    assert len(summer.started) == 2
    with pytest.raises(NotFoundError, match="Did you mean 'nightly'"):
        run_now(summer.workspace, "nightl")


def test_at_most_so_many_run_beside_each_other(summer, at):
    summer.lasting = 45
    for number in range(6):
        summer.add(f"s{number}", "0 6 * * *", pipeline=summer.pipeline(f"p{number}"))
    scheduler = summer.scheduler(at_once=2)
    summer.clock.time = at("2026-07-01T06:00")
    scheduler.tick()
    assert len(summer.started) == 2
    summer.pass_time(scheduler, at("2026-07-01T06:03"))
    starts = [when - at("2026-07-01T06:00") for _, when in summer.started]
    assert starts == [0, 0, 60, 60, 120, 120]


def test_a_pipeline_that_somebody_runs_by_hand_is_waited_for(summer, at):
    summer.add()
    scheduler = summer.scheduler()
    summer.by_hand("f" * 32, "churn.toml")
    summer.at(scheduler, at("2026-07-01T06:00"))
    assert summer.started == []
    summer.finish("f" * 32)
    summer.at(scheduler, at("2026-07-01T06:10"))
    assert [status for status, _, _ in summer.runs()] == ["succeeded"]


def test_one_whose_process_is_gone_is_waited_for_no_longer(summer, at):
    summer.add()
    scheduler = summer.scheduler()
    summer.by_hand("f" * 32, "churn.toml", owner="1:1:other-boot:" + platform.node())
    summer.at(scheduler, at("2026-07-01T06:00"))
    assert [status for status, _, _ in summer.runs()] == ["succeeded"]


def test_a_start_that_came_to_nothing_is_made_again_under_the_same_id(summer, at):
    summer.add()
    tried = []
    scheduler = summer.scheduler(start=lambda workspace, schedule, run_id, trigger: tried.append(run_id))
    summer.at(scheduler, at("2026-07-01T06:00"))
    summer.pass_time(scheduler, at("2026-07-01T06:09"))
    assert len(tried) == 1
    summer.pass_time(scheduler, at("2026-07-01T06:11"))
    assert len(tried) == 2
    assert tried[0] == tried[1]


def test_one_that_cannot_be_started_has_failed(summer, at):
    summer.add()
    summer.refuse = "churn.toml:3: there is no notebook stage.ipynb."
    scheduler = summer.scheduler()
    summer.at(scheduler, at("2026-07-01T06:00"))
    (run,) = schedule_runs(summer.workspace, "nightly")
    assert (run.status, run.error, run.run_id) == ("failed", summer.refuse, "")
    summer.refuse = ""
    summer.at(scheduler, at("2026-07-02T06:00"))
    assert schedule_runs(summer.workspace, "nightly")[0].status == "succeeded"


def test_the_end_of_a_run_is_its_end(summer, at):
    scheduler = summer.scheduler()
    summer.add()
    summer.lasting, summer.ending = 90, "failed"
    summer.at(scheduler, at("2026-07-01T06:00"))
    summer.pass_time(scheduler, at("2026-07-01T06:02"))
    (run,) = schedule_runs(summer.workspace, "nightly")
    assert (run.status, run.ended_at) == ("failed", at("2026-07-01T06:01:30"))
    assert run.error == "stage 'only' failed in cell 1: ValueError: no"
    assert schedules(summer.workspace)[0].last == run


def test_a_zone_that_is_no_longer_known_stops_nobody_else(summer, at):
    summer.add("broken")
    summer.add("whole", pipeline=summer.pipeline("other"))
    s = tables.schedules
    with open_ledger(summer.workspace).begin() as connection:
        detail = dict(connection.scalar(s.select().with_only_columns(s.c.detail).where(s.c.name == "broken")))
        connection.execute(s.update().where(s.c.name == "broken").values(detail={**detail, "timezone": "Mars/Base"}))
    summer.at(summer.scheduler(), at("2026-07-01T06:00"))
    assert [name for name, _ in summer.started] == ["whole"]
    problems = {one.name: one.problem for one in schedules(summer.workspace)}
    assert "Mars/Base" in problems["broken"]
    assert problems["whole"] == ""


def test_a_schedule_that_is_changed_counts_anew(summer, at):
    added = summer.add()
    scheduler = summer.scheduler()
    summer.clock.time = at("2026-07-01T07:00")
    changed = update_schedule(summer.workspace, replace(added, cron="30 7 * * *"), clock=summer.clock)
    assert changed.next_at == at("2026-07-01T07:30")
    summer.at(scheduler, at("2026-07-01T07:30"))
    assert summer.started == [("nightly", at("2026-07-01T07:30"))]


def test_nothing_is_written_and_little_is_read_while_nothing_is_due(summer, at):
    for number in range(50):
        summer.add(f"s{number}", pipeline=summer.pipeline(f"p{number}"))
    scheduler = summer.scheduler()
    scheduler.tick()
    statements: list[str] = []
    event.listen(
        open_ledger(summer.workspace).engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: statements.append(statement),
    )
    summer.clock.time += 1
    scheduler.tick()
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "SELECT"]


def test_a_workspace_without_schedules_needs_no_leader(summer):
    scheduler = summer.scheduler()
    assert scheduler.tick() is False
    with open_ledger(summer.workspace).connect() as connection:
        assert connection.execute(tables.leases.select()).all() == []
