"""A served model logs what it predicts, takes labels, and tells Prometheus how it fares."""

from __future__ import annotations

import json
import os
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sklearn.linear_model import LogisticRegression

from nbops.monitoring.performance import performance
from nbops.monitoring.predictions import PredictionSettings, read_labels, read_predictions
from nbops.records import ModelVersion
from nbops.serving.app import application
from nbops.serving.recording import Recorder
from nbops.serving.served import Served

with warnings.catch_warnings():
    # It would rather have a successor of httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ROWS = {"dataframe_split": {"columns": ["age", "height"], "data": [[1, 2.0], [8, 1.0], [9, 3.5]]}}


@pytest.fixture(scope="module")
def served():
    frame = pd.DataFrame({"age": range(10), "height": [1.0, 2.0] * 5})
    model = LogisticRegression().fit(frame, ["no"] * 5 + ["yes"] * 5)
    version = ModelVersion(
        model="people", version=3, run_id="r", digest="d" * 64, size=1, class_name="LogisticRegression", flavor="sklearn",
        serialization="skops", created_at=0.0, author="a", features=("age", "height"), feature_types=("int64", "float64"),
    )  # fmt: skip
    return Served(version, model)


@pytest.fixture
def client(served, workspace):
    recorder = Recorder(served, workspace)
    with TestClient(application(served, token="secret", recorder=recorder)) as client:
        client.headers["Authorization"] = "Bearer secret"
        yield client
    recorder.close()


def _metrics(client: TestClient) -> dict[str, float]:
    text = client.get("/metrics").text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name in {"endpoint", "code", "le"}}
            found[" ".join([sample.name, *labels.values()])] = sample.value
    return found


def test_predictions_are_logged_with_inputs_scores_and_latency_before_the_answer_goes_out(served, client, workspace):
    answer = client.post("/invocations", json=ROWS)
    assert answer.json() == {"predictions": ["no", "yes", "yes"]}
    ids = answer.headers["X-Nbops-Prediction-Ids"].split(",")
    found = read_predictions(workspace, "people")
    assert list(found["prediction_id"]) == ids and list(found["output"]) == ["no", "yes", "yes"]
    assert list(found["age"]) == [1, 8, 9] and set(found["version"]) == {3} and set(found["digest"]) == {"d" * 64}
    rows = pd.DataFrame(ROWS["dataframe_split"]["data"], columns=["age", "height"])
    np.testing.assert_allclose(found[["score_no", "score_yes"]], served.model.predict_proba(rows))
    assert (found["latency"] > 0).all()


def test_labels_come_to_the_server_and_performance_is_known(client, workspace):
    ids = client.post("/invocations", json=ROWS).headers["X-Nbops-Prediction-Ids"].split(",")
    assert client.post("/labels", json={"ids": ids[:2], "labels": ["no", "no"]}).json() == {"recorded": 2}
    assert (
        client.post("/labels", json=[{"id": ids[2], "label": "yes"}, {"id": "stranger", "label": "no"}]).status_code
        == 200
    )
    found = performance(workspace, "people", window="all")
    assert found.total.realised.value == pytest.approx(2 / 3) and found.unknown_labels == 1


def test_a_request_may_give_its_identifiers_in_the_header_or_among_params(client, workspace):
    first = client.post("/invocations", json=ROWS, headers={"X-Nbops-Prediction-Ids": "a,b%2Cc,d"})
    assert first.headers["X-Nbops-Prediction-Ids"] == "a,b%2Cc,d"
    client.post("/invocations", json={**ROWS, "params": {"prediction_ids": ["e", 5, "ü"]}})
    assert set(read_predictions(workspace, "people")["prediction_id"]) == {"a", "b,c", "d", "e", "5", "ü"}


def test_many_identifiers_do_not_fill_the_header(client, workspace):
    many = {"inputs": [[1, 2.0]] * 500}
    header = client.post("/invocations", json=many).headers["X-Nbops-Prediction-Ids"]
    stem = header.removesuffix("*")
    assert header.endswith(".*")
    assert set(read_predictions(workspace, "people")["prediction_id"]) == {f"{stem}{row}" for row in range(500)}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("invocations", {**ROWS, "params": {"prediction_ids": ["a"]}}, "1 identifiers of 3 rows"),
        ("invocations", {**ROWS, "params": {"prediction_ids": ["a", "a", "b"]}}, "same identifier"),
        ("invocations", {**ROWS, "params": {"prediction_ids": ["a", "b", "\n"]}}, "can be printed"),
        ("invocations", {**ROWS, "params": {"temperature": 1}}, "nothing else"),
        ("labels", {"ids": ["a"], "labels": [1, 2]}, "2 labels of 1"),
        ("labels", {"ids": "a", "labels": [1]}, "Give"),
        ("labels", [{"id": "a"}], "Give"),
        ("labels", {"ids": ["a"], "labels": [{}]}, "A label is"),
        ("labels", {"ids": ["a"], "labels": [1], "at": "some day"}, "'some day' is no time"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(client, workspace, path, body, said):
    answer = client.post(f"/{path}", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert len(read_predictions(workspace, "people")) == 0 and len(read_labels(workspace, "people")) == 0


def test_labels_and_metrics_need_the_token_too(client):
    for ask in (lambda: client.post("/labels", json={}), lambda: client.get("/metrics")):
        client.headers["Authorization"] = "Bearer guess"
        assert ask().status_code == 401


def test_metrics_count_requests_errors_rows_and_what_is_logged(client):
    client.post("/invocations", json=ROWS)
    client.post("/invocations", json={"inputs": [["x"]]})
    client.get("/nowhere")
    client.post("/labels", json={"ids": ["a"], "labels": [1]})
    found = _metrics(client)
    assert found["nbops_requests_total 200 invocations"] == 1 and found["nbops_requests_total 400 invocations"] == 1
    assert found["nbops_requests_total 404 other"] == 1
    assert found["nbops_request_seconds_count invocations"] == 2
    assert found["nbops_predictions_total"] == found["nbops_predictions_logged_total"] == 3
    assert found["nbops_labels_recorded_total"] == 1 and found["nbops_predictions_lost_total"] == 0
    assert found["nbops_requests_in_flight"] == 1
    assert found["process_cpu_seconds_total"] > 0 and found["process_resident_memory_bytes"] > 1e6


def test_a_full_disk_stops_no_answer_and_is_seen(client, workspace, monkeypatch):
    client.post("/invocations", json=ROWS)

    def full(descriptor: int, data: bytes) -> int:
        if threading.current_thread().name == "nbops-predictions":
            raise OSError(28, "No space left on device")
        return len(data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        answer = client.post("/invocations", json=ROWS)
    assert answer.status_code == 200 and answer.headers["X-Nbops-Prediction-Log"] == "lost"
    assert "X-Nbops-Prediction-Ids" not in answer.headers
    found = _metrics(client)
    assert found["nbops_predictions_lost_total"] == 3 and found["nbops_prediction_log_problem_timestamp_seconds"] > 0
    assert len(read_predictions(workspace, "people")) == 3


def test_what_is_not_to_be_logged_is_not(served, workspace):
    with TestClient(application(served)) as client:
        answer = client.post("/invocations", json=ROWS)
        assert answer.json()["predictions"] and "X-Nbops-Prediction-Ids" not in answer.headers
        assert client.post("/labels", json={}).status_code == 404
        assert "nbops_predictions_total" in client.get("/metrics").text
    recorder = Recorder(served, workspace, PredictionSettings(rows=False, scores=False, wait=False))
    with TestClient(application(served, recorder=recorder)) as client:
        client.post("/invocations", json=ROWS)
    recorder.close()
    found = read_predictions(workspace, "people")
    assert len(found) == 3 and not {"age", "score_yes"} & set(found.columns)


def test_settings_are_checked(workspace):
    from nbops.errors import SettingsError
    from nbops.monitoring.predictions import read_prediction_settings

    toml = workspace.root / "nbops.toml"
    toml.write_text('[predictions]\nmax_bytes = "50 MB"\nflush = "20ms"\nleave_out = ["name"]\nrows = false\n')
    found = read_prediction_settings(workspace)
    assert (found.max_bytes, found.flush, found.leave_out, found.rows) == (50_000_000, 0.02, ("name",), False)
    for line, said in {
        "max_byte = 1": "max_bytes",
        "rows = 1": "true or false",
        'flush = "soon"': "flush",
        "max_days = 0": "at least",
    }.items():
        toml.write_text(f"[predictions]\n{line}\n")
        with pytest.raises(SettingsError, match=said):
            read_prediction_settings(workspace)


def test_the_answer_is_whole_json(client):
    assert json.loads(client.post("/invocations", json=ROWS).content) == {"predictions": ["no", "yes", "yes"]}


def test_whatever_goes_wrong_with_the_log_stops_no_answer(client, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("what nobody foresaw")

    monkeypatch.setattr("nbops.serving.recording.PredictionLog.log", broken)
    answer = client.post("/invocations", json=ROWS)
    assert answer.status_code == 200 and answer.headers["X-Nbops-Prediction-Log"] == "lost"
