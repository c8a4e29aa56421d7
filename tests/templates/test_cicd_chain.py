"""From data to Production, with a stop at the gate and a way back: the chain that ``templates/pipelines/cicd.toml`` is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor

from nbops.governance.pipeline_report import pipeline_report
from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.spec import templates
from nbops.registry import get_model, holder, promote, register, rollback
from nbops.tracking.tracker import track
from nbops.views.pull_request import pull_request_markdown
from nbops.workspace import find_workspace

pytestmark = [pytest.mark.slow, pytest.mark.warm]
_STAGES = (
    *("ingest", "validate", "test_notebooks", "train", "evaluate", "register"),
    *("gate", "staging", "integration_test", "production"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The pipeline file as it is shipped, a notebook of the project, and a model in Production that knows nothing."""
    folder: Path = tmp_path_factory.mktemp("cicd")
    (folder / "nbops.toml").write_text("courier = false\n")
    shutil.copy(templates()["gate"].parent / "pipelines" / "cicd.toml", folder)
    (folder / "notebooks").mkdir()
    cell = {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "source": "assert 1 + 1 == 2",
        "outputs": [],
        "execution_count": None,
    }
    book = {
        "cells": [cell],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "notebooks" / "check.ipynb").write_text(json.dumps(book))
    workspace = find_workspace(folder)
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    with track("before", workspace=workspace) as run:
        run.model(DummyRegressor().fit(X, y), "model")
    assert register("model", run_id=run.run_id, workspace=workspace).version == 1
    promote("model", 1, "Production", workspace=workspace)
    return workspace


def test_from_data_to_production_and_back(project):
    file = project.root / "cicd.toml"
    first = execute_pipeline(file)
    assert first.status == "succeeded", first.error
    assert {stage.name for stage in first.stages} == set(_STAGES)
    assert {stage.status for stage in first.stages} == {"succeeded"}
    # The version took the place of the former, which is kept.
    assert holder(project, "model", "Production") == holder(project, "model", "champion") == 2
    assert first.stage("production").outputs["replaced"] == "1"
    assert first.stage("staging").outputs["promoted"] == "model@Staging"
    gates = {gate["name"]: gate["verdict"] for gate in first.stage("gate").outputs["gates"]}
    assert gates == {"not worse than the champion": "passed", "size": "passed"}
    assert first.stage("test_notebooks").outputs["cells_failed"] == 0
    tried = first.stage("integration_test").outputs["integration"]
    assert first.stage("integration_test").outputs["served_version"] == 2
    assert all(check["passed"] for check in tried)
    assert {"health", "identity", "input example", "refuses a wrong column", "refuses a pickle"} <= {
        check["check"] for check in tried
    }

    # A worse candidate stops at its gate, and nothing else changes.
    text = file.read_text()
    worse = '[stages.train]\ntemplate = "train"\nparameters = { algorithm = "ridge", settings = { alpha = 100.0 } }'
    file.write_text(text.replace('[stages.train]\ntemplate = "train"', worse))
    assert file.read_text() != text
    second = execute_pipeline(file)
    assert second.status == "failed"
    assert "model version 3 does not pass 1 of 2 gates: not worse than the champion" in second.error
    assert [stage.status for stage in second.stages][-4:] == ["failed", "pending", "pending", "pending"]
    assert second.stage("test_notebooks").status == "skipped"
    assert (holder(project, "model", "Production"), holder(project, "model", "Staging")) == (2, None)
    assert [version.lifecycle_stage for version in get_model(project, "model").versions] == [
        "None",
        "Production",
        "Archived",
    ]
    report = pull_request_markdown(pipeline_report(project))
    assert "❌ model version 3 for Production: 1 of 2 gates do not pass: not worse than the champion" in report
    assert "### Gates of model version 3 for Production" in report
    assert "metrics are worse than before" in report

    # And there is a way back.
    assert rollback("model", reason="complaints", workspace=project).version == 1
    assert holder(project, "model", "Production") == 1
