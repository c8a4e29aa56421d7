"""Thresholds learned from windows of the reference, and fixed ones."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import nbops
from nbops.data.profile import profile_frame
from nbops.errors import UsageError
from nbops.monitoring.learning import learned_limits

RANDOM = np.random.default_rng(6)


def _by_name(report):
    return {column.name: column for column in report.columns}


def _series(rows, alike=0.98):
    """Draw a stationary series whose neighbours are alike, of mean 0 and deviation 1."""
    noise = RANDOM.normal(size=rows + 500) * np.sqrt(1 - alike**2)
    out = np.empty_like(noise)
    last = 0.0
    for i, value in enumerate(noise):
        last = out[i] = alike * last + value
    return out[500:]


def test_rows_that_are_alike_need_learned_limits():
    calibrated = learned = 0
    for _ in range(25):
        whole = _series(6500)
        reference, current = pd.DataFrame({"x": whole[:6000]}), pd.DataFrame({"x": whole[6100:6400]})
        calibrated += bool(nbops.drift(reference, current).drifted)
        learned += bool(nbops.drift(reference, current, thresholds="learned").drifted)
    # What independent rows would never do, these do all the time; windows of the same series know better.
    assert calibrated >= 15
    assert learned <= binom.ppf(0.999, 25, 0.05)
    moved = pd.DataFrame({"x": _series(300) + 4})
    report = nbops.drift(reference, moved, thresholds="learned")
    assert report.drifted == ("x",) and report.thresholds == "learned"
    assert "20 reference windows, each compared with the others" in report.false_alarm


def test_no_window_is_part_of_its_own_reference():
    # Windows that differ from one another as much as can be: against all together each would look a tenth more alike.
    frames = [pd.DataFrame({"x": np.full(50, float(i))}) for i in range(10)]
    first = profile_frame(frames[0])
    windows = [profile_frame(frame, first) for frame in frames]
    ((key, limit),) = learned_limits(windows, 0.05).items()
    assert key == ("x", "") and limit == 1.0


def test_limits_are_learned_by_column_from_windows_given():
    def frame(rows, wild):
        return pd.DataFrame(
            {
                "calm": RANDOM.normal(size=rows),
                "wild": RANDOM.normal(wild, 1, rows),
                "c": RANDOM.choice(list("ab"), rows),
            }
        )

    windows = [frame(400, wild) for wild in RANDOM.normal(0, 1, 12)]
    current = frame(400, 0.9).assign(calm=RANDOM.normal(0.9, 1, 400))
    for given in ({"reference": windows}, {"reference": pd.concat(windows), "reference_windows": windows}):
        report = nbops.drift(given.pop("reference"), current, thresholds="learned", **given)
        assert report.drifted == ("calm",)
        found = _by_name(report)
        assert found["wild"].limit > 2 * found["calm"].limit
        assert report.reference_rows == 4800


def test_learning_needs_ten_windows():
    frame = pd.DataFrame({"x": RANDOM.normal(size=900)})
    with pytest.raises(UsageError, match="at least 10 windows of the reference, not 9"):
        nbops.drift(frame, frame, thresholds="learned", reference_windows=9)
    with pytest.raises(UsageError, match="no windows to learn limits from"):
        nbops.drift(profile_frame(frame), frame, thresholds="learned")


@pytest.fixture
def pair():
    random = np.random.default_rng(1)
    before = pd.DataFrame(
        {"tenure": random.normal(size=900), "age": random.normal(size=900), "city": random.choice(list("abc"), 900)}
    )
    after = before.assign(tenure=before.tenure + 0.5, age=before.age + 0.2)
    return before, after


def test_fixed_thresholds_by_statistic_and_by_column(pair):
    report = nbops.drift(*pair, thresholds={"ks": 0.15, "age": {"wasserstein": 0.15}})
    found = _by_name(report)
    assert set(report.drifted) == {"tenure", "age"}
    assert (found["tenure"].measure, found["tenure"].limit) == ("ks", 0.15)
    assert (found["age"].measure, found["age"].limit) == ("wasserstein", 0.15)
    assert "; wasserstein 0." in found["age"].reason
    # No KS of a category: it stays calibrated.
    assert found["city"].measure == "effect"
    assert report.false_alarm.startswith("2 of 3 columns are judged by fixed thresholds")
    assert report.thresholds == "fixed"
    json.dumps(report.to_dict(), allow_nan=False)


def test_fixed_limits_that_chance_passes_are_said_to_be_that(pair):
    before, _ = pair
    few = before.sample(40, random_state=0)
    assert "of 3 of these, chance alone passes" in nbops.drift(before, few, thresholds={"psi": 0.1}).false_alarm


def test_p_values_count_when_they_are_small(pair):
    assert set(nbops.drift(*pair, thresholds={"ks_p": 1e-9}).drifted) == {"tenure"}


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"psy": 0.2}, "no statistic 'psy'"),
        ({"psi": "much"}, "must be a number"),
        ({"salary": {"psi": 0.2}}, "has a column 'salary'"),
        ("strict", "'calibrated', 'learned' or a dictionary"),
    ],
)
def test_wrong_thresholds(pair, thresholds, said):
    with pytest.raises(UsageError, match=said):
        nbops.drift(*pair, thresholds=thresholds)


def test_a_minimum_of_ones_own(pair):
    assert nbops.drift(*pair, min_effect=0.5).drifted == ()
    report = nbops.drift(*pair, min_effect=0.15)
    assert report.drifted == ("tenure",) and report.min_effects == {"number": 0.15, "category": 0.15}
