"""Performance with labels that arrive late."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nbops.errors import DataError, UsageError
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


@pytest.fixture(scope="module")
def years(employment):
    """Performance by year with all labels."""
    workspace, _ = employment
    return performance(workspace, "employment", window="1 year")


def test_realised_accuracy_of_employment_is_what_its_readers_know(years):
    assert [window.label for window in years.windows] == ["2015", "2016", "2017", "2018"]
    assert [round(window.realised.value, 4) for window in years.windows] == [0.8272, 0.8253, 0.8292, 0.8282]
    assert all(window.realised.low < window.realised.value < window.realised.high for window in years.windows)
    assert years.unknown_labels == 0


def test_performance_as_known_on_a_date_is_the_same_for_ever(workspace):
    ids = _log(workspace, [1, 0, 1] * 50, [1, 1, 0] * 50)
    record_labels(workspace, "m", ids[:30], [1] * 30, at=T0 + 10 * DAY)
    found = performance(workspace, "m", window="2d", as_of=T0 + 20 * DAY)
    assert [window.labelled for window in found.windows] == [24, 6, 0, 0]
    assert found.windows[0].delay_median > 8 * DAY and found.windows[2].realised is None
    record_labels(workspace, "m", [*ids, "stranger"], [0] * 151, at=T0 + 30 * DAY)
    assert performance(workspace, "m", window="2d", as_of=T0 + 20 * DAY).to_dict() == found.to_dict()
    assert performance(workspace, "m", window="2d", as_of=T0 + 30 * DAY).unknown_labels == 1


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


def test_estimates_of_employment_before_its_labels_come_are_near_what_was_realised(employment, years):
    workspace, begin = employment
    assert years.windows[0].estimated is None and "too few" in years.windows[0].note
    errors = [abs(window.estimated.value - window.realised.value) for window in years.windows[1:]]
    assert np.mean(errors) < 0.004 and years.estimate["error"] == pytest.approx(np.mean(errors))
    for name in ("roc_auc", "f1"):
        errors = [abs(window.estimates[name].value - window.metrics[name].value) for window in years.windows[1:]]
        assert np.mean(errors) < 0.004
    # Mild and real: the model is no worse.
    assert "worse" not in years.sentence and years.calibration["ece"] < 0.05
    # At the end of 2018 none of its labels are known.
    then = performance(workspace, "employment", window="1 year", as_of=begin[2019], start=begin[2018])
    assert then.total.realised is None and then.windows[0].labelled == 0
    assert then.windows[0].estimated.low < years.windows[3].realised.value < then.windows[0].estimated.high


def test_labels_that_come_for_some_outputs_only_are_pointed_out(workspace):
    generator = np.random.default_rng(0)
    outputs = generator.integers(0, 2, 1000)
    labels = [int(one) if one or place % 4 == 0 else None for place, one in enumerate(outputs)]
    _log(workspace, outputs, labels)
    found = performance(workspace, "m", window="all").arrival
    assert found["selective"] and "for 100% of predictions of 1" in found["sentence"]


def test_costs_by_outcome_and_the_threshold_that_would_have_been_best(workspace):
    scores = np.array([0.1, 0.3, 0.35, 0.45, 0.6, 0.9])
    truth = [0, 0, 1, 1, 0, 1]
    _log(workspace, (scores >= 0.5).astype(int), truth, scores=scores)
    found = performance(workspace, "m", window="all", costs={"fn": 10, "fp": 1, "tp": -2}).costs
    assert found["total"] == 10 * 2 + 1 - 2 and found["table"] == [[2, 1], [2, 1]]
    # By trying every threshold.
    tried = {
        t: sum(
            {(1, 0): 10, (0, 1): 1, (1, 1): -2, (0, 0): 0}[y, int(s >= t)] for y, s in zip(truth, scores, strict=True)
        )
        for t in scores
    }
    assert found["threshold"] == min(tried, key=tried.__getitem__) and found["best"] * 6 == pytest.approx(
        min(tried.values())
    )
    assert found["saved"] == pytest.approx(found["total"] - min(tried.values()))
    with pytest.raises(UsageError, match="no class 'maybe'"):
        performance(workspace, "m", window="all", costs={"maybe": {"0": 1}})


def test_three_classes_have_costs_probabilities_and_estimates(workspace):
    generator = np.random.default_rng(2)
    names = np.array(["a", "b", "c"])
    shares = generator.dirichlet([1, 1, 1], 2000)
    truth = names[(generator.random((2000, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(0, 2)]
    _log(workspace, names[shares.argmax(axis=1)], truth, scores=dict(zip(names, shares.T, strict=True)))
    found = performance(workspace, "m", window="1000 rows", metric="f1_macro", costs={"a": {"b": 5}})
    last = found.windows[1]
    assert {"accuracy", "balanced_accuracy", "f1_macro", "log_loss", "roc_auc_ovr"} <= set(last.metrics)
    for name, figure in last.estimates.items():
        assert figure.value == pytest.approx(last.metrics[name].value, abs=0.05), name
    assert last.estimated.low < last.realised.value < last.estimated.high
    assert found.costs["total"] == 5 * found.costs["table"][0][1]


def test_errors_of_numbers_are_estimated_from_the_inputs(workspace):
    generator = np.random.default_rng(3)
    hard = np.r_[generator.random(2000), 0.7 + 0.3 * generator.random(1000)]
    truth = generator.normal(0, 1, 3000)
    said = truth + generator.normal(0, 0.1 + hard)
    labels = [*truth[:2000], *[None] * 1000]
    _log(workspace, said, labels, rows={"hard": hard, "name": ["x", "y", "z"] * 1000})
    found = performance(workspace, "m", window="1000 rows")
    first, second, third = found.windows
    assert first.estimated is None and third.realised is None
    assert second.estimated.value == pytest.approx(second.realised.value, rel=0.1)
    assert third.estimated.low < np.abs(said - truth)[2000:].mean() < third.estimated.high
    assert "estimated worse" in found.sentence


def _scored(workspace, days: int):
    """A thousand predictions a day, of which those of classes that are sure are right."""
    generator = np.random.default_rng(5)
    scores = generator.random(1000 * days)
    truth = (generator.random(1000 * days) < scores).astype(int)
    at = T0 + np.arange(1000 * days) / 1000 * DAY
    with PredictionLog(workspace, "m") as log:
        ids = log.log(outputs=(scores > 0.5).astype(int), scores=scores, at=at)
    return np.array(ids), truth, at


def _estimates(workspace, **more):
    found = performance(workspace, "m", window="1d", **more)
    return [window.estimated for window in found.windows], found


def test_an_estimate_of_a_past_window_uses_only_what_was_known_when_it_closed(workspace):
    ids, truth, at = _scored(workspace, 4)
    first = at < T0 + DAY
    record_labels(workspace, "m", ids[first], truth[first], at=T0 + 1.5 * DAY)
    then, _ = _estimates(workspace, as_of=T0 + 4 * DAY)
    assert then[0] is None and None not in then[1:]
    # Labels of the second day, and corrections of those of the first, come when the third has closed: all are wrong.
    late = at < T0 + 2 * DAY
    record_labels(workspace, "m", ids[late], 1 - truth[late], at=T0 + 3.5 * DAY)
    again, found = _estimates(workspace, as_of=T0 + 4 * DAY)
    assert again[1:3] == then[1:3]
    assert again[3].value < 0.5 < then[3].value
    # The day whose labels have come by now tells how good the estimate was that would have been made of it.
    assert not any(window.hindsight for window in found.windows) and found.estimate["windows"] == 1


def test_an_estimate_in_hindsight_says_so_and_does_not_tell_how_good_estimates_are(workspace):
    ids, truth, _ = _scored(workspace, 3)
    record_labels(workspace, "m", ids, truth, at=T0 + 30 * DAY)
    early, _ = _estimates(workspace, as_of=T0 + 10 * DAY)
    assert early == [None] * 3
    late, found = _estimates(workspace, as_of=T0 + 30 * DAY)
    assert late[1] is not None and [window.hindsight for window in found.windows] == [False, True, True]
    assert "after it had closed" in found.windows[1].note and found.estimate["windows"] == 0


def test_days_that_are_not_needed_are_not_read(workspace):
    generator = np.random.default_rng(6)
    with PredictionLog(workspace, "m") as log:
        for day, rows in enumerate([300, 51_000, 600, 600]):
            scores = generator.random(rows)
            ids = log.log(outputs=(scores > 0.5).astype(int), scores=scores, at=T0 + day * DAY + np.arange(rows))
            if day < 2:
                record_labels(workspace, "m", ids, (generator.random(rows) < scores).astype(int), at=T0 + 1.9 * DAY)
    newest = performance(workspace, "m", window="500 rows", newest=2)
    whole = performance(workspace, "m", window="500 rows", start=T0 + 2 * DAY)
    (oldest,) = (workspace.predictions / "model=m" / "predictions" / "day=2023-11-14").glob("*.parquet")
    oldest.write_bytes(oldest.read_bytes()[:100])
    with pytest.raises(DataError, match="is damaged"):
        performance(workspace, "m")
    since = performance(workspace, "m", start=T0 + 2 * DAY)
    assert [window.rows for window in since.windows] == [600, 600] and since.unknown_labels is None
    assert all(window.estimated is not None for window in since.windows)
    # Windows of rows from the last one back.
    again = performance(workspace, "m", window="500 rows", newest=2)
    assert again.windows == newest.windows and again.total.rows == 1000
    assert [(window.rows, window.label) for window in again.windows] == [
        (500, "2023-11-16 00:03"),
        (500, "2023-11-17 00:01"),
    ]
    assert sum(window.rows for window in whole.windows) == 1200
    with pytest.raises(UsageError, match="windows of rows"):
        performance(workspace, "m", window="1d", newest=2)


def test_the_expected_roc_auc_is_the_mean_over_labels_that_are_drawn():
    from sklearn.metrics import roc_auc_score

    from nbops.monitoring.performance.confidence import _auc

    generator = np.random.default_rng(4)
    score = generator.integers(0, 8, 400) / 8
    chance = np.clip(score * 0.7 + 0.1, 0, 1)
    drawn = [roc_auc_score(generator.random(400) < chance, score) for _ in range(300)]
    assert _auc(chance, score) == pytest.approx(np.mean(drawn), abs=0.005)


def test_truth_values_and_numbers_are_the_same_classes_in_one_log(workspace):
    ids = _log(workspace, [True, False], [True, False])
    more = _log(workspace, [1, 0], [0, 0])
    assert len(ids) == len(more) == 2
    found = performance(workspace, "m", window="all")
    assert found.total.labelled == 4 and found.total.realised.value == pytest.approx(3 / 4)


def test_costs_where_scores_are_missing(workspace):
    _log(workspace, [0, 1] * 5, [1, 0] * 5, scores=[np.nan] * 10)
    found = performance(workspace, "m", window="all", costs={"fn": 1, "fp": 1}).costs
    assert found["total"] == 10 and "threshold" not in found
    _log(workspace, [0, 1], [1, 0], scores=[0.9, 0.1])
    found = performance(workspace, "m", window="all", costs={"fn": 1, "fp": 1}).costs
    # Saved is only what rows with a score could have.
    assert found["total"] == 12 and found["saved"] == 2


def test_windows_of_minutes(workspace):
    _log(workspace, [0, 1], [0, 1])
    assert len(performance(workspace, "m", window="30 min").windows) == 2


def test_one_prediction_that_is_no_number_does_not_hide_the_others(workspace):
    _log(workspace, [np.nan, 2.0, 4.0], [1.0, 1.5, 3.5])
    figure = performance(workspace, "m", window="all", task="regression").total.realised
    assert (figure.value, figure.rows) == (0.5, 2)


def test_scores_that_are_missing_are_left_out(workspace):
    _log(workspace, [0, 1] * 20, [0, 1] * 20, scores=[np.nan] * 20 + [0.2, 0.9] * 10)
    figure = performance(workspace, "m", window="all", metric="roc_auc").total.realised
    assert (figure.value, figure.rows) == (1.0, 20)


def test_one_score_and_one_for_each_class_may_stand_in_one_log(workspace):
    named = ["no", "yes"] * 40
    second = np.where(np.array(named) == "yes", 0.9, 0.2)
    _log(workspace, named, named, scores=second, version=1)
    before = performance(workspace, "m", window="all").to_dict()["calibration"]
    # A served model gives a score for each class.
    _log(workspace, named[:4], named[:4], scores={"no": 1 - second[:4], "yes": second[:4]}, version=2)
    after = performance(workspace, "m", window="all").to_dict()["calibration"]
    assert (before["n"], after["n"]) == (80, 84)
    assert after["ece"] == pytest.approx(before["ece"])
