"""Whatever stands in a pipeline file or a notebook: it is read, or told in lines of its own, and nothing else happens."""

from __future__ import annotations

import json

import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbops.errors import InvalidPipeline, NbopsError
from nbops.pipelines.declaration.keys import PIPELINE_KEYS, STAGE_KEYS
from nbops.pipelines.spec import load_pipeline

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=6)
_WORDS = st.sampled_from(
    ["a", "b", "a.ipynb", "data/*.csv", "../x", "today", "2024-01-01", "2GB", "python3", "train", "{x}", ""]
)
_SCALARS = (
    st.booleans() | st.integers(-5, 10**12) | st.floats() | _TEXT | _WORDS | st.dates() | st.datetimes() | st.times()
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT | st.sampled_from(["x", "from", "to", "step", "memory"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_STAGES = st.dictionaries(
    st.sampled_from(["a", "A", "b", "c d"]) | _TEXT,
    st.dictionaries(st.sampled_from(STAGE_KEYS), _VALUES, max_size=5).map(
        lambda table: {"notebook": "a.ipynb", **table}
    )
    | _VALUES,
    max_size=4,
)
_FILES = st.fixed_dictionaries(
    {"stages": _STAGES | _VALUES}, optional={key: _VALUES for key in PIPELINE_KEYS if key != "stages"}
)


def _load(path):
    try:
        load_pipeline(path)
    except InvalidPipeline as error:
        assert all(line.startswith((path.name, "a.ipynb", "…")) for line in str(error).split("\n"))
        assert len(error.problems) >= len(str(error).split("\n")) - 1
    except NbopsError as error:
        assert "\n" not in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_FILES)
def test_any_content_of_a_pipeline_file(project, content):
    project.notebook("a.ipynb", "1", parameters="x: int = 1\ny = 'a'")
    _load(project.pipeline(tomlkit.dumps(content)))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 6)
    | _TEXT
    | st.sampled_from(["code", "stage:a", "x = 1", "x", "parameters"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "cell_type",
                    "source",
                    "metadata",
                    "tags",
                    "nbformat",
                    "nbops",
                    "outputs",
                    "parameters",
                    "kernelspec",
                    "language",
                    "name",
                    "pipeline",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown"]) | _JSON, "source": st.sampled_from(["x = y", "y = 1", "(", "%%bash\n$x"]) | _JSON},
    optional={"metadata": st.fixed_dictionaries({"tags": st.lists(st.sampled_from(["stage:a", "stage:b", "after:a", "skip", "parameters", "retries:x"]), max_size=3) | _JSON}) | _JSON, "id": _JSON},
)  # fmt: skip
_BOOKS = st.fixed_dictionaries(
    {"nbformat": st.just(4) | _JSON, "cells": st.lists(_CELL, max_size=4) | _JSON}, optional={"metadata": _JSON, "nbformat_minor": _JSON}
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_BOOKS | _JSON)
def test_any_content_of_a_notebook(project, content):
    path = project.folder / "a.ipynb"
    path.write_text(json.dumps(content))
    _load(path)
    _load(project.pipeline('[stages.a]\nnotebook = "a.ipynb"\nparameters = { x = 1 }\n'))
