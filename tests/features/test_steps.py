"""Declared feature steps: nothing of a held-out or later row reaches a feature, and a stored model computes the same."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from nbops.errors import DataError, UsageError
from nbops.features.plan import suggested
from nbops.features.steps import FeatureSteps
from nbops.registry.formats import skops_format

_PAST = {"column": "sold", "time": "day", "by": ["shop"]}


def _sales(rows: int = 40) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "day": pd.date_range("2024-02-26", periods=rows, freq="12h"),
            "shop": draw.choice(["north", "south", None], rows),
            "sold": draw.normal(10, 3, rows).round(2),
            "stock": draw.integers(0, 5, rows),
        }
    )


def test_every_kind_computes_what_it_says_and_survives_being_stored():
    frame = _sales()
    target = pd.Series(np.where(frame["sold"] > 10, "high", "low"))
    steps = FeatureSteps(
        [
            {"step": "missing", "columns": ["shop"]},
            {"step": "lag", **_PAST, "lags": [1, 2]},
            {"step": "rolling", **_PAST, "window": 3, "statistic": "max"},
            {"step": "interactions", "columns": ["sold", "stock"], "kind": "ratio"},
            {"step": "interactions", "columns": ["shop", "stock"], "kind": "cross"},
            {"step": "bins", "columns": ["sold"], "count": 4, "keep": True},
            {"step": "log", "columns": ["stock"]},
            {"step": "dates", "columns": ["day"], "parts": ["year", "weekday", "hour", "yearday", "elapsed"]},
            {"step": "target_encoding", "columns": ["shop"], "keep": True},
            {"step": "frequency", "columns": ["shop"]},
            {"step": "drop", "columns": ["shop & stock"]},
        ]
    )
    found = steps.fit_transform(frame, target)
    assert list(found.columns) == list(steps.get_feature_names_out())
    assert {"day", "shop", "stock", "shop & stock"}.isdisjoint(found.columns)
    assert found["day_weekday"].iloc[0] == 0 and found["day_hour"].iloc[1] == 12 and found["day_days"].iloc[4] == 2
    assert found["shop_missing"].tolist() == frame["shop"].isna().astype(float).tolist()
    assert found["sold / stock"].isna().tolist() == (frame["stock"] == 0).tolist()
    assert found["sold_bin"].value_counts().max() <= 11 and set(found["sold_bin"]) == {0, 1, 2, 3}
    assert found["shop_share"].iloc[0] == pytest.approx(
        (frame["shop"].fillna("-") == frame["shop"].fillna("-").iloc[0]).mean()
    )
    north = frame.index[frame["shop"] == "north"]
    assert found["sold_lag_2"][north].tolist()[2:] == frame["sold"][north].tolist()[:-2]
    assert found["sold_max_3"][north].iloc[3] == frame["sold"][north].iloc[:3].max()
    # What is stored is one reviewed type and plain values.
    again = skops_format.load(skops_format.dump(steps))
    later = frame.assign(day=frame["day"] + pd.Timedelta(days=30), shop=["new", None] * 20)
    for other in (again, pickle.loads(pickle.dumps(steps)), clone(steps).fit(frame, target)):
        pd.testing.assert_frame_equal(other.transform(later), steps.transform(later))
    unknown = steps.transform(later)[later["shop"] == "new"]
    assert (unknown["shop_share"] == 0).all()
    assert unknown["shop_target"].tolist() == pytest.approx([(target == "low").mean()] * 20)


@settings(max_examples=20)
@given(st.data())
def test_no_feature_of_the_past_sees_the_present_or_the_future(data):
    rows = data.draw(st.integers(2, 14))
    moments = data.draw(st.lists(st.integers(0, 6) | st.none(), min_size=rows, max_size=rows))
    frame = pd.DataFrame(
        {
            "day": pd.Series(
                [None if m is None else pd.Timestamp("2024-01-01") + pd.Timedelta(days=m) for m in moments]
            ),
            "shop": data.draw(st.lists(st.sampled_from(["a", "b"]), min_size=rows, max_size=rows)),
            "sold": data.draw(st.lists(st.integers(0, 9).map(float) | st.just(np.nan), min_size=rows, max_size=rows)),
        }
    ).astype({"day": "datetime64[ns]"})
    steps = FeatureSteps(
        [{"step": "lag", **_PAST, "lags": [1, 3]}, {"step": "rolling", **_PAST, "window": 2, "statistic": "sum"}]
    )
    before = steps.fit_transform(frame).iloc[:, 3:]
    changed = data.draw(st.integers(0, rows - 1))
    other = frame.copy()
    other.loc[changed, "sold"] = 1000.0
    after = clone(steps).fit_transform(other).iloc[:, 3:]
    unaffected = ~(frame["day"] > frame["day"][changed]) | (frame["shop"] != frame["shop"][changed])
    pd.testing.assert_frame_equal(before[unaffected], after[unaffected])
    # The same rows again are no second past, and the order of rows is of no account.
    pd.testing.assert_frame_equal(steps.transform(frame).iloc[:, 3:], before)
    turned = clone(steps).fit_transform(frame.iloc[::-1]).iloc[::-1, 3:]
    pd.testing.assert_frame_equal(turned, before)


def test_later_rows_have_the_past_of_the_rows_learnt_from():
    frame = _sales(12).assign(shop="a")
    steps = FeatureSteps([{"step": "lag", **_PAST, "lags": [1, 2]}, {"step": "rolling", **_PAST, "window": 3}])
    whole = clone(steps).fit_transform(frame)
    early, late = frame.iloc[:9], frame.iloc[9:]
    pd.testing.assert_frame_equal(steps.fit(early).transform(late), whole.iloc[9:])
    assert steps.looks_back


def test_a_row_is_not_encoded_by_its_own_target():
    """With as many categories as rows an encoding that saw the row's own target would give it away."""
    rows = 200
    frame = pd.DataFrame({"city": [f"c{i % 100}" for i in range(rows)]})
    target = pd.Series(np.random.default_rng(0).normal(size=rows))
    steps = FeatureSteps([{"step": "target_encoding", "columns": ["city"], "smooth": 0}], task="regression")
    learnt = steps.fit_transform(frame, target)["city_target"]
    assert abs(np.corrcoef(learnt, target)[0, 1]) < 0.25
    assert np.corrcoef(steps.transform(frame)["city_target"], target)[0, 1] > 0.6
    few = pd.DataFrame({"city": [f"c{i % 10}" for i in range(rows)]})
    changed = target.copy()
    changed[7] += 100
    one, other = (clone(steps).fit_transform(few, values)["city_target"] for values in (target, changed))
    moved = set(np.flatnonzero(one != other))
    assert 7 not in moved and len(moved) > 10 and moved <= set(range(7, rows, 10))


def test_classes_few_rows_and_numbers_as_words():
    frame = pd.DataFrame({"code": [1, 2, 1, 3, 2, 1, None], "x": 1.0})
    kinds = FeatureSteps([{"step": "target_encoding", "columns": ["code"]}])
    several = kinds.fit_transform(frame, list("abcabca"))
    assert [name for name in several if name.startswith("code")] == ["code_target_a", "code_target_b", "code_target_c"]
    assert several.filter(like="code").sum(axis=1).tolist() == pytest.approx([1.0] * 7)
    # 1 read from another file as text, or as a whole number, is the same 1.
    same = [kinds.transform(pd.DataFrame({"code": [one], "x": 1.0})) for one in (1, 1.0, "1")]
    assert same[0].equals(same[1]) and same[0].equals(same[2])
    one = FeatureSteps([{"step": "target_encoding", "columns": ["code"]}]).fit_transform(frame.head(1), [5.0])
    assert len(one) == 1


def test_what_columns_ask_for():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2024", periods=100),
            "city": draw.choice([f"c{i}" for i in range(40)], 100),
            "kind": draw.choice(list("ab"), 100),
            "x": 1.0,
        }
    )
    assert suggested(frame) == [
        {"step": "dates", "columns": ["when"]},
        {"step": "target_encoding", "columns": ["city"]},
    ]
    assert suggested(frame[["kind", "x"]]) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"step": "date", "columns": ["day"]}, "no step 'date'.* Did you mean 'dates'"),
        ({"columns": ["day"]}, "Step 1 is no step"),
        ("dates", "Step 1 is no step"),
        ({"step": "dates"}, "needs columns"),
        ({"step": "dates", "columns": ["days"]}, "no column 'days'.* 'day'"),
        ({"step": "dates", "columns": ["day"], "part": ["year"]}, "no option 'part'.* 'parts'"),
        ({"step": "dates", "columns": ["day"], "parts": ["years"]}, "cannot be 'years'.* 'year'"),
        ({"step": "bins", "columns": ["sold"], "count": 1}, "from 2 on"),
        ({"step": "bins", "columns": ["sold"], "count": "many"}, "count is 'many'"),
        ({"step": "lag", "column": "sold", "time": "day", "lags": [0]}, "from 1 on"),
        ({"step": "target_encoding", "columns": ["shop"]}, "learns from the target"),
    ],
)
def test_a_wrong_step_is_one_line(step, said):
    with pytest.raises(UsageError, match=said):
        FeatureSteps([step]).fit(_sales())


def test_missing_columns_and_arrays_are_told():
    steps = FeatureSteps([{"step": "dates", "columns": ["day"]}]).fit(_sales())
    with pytest.raises(DataError, match="lack 'stock'"):
        steps.transform(_sales().drop(columns="stock"))
    with pytest.raises(DataError, match="take a DataFrame"):
        steps.transform(np.zeros((2, 2)))
