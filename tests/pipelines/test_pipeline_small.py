"""Numbers of every kind among outputs, and what is shown of a stage."""

from __future__ import annotations

import json
import math

import nbformat

from nbops.demo.data import write_cohorts
from nbops.pipelines.executing.page import page_of
from nbops.pipelines.outputs import Output
from nbops.pipelines.result import PipelineResult, StageResult
from nbops.pipelines.running.recording import metrics_of


def test_whole_numbers_are_metrics_and_truth_values_are_not():
    values = {
        "rows": 7,
        "share": 0.5,
        "done": True,
        "none": math.nan,
        "huge": 10**400,
        "metrics": {"n": 3, "yes": False},
    }
    outputs = {name: Output(name=name, kind="json", value=value, digest="") for name, value in values.items()}
    assert metrics_of(outputs) == {"rows": 7.0, "share": 0.5, "n": 3.0}


def test_a_result_is_valid_json_whatever_a_stage_gives():
    stage = StageResult(name="a", outputs={"x": math.nan, "y": [1.5, {"z": -math.inf}]})
    result = PipelineResult(name="p", run_id="", status="succeeded", stages=(stage,))
    shown = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert shown["stages"][0]["outputs"] == {"x": None, "y": [1.5, {"z": None}]}


def test_the_page_of_a_stage_runs_and_fetches_nothing():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("<script>alert(1)</script>")])
    head, _, _ = page_of(book, "t", "s").partition("</head>")
    assert "Content-Security-Policy" in head
    assert "default-src 'none'" in head


def test_data_of_the_demo_that_are_there_stay(tmp_path):
    (tmp_path / "earlier.csv").write_text("mine")
    earlier, later = write_cohorts(tmp_path)
    assert earlier.read_text() == "mine"
    assert later.read_text().startswith("age,")
