"""Data that break the rules stop a pipeline before anything is trained on them."""

from __future__ import annotations

import pandas as pd
import pytest

from nbops.data.rules import infer_rules
from nbops.data.rulesets import save_rules
from nbops.pipelines.engine import execute_pipeline
from nbops.workspace import find_workspace

pytestmark = pytest.mark.slow


def test_it_stops_before_training(tmp_path):
    good = pd.DataFrame({"age": [float(18 + i % 50) for i in range(200)], "target": [i % 2 for i in range(200)]})
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    save_rules(find_workspace(tmp_path), "people", infer_rules(good))
    good.assign(age=good["age"].mask(good.index == 7, 99999999.0)).to_csv(tmp_path / "bad.csv", index=False)
    (tmp_path / "pipeline.toml").write_text(
        'name = "guarded"\n[stages.validate]\ntemplate = "validate"\n'
        'parameters = {train = "bad.csv", rules_file = "people@1", on_error = "stop"}\n'
        '[stages.train]\ntemplate = "train"\nafter = ["validate"]\nparameters = {train = "bad.csv"}\n'
    )
    result = execute_pipeline(tmp_path / "pipeline.toml")
    assert result.status == "failed"
    assert result.stage("validate").status == "failed"
    assert "bad.csv does not meet the rules" in result.stage("validate").error
    assert result.stage("train").status == "pending"
