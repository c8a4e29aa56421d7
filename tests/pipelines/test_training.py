"""Models by name: any usual table can be learnt from, scored later, stored; folds and thresholds say what they are worth."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.dummy import DummyClassifier

from nbops.data.typed import conform, settle
from nbops.errors import DataError, UsageError
from nbops.features.steps import FeatureSteps
from nbops.pipelines.tabular.crossvalidation import cross_validate, search
from nbops.pipelines.tabular.judging import calibration, choose_threshold
from nbops.pipelines.tabular.metrics import Predictions, metric_of
from nbops.pipelines.tabular.splitting import folds_of
from nbops.pipelines.tabular.task import predict
from nbops.pipelines.tabular.training import ALGORITHMS, algorithm_of, build, learnable, own_of
from nbops.registry.formats import skops_format


def _dirty(rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "when": pd.date_range("2024", periods=rows).astype(str),
            "size": draw.normal(size=rows),
            "price": [f"{i % 50}.5" if i % 7 else " " for i in range(rows)],
            "kind": draw.choice(["a", "b", None], rows),
            "city": draw.choice([f"c{i}" for i in range(45)], rows),
            "flag": draw.random(rows) > 0.5,
            "hole": np.where(draw.random(rows) > 0.5, np.nan, 1.0),
            "empty": [None] * rows,
            "key": [f"key{i}" for i in range(rows)],
        }
    )


@pytest.mark.parametrize("task", ["regression", "binary", "three"])
def test_dirty_columns_are_learnt_from_stored_and_scored(task):
    frame = settle(_dirty(150))
    X, notes = learnable(frame.frame)
    assert notes == ["empty has no value", "key only names the rows"]
    draw = np.random.default_rng(1)
    y = X["size"] * 3 + draw.normal(size=150)
    if task != "regression":
        y = pd.Series(np.where(y > 3, "much", "little"))
    if task == "three":
        y[:4] = "rare"
    kind = "regression" if task == "regression" else "classification"
    later = _dirty(6).assign(size=None, flag=[True, None, "false", 1, 0, "x"], kind="never seen", city="nowhere")
    given, lost = conform(later, {name: frame.kinds[name] for name in X})
    assert lost == {"flag": 1}
    small = {"random_forest": {"n_estimators": 5}, "extra_trees": {"n_estimators": 5}}
    for name in ALGORITHMS[kind]:
        settings = small.get(name, {"max_iter": 5} if "boosting" in name else {})
        model = build(X, y, kind, algorithm_of(kind, name, len(X)), settings=settings)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, y)
            expected = model.predict(given)
        stored = skops_format.load(skops_format.dump(model))
        assert stored.predict(given).tolist() == expected.tolist(), name


def test_folds_tell_the_figure_with_its_interval_and_a_search_finds_the_better_settings():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    mae, ridge = metric_of("regression"), algorithm_of("regression", "ridge", len(X))
    folds = folds_of(y, "regression", 5)
    found = cross_validate(build(X, y, "regression", ridge), X, y, "regression", mae, folds)
    assert len(found.scores) == 5 and found.low < found.mean < found.high
    assert sorted(np.concatenate(found.rows)) == list(range(len(X)))
    space = {"alpha": [1e6, 3.0], "fit_intercept": [True]}
    best = search(build(X, y, "regression", ridge), X, y, "regression", mae, folds, space, trials=9)
    assert best.settings == {"alpha": 3.0, "fit_intercept": True}
    assert [trial["alpha"] for trial in best.tried] == [3.0, 1e6]
    ranges = {"alpha": {"low": 0.1, "high": 10.0, "log": True}}
    drawn = [
        search(build(X, y, "regression", ridge), X, y, "regression", mae, folds[:1], ranges, trials=2).tried
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1] and all(0.1 <= trial["alpha"] <= 10 for trial in drawn[0])
    for wrong, said in (
        ({"alfa": [1]}, "no setting 'alfa'"),
        ({"alpha": 3}, "search: alpha is 3"),
        ({"alpha": {"low": 1, "high": 0}}, "search: alpha is"),
        ({"alpha": [-1.0]}, "a trial cannot be fitted"),
    ):
        with pytest.raises(UsageError, match=said):
            search(build(X, y, "regression", ridge), X, y, "regression", mae, folds, wrong)


def test_few_rows_and_rare_classes():
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    y = pd.Series(["a", "a", "a", "b", "b", "c"])
    logistic, area = algorithm_of("classification", "auto", 6), metric_of("classification")
    found = cross_validate(
        build(X, y, "classification", logistic), X, y, "classification", area, folds_of(y, "classification", 5)
    )
    assert all(0 <= value <= 1 for value in found.scores)
    assert found.low >= 0 or np.isnan(found.low)
    nothing = cross_validate(build(X, y, "classification", logistic), X, y, "classification", area, [])
    assert "too few rows" in nothing.words
    with pytest.raises(UsageError, match="'c' has one row"):
        build(X, y, "classification", logistic, calibrate="sigmoid")
    with pytest.raises(UsageError, match="too few rows to search"):
        search(build(X, y, "classification", logistic), X, y, "classification", area, [], {"C": [1]})


def test_what_is_asked_of_an_algorithm_is_checked():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    ridge, near = algorithm_of("regression", "ridge", 10), algorithm_of("classification", "nearest_neighbors", 10)
    for call, said in (
        (
            lambda: algorithm_of("regression", "logistic_regression", 10),
            "no algorithm 'logistic_regression' for regression",
        ),
        (lambda: algorithm_of("regression", "rigde", 10), "Did you mean 'ridge'"),
        (lambda: build(X, y, "regression", ridge, settings={"alhpa": 1}), "no setting 'alhpa'. Did you mean 'alpha'"),
        (lambda: build(X, y, "regression", ridge, class_weight="balanced"), "ridge has no class weights"),
        (lambda: build(X, y > 100, "classification", near, class_weight="heavy"), "balanced or empty"),
        (lambda: build(X, y, "regression", ridge, calibrate="isotonic"), "a regression has none"),
        (lambda: build(X, y > 100, "classification", near, calibrate="platt"), "sigmoid, isotonic or empty"),
        (lambda: own_of("ridge", {"ridge": {"alpha": 1}, "alpha": 2}, "settings"), "'alpha' beside it"),
    ):
        with pytest.raises(UsageError, match=said):
            call()
    assert own_of("ridge", {"ridge": {"alpha": 1}, "random_forest": {}}, "settings") == {"alpha": 1}
    assert own_of("extra_trees", {"ridge": {"alpha": 1}}, "settings") == {}
    assert own_of("ridge", {"alpha": 1}, "settings") == {"alpha": 1}
    with pytest.raises(DataError, match="No column is left"):
        learnable(pd.DataFrame({"a": [None, None]}))
    only = pd.DataFrame({"when": pd.date_range("2024", periods=4)})
    with pytest.raises(DataError, match="only dates"):
        build(only, pd.Series(range(4)), "regression", ridge, transformer=FeatureSteps([]))


def test_a_threshold_is_worth_what_it_says():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    names = y.map({0: "ill", 1: "well"})
    logistic = algorithm_of("classification", "logistic_regression", len(X))
    model = build(X.iloc[:300, :2], names[:300], "classification", logistic, class_weight="balanced").fit(
        X.iloc[:300, :2], names[:300]
    )
    said = predict(model, X.iloc[300:, :2], names[300:], "classification")
    costs = {"false_positive": 10.0, "false_negative": 1.0}
    found = choose_threshold(said, "cost", costs=costs, positive="well")
    yes, true = said.shares[:, 1] >= found.value, said.truth == "well"
    assert found.chosen == pytest.approx((10 * (yes & ~true).sum() + (~yes & true).sum()) / len(true))
    assert found.chosen <= found.half and found.chosen <= found.honest
    assert found.value > 0.5
    assert found.precision == pytest.approx(true[yes].mean()) and found.recall == pytest.approx(yes[true].mean())
    for by in ("f1", "balanced_accuracy"):
        best = choose_threshold(said, by)
        assert best.chosen >= best.half and best.positive == "well"
    truth = calibration(said)
    assert sum(one["rows"] for one in truth.bins) == len(said.truth) and 0 < truth.error < 0.3
    sure = Predictions(
        "classification", said.truth, said.truth, said.classes, np.column_stack([~true, true]).astype(float)
    )
    assert calibration(sure).error == 0 == calibration(sure).brier
    three = DummyClassifier(strategy="prior").fit([[0]] * 4, list("abca"))
    assert (
        calibration(predict(three, pd.DataFrame({"x": [0] * 4}), pd.Series(list("abca")), "classification")).error == 0
    )
    for call, told in (
        (lambda: choose_threshold(said, "luck"), "by 'luck'"),
        (lambda: choose_threshold(said, "cost", costs={"false": 1}), "costs is"),
        (lambda: choose_threshold(said, "f1", positive="dead"), "no class 'dead'"),
        (lambda: choose_threshold(said.at(np.flatnonzero(true)), "f1"), "both classes"),
        (lambda: choose_threshold(Predictions("classification", true, true, (1, 2, 3)), "f1"), "two classes"),
    ):
        with pytest.raises(UsageError, match=told):
            call()
