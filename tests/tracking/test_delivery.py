"""From outbox to ledger: applied once in effect, whoever does it and however often."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from nbops.errors import LedgerError
from nbops.ledger import open_ledger, tables
from nbops.records import ArtifactRef, DataRef, ErrorInfo, MetricPoint, ModelRef
from nbops.tracking import courier
from nbops.tracking.delivery import apply, deliver
from nbops.tracking.outbox import outbox_of
from nbops.tracking.process import process_identity
from nbops.tracking.search import get_run, metric_series
from nbops.workspace import find_workspace


def _count(place, table):
    with open_ledger(place).connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_a_run_arrives_whole(place, make_run):
    run = make_run(
        params={"depth": "3", "note": "naïve – ☃"},
        metrics={"auc": 0.75, "ratio": math.inf},
        metric_functions={"auc": "roc_auc_score"},
        tags={"team": "risk"},
        data=(DataRef(name="train", fingerprint="f" * 64, rows=3, columns=1, schema={"a": "int64"}),),
        models=(ModelRef(name="model", class_name="Ridge", digest="d" * 64, size=9, features=("a",)),),
        artifacts=(ArtifactRef(path="figures/1.png", digest="e" * 64, size=4, kind="figure"),),
        error=ErrorInfo(type="ValueError", message="no", traceback="Traceback…"),
        status="FAILED",
        code="x = 1",
        stdout="out",
        names_read=("a",),
        cpu=0.5,
        peak_memory=2**40,
        redactions=2,
    )
    outbox_of(place).finish(run)
    assert deliver(place) == 1
    found = get_run(place, run.run_id)
    assert found.delivery == "ledger"
    for name in run.__dataclass_fields__:
        if name != "delivery":
            assert getattr(found, name) == getattr(run, name), name


def test_applying_the_same_again_changes_nothing(place, make_run):
    box, run = outbox_of(place), make_run(metrics={"auc": 0.5})
    box.start(run)
    box.metric(run.run_id, MetricPoint(name="loss", value=1.0, step=0, timestamp=1.0))
    box.metric(run.run_id, MetricPoint(name="loss", value=0.5, step=1, timestamp=2.0))
    box.finish(run)
    entries = box.entries()
    deliver(place)
    once = get_run(place, run.run_id), metric_series(place, run.run_id)
    ledger = open_ledger(place)
    # The order too may be another: the second deliverer may have read more.
    for some in (entries, entries[:2], entries[2:], entries[:1]):
        with ledger.begin() as connection:
            apply(ledger, connection, some)
    assert (get_run(place, run.run_id), metric_series(place, run.run_id)) == once
    assert _count(place, tables.runs) == 1
    assert _count(place, tables.metrics) == 3
    assert box.pending() == 0


def test_the_last_value_of_a_series_is_the_one_with_the_largest_step(place, make_run):
    box, run = outbox_of(place), make_run(status="RUNNING")
    box.start(run)
    for step, value in ((0, 3.0), (2, math.nan), (1, 2.0)):
        box.metric(run.run_id, MetricPoint(name="loss", value=value, step=step, timestamp=float(10 - step)))
        deliver(place)
    assert math.isnan(get_run(place, run.run_id).metrics["loss"])
    assert [point.step for point in metric_series(place, run.run_id)] == [0, 1, 2]


def test_a_late_start_does_not_reopen_a_run(place, make_run):
    box, run = outbox_of(place), make_run()
    box.finish(run)
    deliver(place)
    box.start(run)
    deliver(place)
    assert get_run(place, run.run_id).status == "FINISHED"


def test_what_mlflow_has_is_not_sent_round_again(place, make_run):
    box, run = outbox_of(place), make_run()
    box.finish(run)
    entries = box.entries()
    deliver(place)
    ledger = open_ledger(place)
    with ledger.begin() as connection:
        connection.execute(tables.runs.update().values(delivery="delivered", mlflow_run_id="abc"))
        apply(ledger, connection, entries)
    found = get_run(place, run.run_id)
    assert (found.delivery, found.mlflow_run_id) == ("delivered", "abc")


_DELIVERER = """
import sys
from nbops.tracking.delivery import deliver
from nbops.workspace import find_workspace
workspace = find_workspace(sys.argv[1])
sys.stdin.readline()
deliver(workspace)
"""


def test_deliverers_at_once_have_the_effect_of_one(place, make_run):
    """Also the first two processes that open a new ledger."""
    box = outbox_of(place)
    for number in range(150):
        run = make_run(f"run-{number}", metrics={"auc": number / 150})
        box.start(run)
        for step in range(3):
            box.metric(run.run_id, MetricPoint(name="loss", value=step, step=step, timestamp=step))
        box.finish(run)
    deliverers = [
        subprocess.Popen([sys.executable, "-c", _DELIVERER, str(place.root)], stdin=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in deliverers:
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in deliverers:
        one.communicate(timeout=120)
    assert [one.returncode for one in deliverers] == [0, 0]
    assert deliver(place) == 0
    assert _count(place, tables.runs) == 150
    assert _count(place, tables.metrics) == 150 * 4
    assert get_run(place, "run-77").metrics == {"auc": 77 / 150, "loss": 2.0}


def test_runs_of_a_dead_process_are_killed_at_their_last_sign_of_life(place, make_run):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    began = time.time() - 100
    run = make_run(status="RUNNING", started_at=began, process=process_identity(child.pid))
    mine = make_run("mine", status="RUNNING")
    box = outbox_of(place)
    box.start(run)
    box.start(mine)
    box.metric(run.run_id, MetricPoint(name="loss", value=1.0, step=0, timestamp=began + 40))
    deliver(place)
    assert get_run(place, run.run_id).status == "RUNNING"
    child.kill()
    child.communicate()
    deliver(place)
    found = get_run(place, run.run_id)
    assert (found.status, found.ended_at) == ("KILLED", began + 40)
    assert found.duration == pytest.approx(40)
    assert found.error is not None
    assert get_run(place, mine.run_id).status == "RUNNING"


def test_the_last_words_of_a_dead_process_win(place, make_run):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = make_run(process=process_identity(child.pid))
    child.kill()
    child.communicate()
    box = outbox_of(place)
    box.start(run)
    box.finish(run)
    deliver(place)
    assert get_run(place, run.run_id).status == "FINISHED"


def test_an_entry_that_no_ledger_takes_does_not_stop_the_others(place, make_run):
    box = outbox_of(place)
    good, bad = make_run("good"), make_run("bad")
    box.finish(bad)
    # A newer nbops may write what this one cannot read.
    with box._transaction(durable=True) as connection:
        connection.execute("UPDATE entries SET payload = '{\"run_id\": 1}'")
    box.start(good)
    box.metric(good.run_id, MetricPoint(name="loss", value=1.0, step=2**80, timestamp=1.0))
    box.finish(good)
    deliver(place)
    assert get_run(place, "good").status == "FINISHED"
    assert box.pending() == 0
    assert [run_id for run_id, _ in box.refused()] == [good.run_id, bad.run_id]
    assert "2 entries" in courier.status(place).error


def test_a_ledger_that_is_away_keeps_everything_in_the_outbox(tmp_path, monkeypatch, make_run):
    monkeypatch.setenv("NBOPS_LEDGER_URI", "postgresql://nobody@127.0.0.1:9/none")
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    place = find_workspace(tmp_path)
    outbox_of(place).finish(make_run())
    with pytest.raises(LedgerError) as caught:
        deliver(place)
    assert "\n" not in str(caught.value)
    assert outbox_of(place).pending() == 1
    state = courier.status(place)
    assert (state.ledger, state.running) == (False, False)
    assert state.error


def test_many_odd_runs_arrive(place, make_run):
    box = outbox_of(place)
    runs = [
        make_run("nul \0 byte", stdout="a\0b", params={"p\0": "\0"}),
        make_run("half \ud800 pair", code="x = '\ud800'", tags={"t": "\udcff"}),
        make_run("", params={"": ""}, metrics={"": 0.0}),
        make_run("long", code="x = 1\n" * 50_000, params={f"p{i}": "v" * 900 for i in range(300)}),
        make_run("twice", data=(DataRef(name="a", fingerprint="1", rows=1, columns=1),) * 2),
    ]
    for run in runs:
        box.finish(run)
    deliver(place)
    assert box.refused() == []
    assert {get_run(place, run.run_id).status for run in runs} == {"FINISHED"}


def test_fork_after_delivery(place, make_run):
    outbox_of(place).finish(make_run())
    deliver(place)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            outbox_of(place).finish(make_run("child"))
            code = 0 if deliver(place) == 1 else 2
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert get_run(place, "child").status == "FINISHED"
