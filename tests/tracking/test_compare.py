"""What changed between two runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.records import Change, DataRef, Environment, Run
from nbops.tracking.compare import changes, higher_is_better

_names = st.text("abcdef_", min_size=1, max_size=4)
_runs = st.builds(
    Run,
    run_id=st.just("r"),
    name=st.just("n"),
    experiment=st.just("e"),
    params=st.dictionaries(_names, st.text(max_size=3), max_size=4),
    metrics=st.dictionaries(_names, st.floats(width=32), max_size=4),
    code_digest=st.sampled_from(["a" * 64, "b" * 64]),
    data=st.lists(
        st.builds(DataRef, name=_names, fingerprint=st.sampled_from(["1", "2"]), rows=st.just(1), columns=st.just(1)),
        max_size=3,
        unique_by=lambda ref: ref.name,
    ).map(tuple),
)


@given(run=_runs)
def test_a_run_differs_in_nothing_from_itself_nor_from_none(run):
    assert changes(run, run) == ()
    assert changes(None, run) == ()


@given(before=_runs, after=_runs)
def test_every_difference_is_named_once_and_the_way_back_is_the_reverse(before, after):
    there, back = changes(before, after), changes(after, before)
    assert len({(change.kind, change.name) for change in there}) == len(there)
    assert {(c.kind, c.name, c.before, c.after) for c in there} == {(c.kind, c.name, c.after, c.before) for c in back}
    for name in before.params.keys() | after.params.keys():
        differs = before.params.get(name) != after.params.get(name)
        assert any(c.kind == "param" and c.name == name for c in there) == differs


@given(before=_runs, after=_runs)
def test_a_delta_is_a_finite_number_and_better_needs_one(before, after):
    for change in changes(before, after):
        if change.delta is not None:
            assert math.isfinite(change.delta)
        if change.better is not None:
            assert change.kind == "metric"


def test_nan_is_equal_to_nan():
    run = Run(run_id="r", name="n", experiment="e", metrics={"loss": math.nan})
    assert changes(run, replace(run, run_id="s", metrics={"loss": math.nan})) == ()


def test_metrics_carry_delta_and_direction():
    before = Run(run_id="a", name="a", experiment="e", metrics={"auc": 0.5, "rmse": 2.0, "width": 1.0, "gone": 1.0})
    after = Run(run_id="b", name="b", experiment="e", metrics={"auc": 0.75, "rmse": 3.0, "width": 2.0, "new": 1.0})
    assert changes(before, after) == (
        Change(kind="metric", name="auc", before="0.5", after="0.75", delta=0.25, better=True),
        Change(kind="metric", name="rmse", before="2.0", after="3.0", delta=1.0, better=False),
        Change(kind="metric", name="width", before="1.0", after="2.0", delta=1.0, better=None),
        Change(kind="metric", name="new", before=None, after="1.0"),
        Change(kind="metric", name="gone", before="1.0", after=None),
    )


def test_the_function_that_made_a_metric_says_more_than_its_name():
    before = Run(run_id="a", name="a", experiment="e", metrics={"score": 1.0})
    after = replace(before, run_id="b", metrics={"score": 2.0}, metric_functions={"score": "mean_squared_error"})
    assert [change.better for change in changes(before, after)] == [False]


def test_data_code_and_packages():
    old = DataRef(name="train", fingerprint="1", rows=1, columns=1)
    before = Run(
        run_id="a", name="a", experiment="e", code_digest="c" * 64, data=(old,),
        environment=Environment(python="3.11.1", packages={"numpy": "1", "pandas": "2"}),
    )  # fmt: skip
    after = replace(
        before,
        code_digest="d" * 64,
        data=(replace(old, fingerprint="2"),),
        environment=Environment(python="3.12.0", packages={"numpy": "2", "scipy": "1"}),
    )
    assert [(c.kind, c.name, c.before, c.after) for c in changes(before, after)] == [
        ("data", "train", "1", "2"),
        ("code", "code", "c" * 12, "d" * 12),
        ("environment", "python", "3.11.1", "3.12.0"),
        ("environment", "numpy", "1", "2"),
    ]


@pytest.mark.parametrize("name", ["loss", "val_loss", "rmse", "test_mae", "log_loss", "mean_absolute_error", "valLoss"])
def test_lower_is_better(name):
    assert higher_is_better(name) is False


@pytest.mark.parametrize("name", ["auc", "roc_auc", "val_accuracy", "f1", "r2", "best_score", "neg_mean_squared_error"])
def test_higher_is_better(name):
    assert higher_is_better(name) is True


@pytest.mark.parametrize("name", ["width", "n_rows", "seconds", "x"])
def test_nobody_knows(name):
    assert higher_is_better(name) is None


@pytest.mark.parametrize(
    ("function", "higher"),
    [
        ("davies_bouldin_score", False),
        ("calinski_harabasz_score", True),
        ("d2_log_loss_score", True),
        ("d2_absolute_error_score", True),
        ("brier_score_loss", False),
        ("coverage_error", False),
    ],
)
def test_the_function_tells_the_direction(function, higher):
    assert higher_is_better("x", function) is higher
