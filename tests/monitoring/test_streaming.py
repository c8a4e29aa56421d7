"""Detectors of changes in a stream."""

import sys

import numpy as np
import pandas as pd
import pytest

from nbops.errors import MissingExtraError, UsageError
from nbops.monitoring.streaming import StreamWatcher, watch_stream


@pytest.mark.parametrize("detector", ["adwin", "page-hinkley", "kswin"])
def test_a_step_is_noticed_soon_after_it_came_and_nothing_before(detector):
    pytest.importorskip("river", reason="river is an extra: nbops[streaming]")
    random = np.random.default_rng(0)
    values = np.r_[random.normal(size=600), random.normal(3, 1, 300)]
    found = watch_stream(pd.Series(values), detector)
    assert 600 <= found[0] < 700
    assert watch_stream(values, detector) == found


def test_missing_values_are_passed_over_and_counted():
    pytest.importorskip("river", reason="river is an extra: nbops[streaming]")
    random = np.random.default_rng(1)
    values = [None, float("nan"), pd.NA, *random.normal(size=500), *random.normal(4, 1, 200)]
    assert 503 <= watch_stream(values)[0] < 600
    watcher = StreamWatcher("page_hinkley", threshold=5.0)
    assert not watcher.add(1)
    with pytest.raises(UsageError, match="is no number"):
        watcher.add("high")


def test_what_is_not_there_is_one_clear_line(monkeypatch):
    with pytest.raises(UsageError, match="There is no detector 'cusum'"):
        watch_stream([1.0], "cusum")
    monkeypatch.setitem(sys.modules, "river", None)
    with pytest.raises(MissingExtraError, match=r"pip install nbops\[streaming\]"):
        watch_stream([1.0])


def test_a_detector_is_a_name():
    with pytest.raises(UsageError, match="detector takes a text, not 5"):
        watch_stream([1.0], 5)


def test_an_option_that_does_not_exist():
    pytest.importorskip("river", reason="river is an extra: nbops[streaming]")
    with pytest.raises(UsageError, match="adwin cannot be set up so"):
        watch_stream([1.0], "adwin", speed=3)
