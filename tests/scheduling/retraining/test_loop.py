"""The loop on real data: windows come, drift appears, is told once, a challenger is trained, wins by a test, and it is over.

And the case where retraining does not help: nothing changes, and it says so.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbops
from nbops.cli import main
from nbops.ledger import open_ledger
from nbops.ledger.audit import read_events
from nbops.monitoring.monitors import add_monitor, incidents, run_monitor, summaries
from nbops.monitoring.monitors.building import build as build_monitor
from nbops.monitoring.predictions import PredictionLog, record_labels
from nbops.records import Identity
from nbops.registry import get_version, holder, load_model, promote, register
from nbops.registry.approvals import open_requests
from nbops.registry.facts import outputs_profile
from nbops.scheduling.retraining import (
    build,
    carry_out,
    decide_due,
    decisions,
    retrain_now,
    set_policy,
    with_retraining,
)
from nbops.workspace import find_workspace

pytestmark = pytest.mark.slow
DAY, START = 86_400.0, 1_760_000_000.0
FEATURES = ["radius", "texture", "smoothness", "concavity"]
PIPELINE = 'name = "anew"\n[stages.train]\ntemplate = "train"\nparameters = {algorithm = "logistic_regression", folds = 3, task = "classification"}\n'


# What would register and promote by itself, whether or not it is better.
PROMOTING = """[stages.register]
template = "register"
after = ["train"]
parameters = {registered_name = "tumour", alias = ""}
[stages.promote]
template = "promote"
after = ["register"]
parameters = {to = "Production", reason = "trained"}
"""


def _tumours():
    frame = load_breast_cancer(as_frame=True).frame
    names = {
        "mean radius": "radius",
        "mean texture": "texture",
        "mean smoothness": "smoothness",
        "mean concavity": "concavity",
    }
    return frame[[*names, "target"]].rename(columns=names)


def _window(rows, random):
    return rows.iloc[random.integers(0, len(rows), 400)].reset_index(drop=True)


def _noisy(frame, random):
    """A little noise of measurement, so that no row comes twice."""
    noise = {name: frame[name] * (1 + random.normal(0, 0.01, len(frame))) for name in FEATURES}
    return frame.assign(**noise)


def _other_device(frame):
    """A device that measures otherwise: what was large is small. The truth is the same."""
    return frame.assign(radius=40 - frame["radius"], concavity=0.5 - frame["concavity"])


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    (tmp_path / "pipeline.toml").write_text(PIPELINE)
    workspace = find_workspace(tmp_path)
    random = np.random.default_rng(0)
    learnt = _noisy(_window(_tumours(), random), random)
    with nbops.track("first", workspace=workspace) as run:
        X, y = learnt[FEATURES], learnt["target"]
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    version = register("tumour", run_id=run.run_id, workspace=workspace).version
    promote("tumour", version, workspace=workspace)
    assert model is not None
    add_monitor(
        workspace,
        build_monitor(
            "tumour watch",
            {"model": "tumour@champion", "checks": ["drift", "performance accuracy>=0.85"], "window": "1d"},
        ),
        now=START,
    )
    return workspace


def _day(place, number, frame, random, labels=None):
    """A day of predictions by whoever is champion; labels come the same evening."""
    version = holder(place, "tumour", "Production")
    rows = _noisy(_window(frame, random), random)
    at = START + number * DAY + np.linspace(60, DAY - 7200, len(rows))
    predicted = load_model("tumour", version, workspace=place).predict(rows[FEATURES])
    with PredictionLog(place, "tumour") as log:
        ids = log.log(rows=rows[FEATURES], outputs=predicted, version=version, at=at)
    truth = rows["target"] if labels is None else labels(len(rows))
    record_labels(place, "tumour", ids, truth, at=START + number * DAY + DAY - 3600)
    return run_monitor(place, "tumour watch", at=START + (number + 1) * DAY)


def _open(place):
    return tuple(one for one in incidents(place) if one.state == "open")


def _policy(place, **given):
    facts = {
        "pipeline": "pipeline.toml",
        "data_parameter": "train",
        "window": "2d",
        "mode": "promote",
        "metric": "accuracy",
    }
    return set_policy(place, build("tumour", facts | given), now=START)


def test_drift_appears_a_challenger_wins_and_the_monitor_recovers(place):
    random = np.random.default_rng(1)
    _policy(place)
    assert _day(place, 0, _tumours(), random).state == "ok"
    assert decide_due(place, START + DAY) == ()
    looks = [_day(place, day, _other_device(_tumours()), random) for day in (1, 2)]
    assert [look.state for look in looks] == ["alert", "alert"]
    # Told once, however many windows it lasts.
    opened = _open(place)
    assert sorted(one.kind for one in opened) == ["drift", "performance"]
    assert [one.windows for one in opened] == [2, 2]
    now = START + 3 * DAY
    (queued,) = decide_due(place, now)
    assert queued.cause == "performance"
    assert decide_due(place, now) == ()
    ended = carry_out(place, queued.id)
    assert ended.outcome == "promoted", ended.message
    assert (ended.champion, ended.challenger, holder(place, "tumour", "Production")) == (1, 2, 2)
    assert ended.comparison["low"] > 0
    # What it predicted of the rows that were kept away is what a monitor compares with.
    profile, name = outputs_profile(place, get_version(place, "tumour", 2))
    assert (name, profile.rows) == ("judge.parquet", ended.comparison["rows"])
    assert ended.evidence["data"]["learn_rows"] > ended.evidence["data"]["judge_rows"] > 100
    after = _day(place, 3, _other_device(_tumours()), random)
    assert after.state == "ok", after.sentence
    assert _open(place) == ()
    (summary,) = with_retraining(place, summaries(place))
    assert (summary.state, summary.retrain.outcome, summary.policy.model) == ("ok", "promoted", "tumour")
    # Both signals of the same trouble led to one decision.
    (only,) = decisions(place)
    assert only.cause == "performance"
    assert [one["cause"] for one in only.evidence["besides"]] == ["drift"]
    told = [event for event in read_events(place) if event.action == "retrain-end"]
    assert [(event.detail["outcome"], event.version) for event in told] == [("promoted", 2)]
    assert told[0].detail["evidence"]["data"]["judge_sha256"]


def test_where_retraining_does_not_help_nothing_changes(place, capsys):
    random = np.random.default_rng(2)
    _policy(place, cool_down_hours=48)
    _day(place, 0, _tumours(), random)

    # The labels are noise from now on: nobody can learn them.
    def noise(count):
        return random.integers(0, 2, count)

    assert [_day(place, day, _tumours(), random, noise).state for day in (1, 2)] == ["alert", "alert"]
    (queued,) = decide_due(place, START + 3 * DAY)
    assert queued.cause == "performance"
    ended = carry_out(place, queued.id)
    assert ended.outcome == "not better", ended.message
    assert "nothing was changed" in ended.message
    assert holder(place, "tumour", "Production") == 1
    # Neither does a pipeline that promotes: those stages are left out, and what it registers is said.
    (place.root / "pipeline.toml").write_text(PIPELINE + PROMOTING)
    ended = carry_out(place, retrain_now(place, "tumour", "once more").id)
    assert (ended.outcome, ended.challenger) == ("not better", 2), ended.message
    assert "register v2" in ended.message
    assert holder(place, "tumour", "Production") == 1
    assert main(["retrain", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["outcome"] == "not better"
    # By hand it may be tried at once; the pipeline fails, and that changes nothing either.
    (place.root / "pipeline.toml").write_text(PIPELINE.replace("logistic_regression", "ridge"))
    failed = carry_out(place, retrain_now(place, "tumour", "try ridge").id)
    assert (failed.outcome, failed.cause) == ("failed", "manual")
    assert "training failed" in failed.message
    assert holder(place, "tumour", "Production") == 1


def test_what_is_better_waits_for_approval_where_that_is_wanted(place):
    random = np.random.default_rng(3)
    _policy(place, mode="approval", source="predictions")
    for day in (0, 1):
        _day(place, day, _other_device(_tumours()), random)
    (place.root / "nbops.toml").write_text('courier = false\n[policy.roles]\nada = ["reviewer"]\n')
    ada = Identity(name="ada", source="jupyter", roles=("reviewer",))
    ended = carry_out(place, retrain_now(place, "tumour", "a new device", identity=ada).id)
    assert ended.outcome == "awaiting approval", ended.message
    assert holder(place, "tumour", "Production") == 1
    with open_ledger(place).connect() as connection:
        (asked,) = open_requests(connection)
    assert (asked.version, asked.target) == (2, "Production")
    # Whose process trains: what follows from it is done by who has asked for it.
    assert asked.requested_by == "ada"
    done = [
        one for one in read_events(place) if one.action in ("register", "request", "retrain-end") and one.version == 2
    ]
    assert {(one.actor, one.source) for one in done} == {("ada", "jupyter")}
    assert sorted(one.action for one in done) == ["register", "request", "retrain-end"]


def test_a_file_with_times_can_be_the_source(place):
    random = np.random.default_rng(4)
    rows = pd.concat([_noisy(_window(_other_device(_tumours()), random), random) for _ in range(2)], ignore_index=True)
    rows["at"] = pd.date_range("2026-01-01", periods=len(rows), freq="h")
    rows.sample(frac=1, random_state=0).to_parquet(place.root / "labelled.parquet")
    _policy(place, source="labelled.parquet", time="at", window="30d", on=["drift"], parameters={"drop": ["at"]})
    ended = carry_out(place, retrain_now(place, "tumour").id)
    assert ended.outcome == "promoted", ended.message
    data = ended.evidence["data"]
    assert data["learn_rows"] + data["judge_rows"] == 720
