"""The prediction log and its labels, through what others call."""

from __future__ import annotations

import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import DataError, UsageError, WorkspaceError
from nbops.monitoring.monitors.source import read_rows
from nbops.monitoring.predictions import (
    PredictionLog,
    PredictionSettings,
    input_profile,
    label_retention,
    labelled_rows,
    read_labels,
    read_predictions,
    record_labels,
)
from nbops.monitoring.predictions import journal as journal_module
from nbops.monitoring.predictions.journal import Journal
from nbops.monitoring.predictions.label_retention import forget_labels
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.status import prediction_status
from nbops.records import Monitor

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY


def _frame(rows: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"age": np.arange(rows) + 30.0, "city": ["Bern", "Graz", "Linz"] * (rows // 3)})


def test_what_is_logged_is_read_before_and_after_it_becomes_parquet(workspace):
    with PredictionLog(workspace, "m") as log:
        ids = log.log(rows=_frame(), outputs=["no", "yes", "no"], scores={"no": [0.9, 0.2, 0.6], "yes": [0.1, 0.8, 0.4]},
                      version=2, digest="d" * 8, latency=0.25, at=[T0, T0 + 2 * DAY, T0 + DAY])  # fmt: skip
        before = read_predictions(workspace, "m")
    after = read_predictions(workspace, "m")
    assert list(after.columns) == [
        "prediction_id", "at", "version", "digest", "output", "score_no", "score_yes", "latency", "age", "city",
    ]  # fmt: skip
    pd.testing.assert_frame_equal(before, after)
    assert list(after["prediction_id"]) == [ids[0], ids[2], ids[1]]
    assert list(after["output"]) == ["no", "no", "yes"]
    assert list(after["city"]) == ["Bern", "Linz", "Graz"]
    assert set(after["version"]) == {2} and set(after["latency"]) == {0.25}


def test_a_time_a_version_and_columns_can_be_chosen(workspace):
    with PredictionLog(workspace, "m") as log:
        for version in (1, 2):
            log.log(rows=_frame(), outputs=[1, 2, 3], version=version, at=[T0, T0 + DAY, T0 + 2 * DAY])
    assert len(read_predictions(workspace, "m", T0 + DAY, T0 + 2 * DAY)) == 2
    chosen = read_predictions(workspace, "m", version=2, columns=["age", "at", "absent"])
    assert list(chosen.columns) == ["age", "at"] and len(chosen) == 3


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_newest_are_the_end_of_all(a_week, data):
    chosen = {
        "version": data.draw(st.sampled_from([None, 1, 2])),
        "end": data.draw(st.sampled_from([None, T0 + 3.5 * DAY, T0 + 5 * DAY])),
        "start": data.draw(st.sampled_from([None, T0 + DAY])),
    }
    rows = data.draw(st.integers(0, 80))
    whole = read_predictions(a_week, "m", **chosen)
    pd.testing.assert_frame_equal(
        read_predictions(a_week, "m", **chosen, newest=rows), whole.tail(rows).reset_index(drop=True)
    )


def test_none_of_the_newest_have_the_types_of_all(a_week):
    end = T0 + 5 * DAY  # the day that begins then has predictions, none of them before its first second
    none = read_predictions(a_week, "m", end=end, newest=0)
    pd.testing.assert_frame_equal(none, read_predictions(a_week, "m", end=end).head(0))


@pytest.fixture(scope="module")
def a_week(tmp_path_factory):
    """Seven days of predictions of two versions in turn, some of them there twice."""
    from nbops.workspace import find_workspace

    folder = tmp_path_factory.mktemp("week")
    (folder / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(folder)
    with PredictionLog(workspace, "m") as log:
        for day in range(7):
            at, ids = T0 + day * DAY + np.arange(10) * 8000, [f"{day}-{place}" for place in range(10)]
            log.log(ids=ids, outputs=np.arange(10), version=1 + day % 2, at=at)
            log.log(ids=ids[:3], outputs=np.arange(3), version=1 + day % 2, at=at[:3])
    return workspace


def test_only_the_days_that_hold_the_newest_are_read(workspace):
    with PredictionLog(workspace, "m") as log:
        for day in range(3):
            log.log(rows=_frame(), outputs=[1, 2, 3], at=T0 + day * DAY)
    (file,) = (workspace.predictions / "model=m" / "predictions" / "day=2023-11-14").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:50])
    assert len(read_predictions(workspace, "m", newest=5)) == 5
    monitor = Monitor(name="w", model="m", source="predictions", window="4 rows")
    assert len(read_rows(workspace, monitor, T0 + 9 * DAY).frame) == 4
    with pytest.raises(DataError, match="is damaged"):
        read_predictions(workspace, "m", newest=7)


def test_identifiers_are_made_sort_by_time_and_are_kept_if_given(workspace):
    with PredictionLog(workspace, "m") as log:
        made = log.log(outputs=np.zeros(2000))
        assert made == sorted(set(made))
        assert log.log(ids=[7, "b"], outputs=[1, 2]) == ["7", "b"]
        # A caller who asks again with the same identifier has not predicted twice.
        log.log(ids=["b"], outputs=[3])
    found = read_predictions(workspace, "m").set_index("prediction_id")
    assert len(found) == 2002 and found.loc["b", "output"] == 2


def test_batches_of_differing_columns_and_types_are_read_together(workspace):
    with PredictionLog(workspace, "m") as log:
        log.log(rows={"a": [1, 2]}, outputs=[1, 0])
        log.log(rows={"a": [1.5, None], "b": ["x", "y"]}, outputs=[0.5, 1.0])
        log.log(rows={"a": ["word"], "output": [9]}, outputs=["text"])
    found = read_predictions(workspace, "m")
    assert len(found) == 5
    assert found["b"].notna().sum() == 2 and found["input_output"].notna().sum() == 1


def test_many_threads_share_flushes_and_every_acknowledged_prediction_is_there(workspace):
    log = PredictionLog(workspace, "m")
    told: list[str] = []

    def work() -> None:
        for _ in range(20):
            told.extend(log.log(outputs=[1.0, 2.0]))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commits = log.health.commits
    assert set(read_predictions(workspace, "m")["prediction_id"]) == set(told) and len(told) == 320
    log.close()
    assert commits < 160


def test_what_nobody_waits_for_is_there_after_a_flush(workspace):
    log = PredictionLog(workspace, "m", PredictionSettings(flush=60.0))
    ids = log.submit(outputs=[1, 2])
    log.flush()
    assert list(read_predictions(workspace, "m")["prediction_id"]) == ids
    log.close()


def test_secrets_in_texts_and_columns_that_are_to_be_left_out_are_not_kept(workspace, monkeypatch):
    monkeypatch.setenv("SHOP_API_KEY", "hunter2-hunter2")
    rows = {"note": ["call with hunter2-hunter2", "fine"], "name": ["Ann", "Bob"], "password": ["s3cret-word", "x"]}
    with PredictionLog(workspace, "m", PredictionSettings(leave_out=("name",))) as log:
        log.log(rows=rows, outputs=[0, 1])
    found = read_predictions(workspace, "m")
    assert "name" not in found.columns and list(found["note"]) == ["call with [redacted]", "fine"]
    stored = b"".join(path.read_bytes() for path in workspace.predictions.rglob("*") if path.is_file())
    assert b"hunter2" not in stored and b"s3cret" not in stored and b"Ann" not in stored


def test_without_rows_their_profile_is_kept_and_adds_up(workspace):
    from nbops.data.profile import profile_frame

    frame = _frame(300)
    with PredictionLog(workspace, "m", PredictionSettings(rows=False)) as log:
        for first in (0, 100, 200):
            log.log(rows=frame[first : first + 100], outputs=np.zeros(100), version=1, at=T0)
    assert "age" not in read_predictions(workspace, "m").columns
    reference = profile_frame(frame[:100])
    assert input_profile(workspace, "m").to_dict() == profile_frame(frame, reference).to_dict()
    assert input_profile(workspace, "m", start=T0 + DAY) is None


def test_the_oldest_days_go_when_there_are_too_many_bytes_and_are_counted(workspace):
    from nbops.monitoring.predictions.status import prediction_status

    settings = PredictionSettings(max_bytes=60_000)
    generator = np.random.default_rng(0)
    with PredictionLog(workspace, "m", settings) as log:
        for day in range(6):
            log.log(rows={"x": generator.normal(size=2000)}, outputs=np.zeros(2000), at=T0 + day * DAY)
    found = read_predictions(workspace, "m")
    status = prediction_status(workspace, "m")
    assert 0 < len(found) < 12_000 and found["at"].max() == T0 + 5 * DAY and found["at"].min() > T0
    assert status.dropped_rows == 12_000 - len(found) and status.bytes <= 60_000


def test_labels_go_with_their_predictions_and_no_others(workspace):
    kept = PredictionSettings(max_bytes=1_000_000)
    for day in range(3):
        with PredictionLog(workspace, "m", kept) as log:
            ids = [f"{day}-{place}" for place in range(50)]
            log.log(ids=ids, rows={"x": np.random.default_rng(day).random(50)}, outputs=[1] * 50, at=T0 + day * DAY)
            # One of the first day is there again later.
            log.log(ids=["0-0"], outputs=[1], at=T0 + 2 * DAY)
        record_labels(workspace, "m", ids, [1] * 50, at=T0 + 3 * DAY)
    record_labels(workspace, "m", ["not yet"], [1], at=T0 + 3 * DAY)
    days = workspace.predictions / "model=m" / "predictions"
    size = sum(path.stat().st_size for path in days.glob("day=*/*.parquet"))
    with PredictionLog(workspace, "m", PredictionSettings(max_bytes=size - 100)) as log:
        log.flush()
        log.submit(ids=["last"], outputs=[1], at=T0 + 2 * DAY)
    there = set(read_predictions(workspace, "m")["prediction_id"])
    assert "0-0" in there and "0-1" not in there
    assert set(read_labels(workspace, "m")["prediction_id"]) == (there | {"not yet"}) - {"last"}
    status = prediction_status(workspace, "m")
    assert status.dropped_labels == 49 and status.unknown_labels == 1
    # It may still come.
    with PredictionLog(workspace, "m", kept) as log:
        log.log(ids=["not yet"], outputs=[1], at=T0 + 2 * DAY)
    assert prediction_status(workspace, "m").unknown_labels == 0


def test_old_labels_of_no_prediction_go_after_as_many_days_as_predictions(workspace, monkeypatch):
    with PredictionLog(workspace, "m") as log:
        log.log(ids=["a"], outputs=[1])
    record_labels(workspace, "m", ["a", "stranger"], [1, 1])
    year = time.time() + 450 * DAY
    monkeypatch.setattr(label_retention.time, "time", lambda: year)
    forget_labels(prediction_journal(workspace, "m"), label_journal(workspace, "m"), 400)
    assert list(read_labels(workspace, "m")["prediction_id"]) == ["a"]


def test_many_small_files_of_a_day_become_one(workspace):
    for number in range(20):
        with PredictionLog(workspace, "m") as log:
            log.log(ids=[number], outputs=[number], at=T0)
    assert sorted(read_predictions(workspace, "m")["output"]) == list(range(20))
    assert len(list(workspace.predictions.rglob("*.parquet"))) < 16


def test_a_full_disk_is_said_and_what_was_written_before_stays(workspace, monkeypatch):
    import os

    log = PredictionLog(workspace, "m")
    log.log(ids=["a"], outputs=[1])
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if threading.current_thread().name == "nbops-predictions":
            # Half of it reaches the disk, as when it fills up.
            real(descriptor, bytes(data)[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(WorkspaceError, match="No space left"):
            log.log(ids=["b"], outputs=[2])
        assert log.health.lost == 1 and "No space" in log.health.problem
    log.log(ids=["c"], outputs=[3])
    log.close()
    assert list(read_predictions(workspace, "m")["prediction_id"]) == ["a", "c"]


def test_who_logs_faster_than_the_disk_writes_is_held_back(workspace, monkeypatch):
    import os

    gate = threading.Event()
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: (gate.wait(), real(descriptor))[1])
    log = PredictionLog(workspace, "m", PredictionSettings(pending_bytes=100_000))
    done: list[int] = []

    def work() -> None:
        for number in range(5):
            log.submit(outputs=np.zeros(3000))
            done.append(number)

    thread = threading.Thread(target=work)
    thread.start()
    while log.health.pending_bytes < 100_000:
        time.sleep(0.005)
    assert len(done) < 5 and log.health.pending_bytes < 600_000
    gate.set()
    thread.join()
    log.close()
    assert len(read_predictions(workspace, "m")) == 15_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ids": ["a"], "outputs": [1, 2]}, "1 identifiers of 2"),
        ({"ids": ["a", "a"], "outputs": [1, 2]}, "same identifier"),
        ({"outputs": [1, 2], "scores": [0.1]}, "1 scores of 2"),
        ({"outputs": [1, 2], "rows": {"x": [1]}}, "1 rows of inputs of 2"),
        ({"outputs": [1], "at": [float("nan")]}, "time is missing"),
    ],
)
def test_what_does_not_fit_together_is_refused(workspace, given, said):
    with PredictionLog(workspace, "m") as log, pytest.raises(DataError, match=said):
        log.log(**given)


def test_a_name_that_is_a_way_out_of_the_folder_is_none(workspace):
    with pytest.raises(UsageError):
        PredictionLog(workspace, "../elsewhere")
    with PredictionLog(workspace, "..") as log:
        log.log(outputs=[1])
    assert (workspace.predictions / "model=..").is_dir()


def test_the_last_label_to_arrive_counts_as_of_any_time_and_all_are_kept(workspace):
    with PredictionLog(workspace, "m") as log:
        log.log(ids=["a", "b"], outputs=[1, 0], at=T0)
    record_labels(workspace, "m", ["a", "stranger"], [1, 1], at=T0 + 3 * DAY)
    # Written later, and arrived before.
    record_labels(workspace, "m", ["a", "b"], [0, 0], at=T0 + DAY)
    record_labels(workspace, "m", ["b"], [1], at=T0 + 4 * DAY)
    record_labels(workspace, "m", ["b"], [0], at=T0 + 4 * DAY)

    def known(day: float) -> dict[str, int]:
        found = read_labels(workspace, "m", as_of=T0 + day * DAY)
        return dict(zip(found["prediction_id"], found["label"], strict=True))

    assert known(0.5) == {}
    assert known(1) == {"a": 0, "b": 0}
    assert known(3) == {"a": 1, "b": 0, "stranger": 1}
    assert known(4) == {"a": 1, "b": 0, "stranger": 1}
    assert len(read_labels(workspace, "m", history=True)) == 6


def test_a_label_can_be_taken_back(workspace):
    record_labels(workspace, "m", ["a"], ["yes"], at=T0)
    record_labels(workspace, "m", ["a"], [None], at=T0 + 1)
    assert len(read_labels(workspace, "m")) == 0 and len(read_labels(workspace, "m", as_of=T0)) == 1


def test_labelled_rows_for_training_are_the_newest_as_known_then(workspace):
    with PredictionLog(workspace, "m") as log:
        ids = log.log(rows=_frame(), outputs=[1, 0, 1], at=[T0, T0 + DAY, T0 + 2 * DAY])
    record_labels(workspace, "m", ids, [1, 1, 0], at=[T0 + 5 * DAY, T0 + 5 * DAY, T0 + 9 * DAY])
    found = labelled_rows(workspace, "m", target="churn")
    assert list(found.columns) == ["age", "city", "churn"] and list(found["churn"]) == [1, 1, 0]
    assert list(labelled_rows(workspace, "m", "1 rows", as_of=T0 + 6 * DAY)["city"]) == ["Graz"]
    assert len(labelled_rows(workspace, "m", "1d")) == 1
    with pytest.raises(DataError, match="no label has arrived"):
        labelled_rows(workspace, "m", as_of=T0)


def test_who_reads_while_files_are_compacted_and_merged_sees_each_prediction_once(workspace, monkeypatch):
    from nbops.monitoring.predictions import committing, compaction
    from nbops.monitoring.predictions.log import prediction_journal

    monkeypatch.setattr(committing, "_SEGMENT_BYTES", 3000)
    monkeypatch.setattr(compaction, "MANY", 3)
    told: list[str] = []

    def write(name: str) -> None:
        with PredictionLog(workspace, "m") as log:
            for batch in range(60):
                told.extend(
                    log.log(ids=[f"{name}{batch}.{i}" for i in range(3)], outputs=[1, 2, 3], at=[T0, T0 + DAY, T0])
                )

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    journal = prediction_journal(workspace, "m")
    while any(thread.is_alive() for thread in threads):
        before = set(told)
        seen = [name for table in journal.read() for name in table.column("prediction_id").to_pylist()]
        assert len(seen) == len(set(seen)) and before <= set(seen)
    assert len(read_predictions(workspace, "m")) == 360


def test_times_are_seconds_also_beside_dates_and_are_refused_where_they_are_none(workspace):
    record_labels(workspace, "m", ["a", "b"], [1, 0], at=["2026-01-01", T0])
    assert sorted(read_labels(workspace, "m")["at"]) == [T0, 1767225600.0]
    for strange in ([[1], [2, 3]], [[1.0], [2.0]], True):
        with pytest.raises(DataError):
            record_labels(workspace, "m", ["a", "b"], [1, 0], at=strange)


def test_whatever_was_predicted_can_be_written(workspace):
    with PredictionLog(workspace, "m") as log:
        log.log(rows={"n": [10**30, 1]}, outputs=[[1], [2, 3]])
        log.log(rows={"n": [5, 1]}, outputs=[10**30, 1])
    assert len(read_predictions(workspace, "m")) == 4


def test_what_comes_while_the_log_closes_is_written(workspace, monkeypatch):
    log = PredictionLog(workspace, "m")
    log.log(outputs=[1])
    came = []
    monkeypatch.setattr(log._committer, "_tidy", lambda: came or came.append(log.submit(outputs=[2])))
    log.close()
    monkeypatch.undo()
    log.flush()
    assert len(read_predictions(workspace, "m")) == 2
    log.close()


def test_what_is_refused_while_the_log_is_held_is_told_as_it_is(tmp_path):
    with pytest.raises(PermissionError), Journal(tmp_path).lock():
        raise PermissionError("not yours")


def test_inputs_may_have_the_names_of_the_log(workspace):
    names = ["at", "input_at", "label", "input_label", "score_a", "age"]
    with PredictionLog(workspace, "m") as log:
        ids = log.log(rows=pd.DataFrame([range(6)], columns=names), outputs=[1], at=T0)
    shown = list(read_predictions(workspace, "m").columns)
    assert len(set(shown)) == len(shown) and {"input_at", "input_input_at", "input_score_a", "age"} <= set(shown)
    assert list(read_predictions(workspace, "m", columns=["input_at"])["input_at"]) == [0]
    record_labels(workspace, "m", ids, [1])
    # A model learns from them by the names that it knows.
    rows = labelled_rows(workspace, "m", target="y")
    assert list(rows.columns) == [*names, "y"] and list(rows.iloc[0]) == [0, 1, 2, 3, 4, 5, 1]
    with pytest.raises(DataError, match="called 'label' too"):
        labelled_rows(workspace, "m")


def test_inputs_outside_the_window_are_not_read(workspace, monkeypatch):
    for day in range(4):
        with PredictionLog(workspace, "m") as log:
            ids = log.log(rows=_frame(), outputs=[1, 2, 3], at=T0 + day * DAY)
        record_labels(workspace, "m", ids, [1, 2, 3])
    read: list[str] = []
    whole = journal_module._rows

    def seen(path, wanted):
        if wanted is None or wanted("input:age"):
            read.append(path.parent.name)
        return whole(path, wanted)

    monkeypatch.setattr(journal_module, "_rows", seen)
    assert len(labelled_rows(workspace, "m", "1d")) == 3
    assert [day for day in read if day < "day=2023-11-17"] == []


def test_a_damaged_file_holds_up_nothing_that_comes(workspace):
    for _ in range(2):
        record_labels(workspace, "m", ["a"], [1], at=T0)
    folder = workspace.predictions / "model=m" / "labels" / "day=2023-11-14"
    (damaged, *_) = folder.glob("*.parquet")
    for number in range(20):
        (folder / f"{number:016x}-1-aa.parquet").write_bytes(damaged.read_bytes()[:50])
    assert record_labels(workspace, "m", ["b"], [0], at=T0) == 1
    with PredictionLog(workspace, "m") as log:
        log.log(outputs=[1], at=T0)
    (file,) = (workspace.predictions / "model=m" / "predictions").glob("day=*/*.parquet")
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(DataError, match="is damaged"):
        input_profile(workspace, "m")


def test_what_is_compacted_while_it_is_counted_holds_up_nothing(workspace, monkeypatch):
    from nbops.monitoring.predictions import status

    with PredictionLog(workspace, "m") as log:
        log.log(outputs=[1, 0])
    whole = status.dropped

    def meanwhile(journal):
        for path in workspace.predictions.rglob("*.parquet"):
            path.unlink()
        return whole(journal)

    monkeypatch.setattr(status, "dropped", meanwhile)
    found = status.prediction_status(workspace, "m")
    assert (found.rows, found.bytes) == (2, 0)
