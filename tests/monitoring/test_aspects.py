"""Times, texts and vectors are compared by what is looked at of them."""

import numpy as np
import pandas as pd

import nbops
from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.monitoring.drift import drift

RANDOM = np.random.default_rng(5)


def _times(first, days, rows, hours=None):
    at = pd.Timestamp(first) + pd.to_timedelta(RANDOM.random(rows) * days, unit="D")
    return pd.DataFrame(
        {"at": at if hours is None else at.normalize() + pd.to_timedelta(RANDOM.integers(*hours, rows), unit="h")}
    )


def _only(report):
    (column,) = report.columns
    return column


def test_a_later_time_is_no_drift_and_where_it_lies_is_told():
    column = _only(nbops.drift(_times("2024-01-01", 56, 4000), _times("2024-04-01", 56, 4000)))
    assert column.status == "steady"
    assert column.findings == ("2024-04-01 to 2024-05-26, reference 2024-01-01 to 2024-02-25 (35 days between them)",)


def test_other_hours_and_weekdays_are_drift():
    column = _only(nbops.drift(_times("2024-01-01", 56, 4000), _times("2024-04-01", 56, 4000, (8, 18))))
    assert column.drifted and column.reason.startswith("hour ")
    assert {aspect["name"]: aspect["drifted"] for aspect in column.aspects} == {"hour": True, "weekday": False}
    week = _times("2024-01-01", 56, 4000)
    work = week[week["at"].dt.day_of_week < 5]
    assert _only(nbops.drift(week, work)).reason.startswith("weekday ")


def test_the_calendar_alone_is_no_drift():
    # A month of 31 days has three weekdays once more than the others; a day has one.
    january, february = _times("2024-01-01", 31, 60_000), _times("2024-02-01", 29, 60_000)
    assert _only(nbops.drift(january, february)).status == "steady"
    assert _only(nbops.drift(january, _times("2024-02-01", 1, 4000))).status == "steady"


def _text(length, words, rows=2000):
    base = {"dtype": "str", "rows": rows}
    lengths = profile_frame(pd.DataFrame({"length": RANDOM.normal(length, 10, rows)})).columns[0]
    drawn = RANDOM.choice(64, rows * 12, p=words / words.sum())
    tokens = {f"t{i}": int(n) for i, n in enumerate(np.bincount(drawn, minlength=64)) if n}
    aspects = (lengths, ColumnProfile(name="tokens", kind="category", categories=tokens, **base))
    return Profile(rows, (ColumnProfile(name="note", kind="text", aspects=aspects, **base),))


def test_texts_by_their_words():
    plain = np.ones(64)
    other = np.where(np.arange(64) < 8, 6.0, 1.0)
    before, moved = _text(80, plain), _text(80, other)
    assert _only(drift(before, before)).status == "steady"
    column = _only(drift(before, moved))
    assert column.drifted and "words" in column.reason


def _vectors(shift, rows=2000):
    return pd.DataFrame(RANDOM.normal(shift, 1, (rows, 3)), columns=["norm", "projection 1", "projection 2"])


def test_vectors_by_norm_and_projections():
    frames = [_vectors(s) for s in (0.0, 0.0, 0.4)]
    first = profile_frame(frames[0])
    made = []
    for frame in frames:
        aspects = profile_frame(frame, first).columns
        made.append(
            Profile(2000, (ColumnProfile(name="v", kind="vector", dtype="object", rows=2000, aspects=aspects),))
        )
    assert _only(drift(made[0], made[1])).status == "steady"
    column = _only(drift(made[0], made[2]))
    assert column.drifted and "shifted up" in column.reason and len(column.aspects) == 3
