"""Which of several upstream values a parameter receives."""

from __future__ import annotations

import pytest

from nbops.pipelines.outputs import Output
from nbops.pipelines.passing import parameters_of
from nbops.pipelines.spec import load_pipeline


@pytest.mark.parametrize(
    ("second", "default", "expected"),
    [
        # Trained one after the other: both are candidates.
        ("seed = 0", "[]", ["one", "two"]),
        # The second has seen what the first gave, and gives what is left of it.
        ("model = []", "[]", ["two"]),
        ("seed = 0", "''", "two"),
    ],
)
def test_values_of_stages_one_after_the_other(project, second, default, expected):
    project.notebook("train.ipynb", "model = 1", parameters="seed = 0")
    project.notebook("again.ipynb", "model = 1", parameters=second)
    project.notebook("evaluate.ipynb", "1", parameters=f"model = {default}")
    project.pipeline(
        'name = "p"\n[stages.first]\nnotebook = "train.ipynb"\n[stages.second]\nnotebook = "again.ipynb"\nafter = ["first"]\n'
        '[stages.evaluate]\nnotebook = "evaluate.ipynb"\nafter = ["second"]\n'
    )
    pipeline = load_pipeline(project.file)
    given = {
        stage: {"model": Output(name="model", kind="json", value=value, digest=value)}
        for stage, value in (("first", "one"), ("second", "two"))
    }
    assert parameters_of(pipeline, pipeline.stages[-1], given).values["model"] == expected
