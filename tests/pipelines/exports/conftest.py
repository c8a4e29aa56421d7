"""Pipelines to export, read back from what was written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from nbops.pipelines.exports.document import Request
from nbops.pipelines.exports.jobs import jobs_of
from nbops.pipelines.notebook import read_notebook
from nbops.pipelines.spec import Pipeline, Stage

ROOT = Path(__file__).parents[3]
TOML = """
name = "churn"
[stages.ingest]
template = "ingest"
[stages.ridge]
template = "train"
after = ["ingest"]
parameters = {algorithm = "ridge"}
[stages."random forest"]
template = "train"
after = ["ingest"]
parameters = {algorithm = "random_forest"}
[stages.evaluate]
template = "evaluate"
after = ["ridge", "random forest"]
"""


def notebook(folder: Path) -> Path:
    """An empty notebook."""
    path = folder / "empty.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def pipeline_of(folder: Path, stages: Sequence[Mapping[str, Any]], name: str = "p") -> Pipeline:
    """A pipeline with stages as given, whatever the reader of pipeline files would say of their names."""
    source = read_notebook(notebook(folder))
    made = tuple(Stage(source=source, **stage) for stage in stages)
    return Pipeline(name=name, path=folder / "pipeline.toml", stages=made)


def request_of(pipeline: Pipeline, **options: Any) -> Request:
    """What the command line would ask for."""
    single = options.get("single", False)
    facts = {
        "file": "pipeline.toml",
        "folder": ".",
        "target": PurePosixPath("there/file"),
        "command": ("nbops", "export"),
    }
    return Request(pipeline=pipeline, jobs=jobs_of(pipeline, single=single), **{**facts, **options})


def evaluated(text: str) -> str:
    """Evaluate the expressions of GitHub that only quote."""
    return re.sub(r"\$\{\{ '((?:[^']|'')*)' \}\}", lambda found: found[1].replace("''", "'"), text)


@pytest.fixture(scope="session")
def exports() -> SimpleNamespace:
    """The functions of this file, for tests."""
    return SimpleNamespace(pipeline_of=pipeline_of, request_of=request_of, evaluated=evaluated, toml=TOML, root=ROOT)
