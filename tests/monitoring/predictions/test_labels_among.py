"""Labels of some predictions are the same, whether all labels were read or only files that may hold theirs."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import DataError
from nbops.monitoring.performance import performance
from nbops.monitoring.predictions import PredictionLog, labelled_predictions, read_labels
from nbops.monitoring.predictions.compaction import tidy
from nbops.monitoring.predictions.labelled import Labels, label_table, labels_of
from nbops.monitoring.predictions.labels import LabelLog
from nbops.monitoring.predictions.log import label_journal
from nbops.workspace import find_workspace

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY
NUMBER = itertools.count()

# Some sort by time, as identifiers that are made do, some do not; some have letters beyond ASCII, or beyond 16 bits.
IDENTIFIERS = [f"{beyond}{n}" for n in range(12) for beyond in ("", "0", "é", "\U0001f600")]
LABELS = st.one_of(
    st.lists(st.sampled_from([0, 1, None]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["0", "1", "no"]), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=1, max_size=6),
)


@st.composite
def batches(draw):
    """Labels with identifiers and times of arrival: late, repeated, corrected, taken back, of nobody, before their prediction."""
    labels = draw(LABELS)
    ids = draw(st.lists(st.sampled_from(IDENTIFIERS), min_size=len(labels), max_size=len(labels)))
    days = draw(st.lists(st.integers(-3, 6), min_size=len(labels), max_size=len(labels)))
    return ids, labels, [T0 + day * DAY + 100.0 for day in days]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace in which each example has a model of its own."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / "nbops.toml").write_text("courier = false\n")
    return find_workspace(folder)


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_is_read_of_some_predictions_is_what_all_labels_say_of_them(place, data):
    model = f"m{next(NUMBER)}"
    made = data.draw(st.lists(st.sampled_from(IDENTIFIERS), min_size=1, max_size=20, unique=True))
    early = data.draw(st.integers(0, len(made)))
    at = T0 + np.sort(data.draw(st.lists(st.integers(0, 3 * 86_400), min_size=len(made), max_size=len(made))))
    given = data.draw(st.lists(batches(), max_size=5))
    # The last are still in the segment that is being written; a prediction may come after its labels.
    still = data.draw(st.integers(0, len(given)))
    with PredictionLog(place, model) as log, LabelLog(place, model) as labels:
        if early:
            log.log(ids=made[:early], outputs=np.arange(early) % 2, at=at[:early])
        for ids, values, arrived in given[still:]:
            labels.record(ids, values, arrived)
        labels.close()
        if data.draw(st.booleans()):
            tidy(label_journal(place, model))
        for ids, values, arrived in given[:still]:
            labels.record(ids, values, arrived)
        if early < len(made):
            log.log(ids=made[early:], outputs=np.arange(len(made) - early) % 2, at=at[early:])
        as_of = data.draw(st.sampled_from([None, T0, T0 + DAY, T0 + 2 * DAY + 100.0, T0 + 9 * DAY]))
        some = data.draw(st.lists(st.sampled_from(IDENTIFIERS), max_size=4, unique=True))
        for ids in (some, made, []):
            some_read, all_read = Labels(place, model, as_of).read(ids), label_table(place, model, as_of)
            assert some_read.num_rows <= all_read.num_rows
            pd.testing.assert_frame_equal(labels_of(some_read, ids), labels_of(all_read, ids))
        start = data.draw(st.sampled_from([T0, T0 + DAY, T0 + 2 * DAY]))
        asked = {"as_of": as_of, "start": start}
        found, found_labelled = _told(place, model, **asked), labelled_predictions(place, model, **asked)
        read = Labels.read
        with pytest.MonkeyPatch.context() as everything:
            everything.setattr(Labels, "read", lambda self, ids=None: read(self))
            assert _told(place, model, **asked) == found
            pd.testing.assert_frame_equal(labelled_predictions(place, model, **asked), found_labelled)


def _told(place, model, *, as_of, start):
    report = performance(
        place, model, as_of=T0 + 20 * DAY if as_of is None else as_of, start=start, task="classification"
    )
    return json.dumps(report.to_dict(), sort_keys=True, default=str)


def test_files_of_labels_of_others_are_not_read(workspace):
    with PredictionLog(workspace, "m") as log, LabelLog(workspace, "m") as labels:
        for day in range(4):
            ids = log.log(
                ids=[f"{day}-{n:04}" for n in range(600)], outputs=[0, 1] * 300, at=T0 + day * DAY + np.arange(600)
            )
            labels.record(ids, [0, 1] * 300, at=T0 + (day + 1) * DAY)
        # One of the first predictions is corrected after all, and a label of the last was known before it was made.
        labels.record(["3-0001"], [0], at=T0 + 0.5 * DAY)
        labels.record(["0-0003"], ["1"], at=T0 + 9 * DAY)
    whole = _told(workspace, "m", as_of=None, start=T0 + 3 * DAY)
    (second,) = (label_journal(workspace, "m").folder / "day=2023-11-16").glob("*.parquet")
    data = bytearray(second.read_bytes())
    data[4:200] = bytes(196)
    second.write_bytes(data)
    with pytest.raises(DataError, match="is damaged"):
        read_labels(workspace, "m")
    frame = labelled_predictions(workspace, "m", start=T0 + 3 * DAY)
    assert frame["label"].notna().all()
    assert (frame["label_at"] - frame["at"] < 0).sum() == 1
    assert "600" in whole
