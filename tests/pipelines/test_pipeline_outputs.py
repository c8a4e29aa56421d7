"""Values that a stage gives away, kind by kind, without a kernel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

import nbops
from nbops.errors import UsageError
from nbops.pipelines.outputs import FOLDER, read_outputs


@pytest.fixture
def stage(workspace, monkeypatch):
    """Be the kernel of a stage; gives what it has given away so far."""
    folder = workspace.root / "values"
    workspace.ensure()
    monkeypatch.setenv(FOLDER, str(folder))
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    monkeypatch.chdir(workspace.root)
    return lambda: read_outputs(folder)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(value=_JSON)
def test_plain_values_arrive_as_they_are(tmp_path_factory, value):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("values")
        patch.setenv(FOLDER, str(folder))
        patch.chdir(folder)
        nbops.output("x", value)
        assert read_outputs(folder)["x"].value == value


def test_numpy_scalars_become_plain(stage):
    nbops.output("x", {"a": np.float64(0.5), "b": [np.int64(3), np.bool_(True)]})
    assert stage()["x"].value == {"a": 0.5, "b": [3, True]}


def test_a_table_becomes_a_parquet_file(stage):
    frame = pd.DataFrame({"größe": [1.5, None], "text": ["ä", "b"]})
    nbops.output("frame", frame)
    nbops.output("column", frame["text"])
    found = stage()["frame"]
    assert found.kind == "table"
    assert Path(found.value).is_absolute()
    pd.testing.assert_frame_equal(pd.read_parquet(found.value), frame)
    assert list(pd.read_parquet(stage()["column"].value).columns) == ["text"]


def test_a_file_goes_by_absolute_path_and_digest(stage):
    Path("note.txt").write_text("one")
    nbops.output("by_path", Path("note.txt"))
    nbops.output("by_text", "note.txt")
    found = stage()
    assert found["by_path"].value == found["by_text"].value == str(Path("note.txt").absolute())
    assert found["by_path"].intact()
    Path("note.txt").write_text("two")
    assert not found["by_path"].intact()


def test_a_fitted_estimator_is_described_and_stored(stage, workspace):
    nbops.output("model", Ridge().fit([[1.0], [2.0]], [1.0, 2.0]))
    found = stage()["model"]
    assert found.kind == "model"
    assert found.model["class_name"] == "Ridge"
    assert (workspace.blobs / found.digest[:2] / found.digest).is_file()


@pytest.mark.parametrize(
    "value", [object(), {1: 2}, np.array([object()]), {"a": [lambda: 1]}, Path("nowhere.txt"), {1, 2}]
)
def test_anything_else_is_refused_in_one_line(stage, value):
    with pytest.raises(UsageError) as caught:
        nbops.output("thing", value)
    assert "'thing'" in str(caught.value)
    assert stage() == {}


def test_a_circle_is_refused(stage):
    circle: list = []
    circle.append(circle)
    with pytest.raises(UsageError):
        nbops.output("circle", circle)


def test_outside_a_pipeline_only_the_check_is_done(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbops.output("x", 1)
    with pytest.raises(UsageError):
        nbops.output("x", object())
    with pytest.raises(UsageError, match="cannot name an output"):
        nbops.output("not a name", 1)
    assert list(tmp_path.iterdir()) == []
