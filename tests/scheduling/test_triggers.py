"""What comes due by what happens: data, drift, performance, promotions, other pipelines."""

from __future__ import annotations

import gzip
import os

import pandas as pd
import pytest

from nbops.errors import UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.records import Identity
from nbops.scheduling import emit, schedule_runs, schedules

ADA = Identity(name="ada")


@pytest.fixture
def here(world, at):
    return world(at("2026-07-01T05:00"))


@pytest.fixture
def looks(here):
    """Let the scheduler look several times; give what came due by then."""
    scheduler = here.scheduler()

    def look(times: int = 4) -> list[str]:
        for _ in range(times):
            here.clock.time += 11
            here.end()
            scheduler.tick()
        return [evidence for _, _, evidence in here.runs()]

    return look


def csv(path, rows: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("a,b\n" + "1,2\n" * rows)


def test_rows_that_have_come_since_the_last_run_that_succeeded(here, looks):
    data = here.workspace.root / "data"
    csv(data / "a.csv", 100)
    here.add(trigger="data", subject="data/*.csv", measure="rows", threshold=50)
    assert looks() == []
    csv(data / "b.csv", 30)
    assert looks() == []
    csv(data / "a.csv", 120)
    assert looks() == ["50 rows have come to data/*.csv, in 2 files"]
    csv(data / "a.csv", 169)
    assert len(looks()) == 1
    csv(data / "a.csv", 170)
    assert looks()[1:] == ["50 rows have come to data/*.csv, in 1 file"]
    assert [status for status, _, _ in here.runs()] == ["succeeded"] * 2


def test_data_that_cannot_be_looked_at_are_told_and_stop_no_other_schedule(here, looks):
    csv(here.workspace.root / "data" / "a.csv", 1)
    here.add(name="odd", trigger="data", subject="data/*.csv", measure="files", threshold=1)
    with open_ledger(here.workspace).begin() as connection:
        # As an older Python, or another machine, may have taken it.
        detail = connection.execute(tables.schedules.select()).one().detail
        connection.execute(tables.schedules.update().values(detail={**detail, "subject": "data/**.csv/a\0*"}))
    here.add(name="other", cron="* * * * *")
    looks(10)
    assert {name for name, _ in here.started} == {"other"}


def test_after_a_run_that_failed_the_same_data_start_none(here, looks):
    here.ending = "failed"
    here.add(trigger="data", subject="data", measure="files", threshold=1)
    csv(here.workspace.root / "data" / "a.csv", 1)
    assert looks() == ["1 file has come to data"]
    assert len(looks(8)) == 1
    # More data do, and what the failed run had counts still.
    here.ending = "succeeded"
    csv(here.workspace.root / "data" / "b.csv", 1)
    assert looks()[1:] == ["2 files have come to data"]


def test_data_that_somebody_is_still_writing_are_waited_for(here, looks):
    here.add(trigger="data", subject="data/*", measure="bytes", threshold=1000)
    path = here.workspace.root / "data" / "a.bin"
    path.parent.mkdir()
    for size in (600, 1200, 1800, 2400):
        path.write_bytes(b"x" * size)
        assert looks(1) == []
    assert looks(2) == ["2,400 bytes have come to data/*, in 1 file"]


def test_one_look_is_enough_for_one_that_looks_once(here):
    here.add(trigger="data", subject="data/*", measure="files", threshold=1)
    csv(here.workspace.root / "data" / "a.csv", 2)
    here.scheduler().once()
    assert [name for name, _ in here.started] == ["nightly"]


def test_rows_of_parquet_json_lines_and_packed_files(here, looks):
    data = here.workspace.root / "data"
    here.add(trigger="data", subject="data/**/*", measure="rows", threshold=1)
    (data / "deep").mkdir(parents=True)
    pd.DataFrame({"a": range(7)}).to_parquet(data / "a.parquet")
    (data / "b.jsonl").write_text('{"a": 1}\n{"a": 2}')
    (data / "deep" / "c.csv.gz").write_bytes(gzip.compress(b"a\n1\n2\n3\n"))
    assert looks() == ["12 rows have come to data/**/*, in 3 files"]


def test_what_cannot_be_counted_is_a_problem_of_the_schedule(here, looks):
    here.add(trigger="data", subject="data/*", measure="rows", threshold=1)
    (here.workspace.root / "data").mkdir()
    (here.workspace.root / "data" / "a.xlsx").write_bytes(b"x")
    assert looks() == []
    assert "cannot be counted" in schedules(here.workspace)[0].problem
    os.remove(here.workspace.root / "data" / "a.xlsx")
    csv(here.workspace.root / "data" / "a.csv", 2)
    assert len(looks()) == 1
    assert schedules(here.workspace)[0].problem == ""


def test_a_look_costs_no_write(here, looks):
    from nbops.ledger import open_ledger

    here.add(trigger="data", subject="data/*", measure="rows", threshold=1)
    looks(2)
    before = open_ledger(here.workspace).revision()
    looks(3)
    assert open_ledger(here.workspace).revision() == before


def test_signals(here, looks):
    emit(here.workspace, "drift", "churn", at=here.clock.time - 100)
    here.add("one", trigger="drift", subject="churn")
    here.add("any", trigger="drift", subject="*", pipeline=here.pipeline("other"))
    here.add("lost", trigger="performance", subject="churn", pipeline=here.pipeline("third"))
    looks(1)
    assert here.runs() == []
    here.clock.time += 1
    emit(here.workspace, "drift", "churn", {"message": "3 of 20 columns have drifted"}, at=here.clock.time)
    emit(here.workspace, "drift", "prices", at=here.clock.time + 1)
    looks()
    assert [evidence.partition(" at ")[0] for _, _, evidence in here.runs("one")] == ["3 of 20 columns have drifted"]
    assert [(status, evidence.partition(" at ")[0]) for status, _, evidence in here.runs("any")] == [
        ("succeeded", "3 of 20 columns have drifted"),
        ("skipped", "drift of prices"),
    ]
    emit(here.workspace, "performance", "churn", at=here.clock.time)
    looks()
    assert len(here.runs("lost")) == 1
    assert len(looks()) == 4


def test_signals_that_came_while_nobody_looked(here, looks):
    here.add(trigger="drift", subject="churn", missed="once")
    looks(1)
    for _ in range(3):
        here.clock.time += 600
        emit(here.workspace, "drift", "churn", at=here.clock.time)
    here.clock.time += 600
    assert [evidence.rpartition("; ")[2] for evidence in looks()] == ["2 times were missed before it"]
    here.clock.time += 7200
    assert len(looks()) == 1


def test_a_secret_in_a_signal_is_not_kept(here):
    said = {
        "message": "token = 'ghp_abcdefghijklmnopqrstuvwxyz012345'",
        "worse": {"mae": float("nan")},
        "columns": ["a"],
    }
    emit(here.workspace, "drift", "churn", said)
    from nbops.ledger import open_ledger, tables

    with open_ledger(here.workspace).connect() as connection:
        assert "ghp_" not in str(connection.execute(tables.signals.select()).all())


def test_promotions(here, looks):
    here.add("all", trigger="promotion", subject="churn")
    here.add("live", trigger="promotion", subject="churn:Production", pipeline=here.pipeline("other"))
    for number, (action, model, target) in enumerate(
        [
            ("promote", "churn", "Staging"),
            ("promote", "prices", "Production"),
            ("rollback", "churn", "production"),
            ("approve", "churn", "Production"),
        ]
    ):
        with audited(here.workspace, ADA, action, model=model, version=number, detail={"target": target}) as change:
            change.at = here.clock.time
        looks(1)
    assert [evidence for _, _, evidence in here.runs("all")] == [
        "ada: promote churn version 0 to Staging",
        "ada: rollback churn version 2 to production",
    ]
    assert [evidence for _, _, evidence in here.runs("live")] == ["ada: rollback churn version 2 to production"]


def test_after_another_pipeline(here, looks):
    here.pipeline("ingest")
    here.add(trigger="pipeline", subject="ingest")
    here.by_hand("a" * 32, "ingest.toml")
    here.finish("a" * 32, "failed")
    assert looks() == []
    here.by_hand("b" * 32, "ingest.toml")
    assert looks() == []
    here.finish("b" * 32)
    assert looks() == ["ingest succeeded, run bbbbbbbb"]
    assert len(looks(8)) == 1


def test_it_is_the_same_in_both_databases(shared, world, at):
    here = world(at("2026-07-01T05:00"), shared)
    here.add("time", cron="1 5 * * *")
    here.add("data", trigger="data", subject="data", measure="rows", threshold=2, pipeline=here.pipeline("a"))
    here.add("drift", trigger="drift", subject="churn", pipeline=here.pipeline("b"))
    here.add("promotion", trigger="promotion", subject="churn", pipeline=here.pipeline("c"))
    here.add("after", trigger="pipeline", subject="churn", overlap="queue", pipeline=here.pipeline("d"))
    csv(here.workspace.root / "data" / "a.csv", 2)
    here.clock.time += 30
    emit(shared, "drift", "churn", {"mae": float("inf")}, at=here.clock.time)
    with audited(shared, ADA, "promote", model="churn", version=1, detail={"target": "Staging"}) as change:
        change.at = here.clock.time
    scheduler = here.scheduler()
    for _ in range(10):
        here.clock.time += 11
        here.end()
        scheduler.tick()
    assert sorted((name, status) for name, status, _ in here.rows()) == [
        ("after", "succeeded"),
        ("data", "succeeded"),
        ("drift", "succeeded"),
        ("promotion", "succeeded"),
        ("time", "succeeded"),
    ]


def test_pipelines_that_would_start_each_other_are_refused(here):
    here.add("one", trigger="pipeline", subject="a", pipeline=here.pipeline("b"))
    here.add("two", trigger="pipeline", subject="b", pipeline=here.pipeline("c"))
    with pytest.raises(UsageError, match="closes a circle: c -> a -> b -> c"):
        here.add("three", trigger="pipeline", subject="c", pipeline=here.pipeline("a"))
    with pytest.raises(UsageError, match="closes a circle: a -> a"):
        here.add("self", trigger="pipeline", subject="a", pipeline=here.pipeline("a"))


def test_a_schedule_of_a_former_name_does_not_stand_in_the_way(here, looks):
    from nbops.scheduling import remove_schedule

    data = here.workspace.root / "data"
    for number in range(2):
        here.add(trigger="data", subject="data", measure="files", threshold=1)
        csv(data / f"{number}.csv", 1)
        assert len(looks()) == number + 1
        remove_schedule(here.workspace, "nightly")
    assert [run.status for run in schedule_runs(here.workspace)] == ["succeeded"] * 2
