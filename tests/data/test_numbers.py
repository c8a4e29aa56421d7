"""Numbers are counted the same however many come at once, and by what they are and not by what stands beside them."""

from __future__ import annotations

import base64
import copy
import pickle
import zlib

import numpy as np
import pandas as pd
import pytest

from nbops.data import histogram
from nbops.data.histogram import Histogram, Scale
from nbops.data.numbers import NumberCounts
from nbops.data.profile import Profile, profile_frame
from nbops.data.sums import Moments
from nbops.errors import DataError

DRAW = np.random.default_rng(1)
CONTINUOUS = DRAW.normal(size=80_000)
COLUMNS = {
    "neighbours beyond floats": np.repeat(2**60 + np.arange(50), 200),
    "at the edge of floats": np.repeat(2**53 + np.arange(-1, 3), 3000),
    "powers of two": np.tile(2 ** np.arange(62), 200),
    "far apart": np.repeat(np.array([-9 * 10**18, 5, 9 * 10**18, 9 * 10**18 + 1, 9 * 10**18 + 3]), 3000),
    "without a sign": np.repeat(np.array([5, 2**63 - 9, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1], np.uint64), 3000),
    "too large for float32": np.repeat([1.0, 2.0**200, 2.0**201, np.inf, -np.inf], 3000),
    "too small for float32": np.repeat([0.0, -0.0, 2.0**-133, 1.5 * 2.0**-133, 2.0**-140, 1.0, np.nan], 3000),
    "nought, then any": np.concatenate([np.zeros(70_000), CONTINUOUS]),
    "whole, then any": np.concatenate([DRAW.integers(0, 9, 200_000).astype(float), CONTINUOUS]),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("shift", [0.0, 2.0**53, 2.0**60, 9e18, 2.0**64, -(2.0**63)])
def test_numbers_are_the_same_however_many_come_at_once(name, shift):
    values, scale = COLUMNS[name], Scale(shift, 60 if shift else 0)
    whole, on = NumberCounts.of(values, scale), NumberCounts(scale, moments=Moments(scale.unit))
    parts = NumberCounts(scale, moments=Moments(scale.unit))
    for part in np.split(values, [3, 3300, 12_000, 75_000]):
        parts.add(NumberCounts.of(part, scale, parts.distinct))
        on.take([part])
    on.settle()
    finite = values[np.isfinite(values)]
    bins, counts = np.unique(histogram.bins_of(values[~np.isnan(values)], shift), return_counts=True)
    for found in (whole, on, parts):
        assert (found.bins.tolist(), found.counts.tolist()) == (bins.tolist(), counts.tolist())
        assert (found.moments, found.distinct.packed()) == (whole.moments, whole.distinct.packed())
        assert (found.minimum, found.maximum, found.finite) == (finite.min(), finite.max(), len(finite))
    different = len(np.unique(finite))
    assert whole.distinct.count(len(finite)) == (different if different <= 512 else pytest.approx(different, rel=0.14))


@pytest.mark.parametrize("many", [65_536, 262_144])
@pytest.mark.parametrize("level", [0, 10, 20, 50])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_sums_have_room_for_the_largest_numbers_of_each_level(many, level, sign):
    value = sign * np.nextafter(2.0 ** (10 + level), 0.0)
    found = Moments(0)
    found.take(np.full(many, value), 0.0, value, value, np.empty(many))
    one = Moments(0)
    one.take(np.full(1, value), 0.0, value, value, np.empty(1))
    assert (found.fine, found.coarse, found.squares) == (many * one.fine, many * one.coarse, many * one.squares)
    assert float(found.total(0.0, many)) == pytest.approx(many * value, rel=1e-12)


@pytest.mark.parametrize("distance", [0.3, 7.9, 31.9, 90.6, 127.9, 500.0])
def test_squares_of_many_numbers_have_room_however_they_are_added(distance):
    many = 262_144
    found, one = Moments(0), Moments(0)
    found.take(np.full(many, distance), 0.0, distance, distance, np.empty(many))
    one.take(np.full(1, distance), 0.0, distance, distance, np.empty(1))
    assert found.squares == many * one.squares


def test_the_deviation_of_numbers_far_from_the_reference():
    known = profile_frame(pd.DataFrame({"x": DRAW.normal(0, 1, 20_000)}))
    values = DRAW.normal(100, 1, 300_000)
    found = profile_frame(pd.DataFrame({"x": values}), known).columns[0]
    assert found.deviation == pytest.approx(values.std(), rel=1e-4)


def test_whole_numbers_and_floats_are_summed_alike_beside_a_shift_that_is_large():
    whole = (1_600_000_000 + DRAW.integers(0, 86_400 * 3650, 20_000)) * 10**9
    for values, scale in [
        (whole, histogram.scale_of(whole)),
        (np.array([2**15 + 1]), Scale(2.0**60, 50)),
        (np.repeat(2**53 - np.arange(9), 2000), Scale(2.0**53, 4)),
    ]:
        one, other = NumberCounts.of(values, scale), NumberCounts.of(values.astype(float), scale)
        assert one.moments == other.moments
        assert (one.bins.tolist(), one.counts.tolist()) == (other.bins.tolist(), other.counts.tolist())


@pytest.mark.parametrize("step", ["40min", "2h", "400s", "5min"])
@pytest.mark.parametrize("repeats", [1, 4])
@pytest.mark.parametrize("many", [520, 2000])
def test_times_by_even_steps_are_told_apart(step, repeats, many):
    times = pd.date_range("2024-01-01", periods=many, freq=step).repeat(repeats)
    found = profile_frame(pd.DataFrame({"t": times})).columns[0].distinct
    assert found == pytest.approx(many, rel=0.14)


def test_what_numpy_would_raise_for_is_not_raised():
    values = [np.full(20, 1e-300), np.array([1.7e308, -1.7e308, 1.6e308, 0.0] * 5), np.array([5e-324, 1.0] * 9)]
    with np.errstate(all="raise"):
        for one in values:
            NumberCounts.of(one, histogram.scale_of(one))


def test_a_histogram_is_a_mapping_that_nobody_writes_to():
    found = histogram.counted(np.array([1.0, 2.0, 2.0, 9.0]), 0.0)
    turned = Histogram(found.bins[::-1], found.counts[::-1])
    assert found == dict(found) == turned and found != Histogram() and Histogram() == {}
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found
    assert sorted(found.values()) == [1, 1, 2] and found.get(-1) is None
    with pytest.raises(ValueError, match="read-only"):
        found.counts[0] = 5


def test_a_histogram_with_a_bin_that_lacks_its_count_is_no_profile():
    packed = profile_frame(pd.DataFrame({"x": np.arange(100.0)})).to_dict()
    planes = np.zeros((8, 3), np.uint8).tobytes()
    packed["columns"][0]["histogram"] = base64.b64encode(zlib.compress(planes)).decode()
    with pytest.raises(DataError, match="no whole profile"):
        Profile.from_dict(packed)


def test_counts_that_were_settled_go_on():
    scale = Scale(0.0, 1)
    found = NumberCounts(scale, moments=Moments(1))
    for part in np.split(CONTINUOUS, 4):
        found.take([part])
        found.settle()
        found.settle()
    whole = NumberCounts.of(CONTINUOUS, scale)
    assert found.bins.tolist() == whole.bins.tolist() and found.counts.tolist() == whole.counts.tolist()
    assert found.distinct.packed() == whole.distinct.packed() and found.moments == whole.moments
