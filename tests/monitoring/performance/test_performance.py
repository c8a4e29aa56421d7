"""Performance with labels that arrive late."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nbops.errors import UsageError
from nbops.monitoring.performance import performance
from nbops.monitoring.predictions import PredictionLog, record_labels

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY


@pytest.fixture(scope="module")
def employment(tmp_path_factory, shared_data):
    """Four years of predictions; the labels of each come half a year after its end."""
    from nbops.workspace import find_workspace

    folder = tmp_path_factory.mktemp("employment")
    (folder / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(folder)
    reference = pd.read_parquet(shared_data("employment_ma_reference.parquet"))
    rest = pd.read_parquet(shared_data("employment_ma_analysis.parquet"))
    labels = pd.read_parquet(shared_data("employment_ma_analysis_target.parquet"))
    frame = pd.concat([reference.drop(columns="employed"), rest], ignore_index=True)
    begin = {year: pd.Timestamp(f"{year}-01-01", tz="UTC").timestamp() for year in range(2015, 2020)}
    at = frame["year"].map(begin).to_numpy() + frame.groupby("year").cumcount().to_numpy() * 60.0
    with PredictionLog(workspace, "employment") as log:
        log.log(ids=frame["id"], rows=frame[["AGEP", "SEX", "SCHL"]], outputs=frame["prediction"],
                scores=frame["predicted_probability"], version=1, at=at)  # fmt: skip
    arrived = frame["year"].map(lambda year: begin[year + 1]).to_numpy() + 180 * DAY
    truth = pd.concat([reference[["id", "employed"]], labels]).set_index("id")["employed"].reindex(frame["id"])
    record_labels(workspace, "employment", frame["id"], truth.to_numpy(), at=arrived)
    return workspace, begin


def test_realised_accuracy_of_employment_is_what_its_readers_know(employment):
    workspace, _ = employment
    found = performance(workspace, "employment", window="1 year")
    assert [window.label for window in found.windows] == ["2015", "2016", "2017", "2018"]
    assert [round(window.realised.value, 4) for window in found.windows] == [0.8272, 0.8253, 0.8292, 0.8282]
    assert all(window.realised.low < window.realised.value < window.realised.high for window in found.windows)
    assert found.unknown_labels == 0


def test_performance_as_known_on_a_date_is_the_same_for_ever(employment):
    workspace, begin = employment
    then = begin[2017] + 200 * DAY
    found = performance(workspace, "employment", window="1 year", as_of=then)
    assert [window.share for window in found.windows] == [1.0, 1.0, 0.0]
    assert found.windows[2].realised is None
    record_labels(workspace, "employment", [1, 2, 3], [1, 1, 1], at=begin[2019] + 300 * DAY)
    again = performance(workspace, "employment", window="1 year", as_of=then)
    assert again.to_dict() == found.to_dict()


def _log(workspace, outputs, labels, **more):
    with PredictionLog(workspace, "m") as log:
        ids = log.log(outputs=outputs, at=T0 + np.arange(len(outputs)) * 3600.0, **more)
    record_labels(workspace, "m", ids, labels, at=T0 + 40 * DAY)
    return ids


def test_classes_are_compared_as_values_whatever_their_types(workspace):
    _log(workspace, [1.0, 0.0, 1.0], ["1", "0", "0"])
    assert performance(workspace, "m", window="all").total.realised.value == pytest.approx(2 / 3)


def test_numbers_are_measured_by_their_errors(workspace):
    generator = np.random.default_rng(1)
    truth = generator.normal(100, 10, 200)
    said = truth + generator.normal(0, 2, 200)
    _log(workspace, said, truth)
    found = performance(workspace, "m", window="100 rows", metric="rmse")
    assert found.task == "regression" and [window.label for window in found.windows] == ["1–100", "101–200"]
    assert found.total.realised.value == pytest.approx(np.sqrt(np.mean((said - truth) ** 2)))
    assert found.total.metrics["mae"].value == pytest.approx(np.mean(np.abs(said - truth)))


def test_segments_have_figures_of_their_own(workspace):
    _log(workspace, [1, 1, 0, 0], [1, 1, 1, 1], rows={"city": ["Bern", "Bern", "Graz", "Graz"]})
    found = performance(workspace, "m", window="all", by="city")
    assert {one.label: one.realised.value for one in found.segments} == {"Bern": 1.0, "Graz": 0.0}
    with pytest.raises(UsageError, match="no column 'town'"):
        performance(workspace, "m", by="town")


def test_nothing_logged_is_said(workspace):
    found = performance(workspace, "m")
    assert found.total.rows == 0 and "no logged predictions" in found.sentence


@pytest.mark.parametrize("window", ["0d", "soon", "5 parsecs", ""])
def test_what_is_no_window_is_refused(workspace, window):
    _log(workspace, [1], [1])
    with pytest.raises(UsageError, match="no window"):
        performance(workspace, "m", window=window)
