"""Variables that go from stage to stage as objects, kind by kind, without a kernel."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.linear_model import Ridge

from nbops.errors import UsageError
from nbops.pipelines.handing import GIVEN, give, take
from nbops.pipelines.kinds import same
from nbops.pipelines.outputs import FOLDER, read_outputs


@pytest.fixture(scope="module")
def passed(tmp_path_factory):
    """Give a function that passes a value from one stage to another."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "nbops.toml").touch()

    def passing(value, places=None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NBOPS_WORKSPACE", str(folder))
            patch.setenv(FOLDER, str(folder / "values"))
            patch.chdir(folder)
            give({"x": value, GIVEN: {"places": {"x": places or {}}}}, "x")
            item = read_outputs(folder / "values")["x"]
            namespace = {GIVEN: {"values": {"x": item.value}, "kinds": {"x": item.described()}}}
            take(namespace, "x")
            return namespace["x"]

    passing.folder = folder
    return passing


_KEYS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=5)
_PLAIN = st.recursive(
    _KEYS | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(_KEYS.filter(lambda key: not isinstance(key, float)), inner, max_size=3)
        | st.sets(st.integers(), min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def _has(value, test):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple, set)) else ()
    return test(value) or any(_has(one, test) for one in inside)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_PLAIN)
def test_plain_values_arrive_with_their_types(passed, value):
    try:
        arrived = passed(value)
    except UsageError:
        # Python has no literal for these; only beside what JSON does not know does that matter.
        assert _has(value, lambda one: isinstance(one, float) and (one != one or one in (float("inf"), -float("inf"))))
    else:
        assert same(value, arrived)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"größe": [1.5, None], "text": ["ä", "b"], "when": pd.to_datetime(["2024-01-01", None])}),
        pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key")),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", "n"])),
        pd.DataFrame({"c": pd.Categorical(["b", "a", "b"], categories=["b", "a"], ordered=True)}),
        pd.DataFrame({0: [1, 2], 1: [3, 4]}),
        pd.DataFrame(),
        pd.Series([1.5, 2.5], index=["a", "b"], name="y"),
        pd.Series([1, 2], name=None),
        pd.Series(["a", "b"], name=3, index=pd.date_range("2024-01-01", periods=2)),
        pd.Index(["a", "b"], name="columns"),
        pd.Index([1, 2]),
    ],
    ids=repr,
)
def test_tables_columns_and_indexes_arrive_as_what_they_were(passed, value):
    arrived = passed(value)
    assert type(arrived) is type(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(arrived, value, check_freq=False)
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(arrived, value, check_freq=False)
    else:
        pd.testing.assert_index_equal(arrived, value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(value=arrays.arrays(arrays.scalar_dtypes(), arrays.array_shapes(min_dims=1, max_dims=3, max_side=3, min_side=0)))
def test_arrays_arrive_with_shape_and_type(passed, value):
    arrived = passed(value)
    assert (arrived.dtype, arrived.shape) == (value.dtype, value.shape)
    assert arrived.tobytes() == value.tobytes()


def test_models_files_and_paths_arrive(passed):
    model = passed(Ridge().fit([[1.0], [2.0]], [1.0, 2.0]))
    assert model.predict([[1.5]]).tolist() == pytest.approx([1.5])
    note = passed.folder / "note.txt"
    note.write_text("one")
    assert passed(Path("note.txt")) == note
    assert passed(Path("nowhere")) == Path("nowhere")
    # A text stays the text it is, also where there is a file of that name.
    assert passed("note.txt") == "note.txt"
    assert passed(np.float64(0.5)) == 0.5


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ((i for i in range(3)), "generator"),
        (lambda: 1, "function"),
        (np.array([object()]), "ndarray"),
        ({"frame": pd.DataFrame()}, "dict"),
        (datetime.date(2024, 1, 1), "date"),
        (object(), "object"),
        (pd.DataFrame({"a": [1, "b", object()]}), "DataFrame"),
    ],
)
def test_what_cannot_be_passed_names_variable_type_and_cells(passed, value, kind):
    with pytest.raises(UsageError) as caught:
        passed(value, {"cell": 4, "readers": [["train", 7]]})
    told = str(caught.value)
    assert told.startswith(f"the variable 'x' ({kind}), assigned in cell 4, cannot be passed on")
    assert "stage 'train' reads it in cell 7." in told
    assert "\n" not in told


def test_what_did_not_come_is_told(passed):
    with pytest.raises(UsageError, match="the variable 'y' did not come"):
        take({GIVEN: {"values": {}}}, "y")


def test_what_was_never_assigned_is_left_out(passed, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    give({"a": 1}, "a", "b")
    assert set(read_outputs(tmp_path)) == {"a"}
