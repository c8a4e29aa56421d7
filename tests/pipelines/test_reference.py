"""What models predicted of rows that they were not fitted on, kept with who judged them and taken up by a version."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.capture import Options, Probe
from nbops.capture.judged import note_judged
from nbops.pipelines.models import run_model
from nbops.pipelines.tabular.reference import apart, keep, outputs
from nbops.pipelines.tabular.task import predict
from nbops.registry import register
from nbops.registry.facts import outputs_profile
from nbops.tracking.outbox import outbox_of


def _rows(seed, count=400):
    drawn = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": drawn.normal(0, 1, count), "b": drawn.normal(0, 1, count)})
    return frame.assign(target=(frame["a"] + drawn.normal(0, 1, count) > 0).astype(int))


@settings(max_examples=40)
@given(st.integers(0, 99), st.integers(0, 60), st.integers(0, 60))
def test_of_rows_that_values_tell_apart_none_that_was_learnt_from_counts(seed, fresh, again):
    learnt = _rows(seed)
    judged = pd.concat([_rows(seed + 100, fresh), learnt.iloc[:again]], ignore_index=True)
    judged = judged.sample(frac=1, random_state=seed).reset_index(drop=True)
    found = apart(judged, learnt, "held.csv")
    assert found.learnt == 400
    seen = judged.merge(learnt.drop_duplicates(), how="left", indicator=True)["_merge"].eq("both")
    # Up to a tenth may be alike by chance.
    assert len(found.rows) in (fresh, len(judged)) if again <= 0.1 * len(judged) else len(found.rows) == fresh
    if len(found.rows) == fresh:
        assert not seen.iloc[found.rows].any()


def test_rows_of_few_different_values_are_apart_unless_they_are_the_same_rows():
    drawn = np.random.default_rng(0)
    few = pd.DataFrame({"a": drawn.integers(0, 4, 600), "target": drawn.integers(0, 2, 600)})
    learnt, judged = few.iloc[:400].reset_index(drop=True), few.iloc[400:].reset_index(drop=True)
    assert len(apart(judged, learnt, "x").rows) == 200
    assert len(apart(learnt.sample(frac=1, random_state=1), learnt, "x").rows) == 0
    assert len(apart(judged.astype(float), learnt, "x").rows) == 200
    assert len(apart(judged.rename(columns=str.upper), learnt, "x").rows) == 0


class _Shell:
    display_pub = displayhook = None


@pytest.fixture
def judge(workspace, monkeypatch):
    """Fit a model in one run, judge it in another, register it; give the version."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    monkeypatch.chdir(workspace.root)

    def done(learnt, judged, told=None, **given):
        X, y = learnt[["a", "b"]], learnt["target"]
        with nbops.track("fit", workspace=workspace) as run:
            model = LogisticRegression().fit(X, y)
        assert model is not None
        fitted, _, ref = run_model(f"{run.run_id}/model", workspace=workspace)
        rows = apart(judged, told if told is not None else learnt, "held.csv")
        names = {
            "keep": keep,
            "rows": rows,
            "several": {ref.digest: predict(fitted, judged, judged["target"], "classification")},
        }
        probe = Probe(workspace, "keep(rows, several)\n", names, kind="cell", options=Options(), shell=_Shell())
        note_judged("0" * 64, "of an earlier cell", 99, 99, {"output": np.arange(99)})
        probe.start()
        exec("keep(rows, several)", names)
        found = probe.finish()
        assert found.warnings == ()
        files = [ref for ref, _ in found.blobs if ref.kind == "predictions"]
        outbox_of(workspace).finish(found.run, found.blobs)
        return register("m", run_id=run.run_id, workspace=workspace, **given), files

    return done


def test_a_version_takes_up_what_a_run_has_judged(judge, workspace):
    version, files = judge(_rows(1), _rows(2, 5000))
    assert len(files) == 1
    profile, name = outputs_profile(workspace, version)
    assert name == "held.csv" and [c.name for c in profile.columns] == ["output", "score"]
    # Of many rows, so many.
    assert profile.rows == 4000


def test_not_of_a_model_that_learnt_from_more_rows_than_those_it_was_told_apart_from(judge, workspace):
    learnt, judged = _rows(1), _rows(2)
    version, files = judge(pd.concat([learnt, judged], ignore_index=True), judged, told=learnt)
    assert len(files) == 1 and outputs_profile(workspace, version) is None


def test_not_where_profiles_are_not_wanted_or_rows_are_few(judge, workspace):
    assert judge(_rows(1), _rows(2, 20))[1] == []
    (workspace.root / "nbops.toml").write_text("courier = false\n[track]\ntraining_profile = false\n")
    assert judge(_rows(1), _rows(2))[1] == []


def test_what_is_given_to_register_comes_before_what_was_judged(judge, workspace):
    learnt = _rows(1)
    model = LogisticRegression().fit(learnt[["a", "b"]], learnt["target"])
    newest = _rows(3, 50)
    told = outputs(model, newest[["a", "b"]], "classification", "newest.csv", len(learnt))
    version, _ = judge(learnt, _rows(2), outputs=told)
    assert outputs_profile(workspace, version)[1] == "newest.csv"
    assert outputs(model, newest.head(9), "classification", "x", 400) == {}
