"""A registered version over HTTP: its own answers, clear refusals, and nothing but JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import httpx
import pandas as pd
import psutil
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from nbops.cli import main
from nbops.errors import NotFoundError, UsageError
from nbops.monitoring.predictions import read_predictions
from nbops.registry import load_model, promote, register
from nbops.serving.served import load_served
from nbops.tracking.tracker import track
from nbops.workspace import find_workspace

_CITIES = pd.DataFrame(
    {
        "city": ["Oslo", "Rome", "Oslo", "Rome"] * 4 + ["Oslo", "Rome", "Oslo", None],
        "age": range(20),
        "height": [1.5, 1.6, 1.7, 1.8] * 5,
    }
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A workspace with one model that takes columns by name (in Staging) and one that takes an array."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(folder)
    with track("fit", workspace=workspace) as run:
        X = _CITIES
        y = X["age"] * 2.0 + (X["city"] == "Rome") + 7 * X["city"].isna()
        prepare = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city"]), (StandardScaler(), ["age", "height"])
        )
        model = make_pipeline(prepare, LinearRegression()).fit(X, y)  # noqa: F841 (the run finds it by itself)
    register("people", run_id=run.run_id, workspace=workspace)
    promote("people", 1, "Staging", workspace=workspace)
    with track("array", workspace=workspace) as run:
        A, b = load_iris(return_X_y=True)
        flowers = LogisticRegression(max_iter=500).fit(A, b)
        run.model(flowers, "flowers")
    register("flowers", run_id=run.run_id, alias="champion", workspace=workspace)
    return workspace


def _started(workspace, which: str, **environment: str):
    process = subprocess.Popen(
        [sys.executable, "-m", "nbops", "serve", which, "--port", "0", "--json", "-C", str(workspace.root)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    facts = json.loads(line)
    return SimpleNamespace(process=process, facts=facts, http=httpx.Client(base_url=facts["url"], timeout=60))


@pytest.fixture(scope="module")
def people(registry):
    """The model with named columns, in a process of its own."""
    server = _started(registry, "people@Staging")
    yield server
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    server.process.stdout.close()


def _frame(frame: pd.DataFrame) -> dict:
    return {"dataframe_split": {"columns": list(frame.columns), "data": frame.values.tolist()}}


def test_it_says_what_it_is(registry, people):
    assert people.http.get("/ping").status_code == 200
    told = people.http.get("/version").json()
    version = load_served("people/1", registry).version
    assert (told["model"], told["version"], told["digest"]) == ("people", 1, version.digest)
    assert told["columns"] == ["city", "age", "height"]
    assert people.facts["url"].startswith("http://127.0.0.1:")


def test_every_form_gives_the_model_s_own_answers(registry, people):
    rows = _CITIES.head(3)
    expected = load_model("people", 1, workspace=registry).predict(rows).tolist()
    turned = rows[["height", "city", "age"]].assign(other=1)
    for body in (
        _frame(rows),
        _frame(turned),
        {"dataframe_records": json.loads(rows.to_json(orient="records"))},
        {"inputs": rows.values.tolist()},
        {"inputs": {name: rows[name].tolist() for name in rows}},
    ):
        answer = people.http.post("/invocations", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"predictions": expected}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"dataframe_split": {"columns": ["city", "Age"], "data": [["Oslo", 1]]}}, "Columns are missing: 'age', 'height'. Not known here: 'Age'."),
        ({"dataframe_records": [{"city": "Oslo", "age": "old", "height": 1}]}, "Column 'age' must be numbers (int64); row 1 has 'old'"),
        ({"dataframe_records": [{"city": "Oslo", "age": [1], "height": 1}]}, "Column 'age' has a list"),
        ({"dataframe_records": [{"city": 5, "age": 1, "height": 1}]}, "Column 'city' must be text; one row has 5"),
        ({"dataframe_records": [{"city": "Oslo", "age": None, "height": 1}]}, "The model does not take these rows"),
        ({"dataframe_split": {"columns": ["city", "age", "height"], "data": [["Oslo", 1]]}}, "row 1 has 2 values, and there are 3 columns"),
        ({"dataframe_split": {"columns": ["city", "city"], "data": []}}, "names a column twice"),
        ({"dataframe_split": {"columns": ["city", "age", "height"], "data": []}}, "There are no rows"),
        ({"dataframe_split": []}, "must be an object"),
        ({"dataframe_records": {"a": 1}}, "must be a list of objects"),
        ({"inputs": [[1]]}, "row 1 has 1 values"),
        ({"inputs": 3}, "inputs must be a list of rows"),
        ({"inputs": {"city": ["a"], "age": [1, 2]}}, "different lengths"),
        ({"inputs": [["Oslo", 10**400, 1]]}, "too large"),
        ({}, "Give exactly one of"),
        ({"inputs": [], "dataframe_records": []}, "Give exactly one of"),
        ({"inputs": [["Oslo", 1, 1]], "params": {"a": 1}}, "params may hold prediction_ids"),
        ([], "must be an object"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(people, body, said):
    content = json.dumps(body).encode()
    answer = people.http.post("/invocations", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == "BAD_REQUEST"
    assert said in answer.json()["message"]


def test_other_bad_requests(people):
    post = people.http.post
    json_type = {"content-type": "application/json"}
    assert post("/invocations", content=b"{", headers=json_type).json()["message"].startswith("The body is no JSON")
    assert post("/invocations", content=b"[" * 100_000, headers=json_type).status_code == 400
    assert post("/invocations", content=b"\x80\x04", headers=json_type).status_code == 400
    for kind in ("application/octet-stream", "application/x-python-pickle", "text/csv"):
        assert post("/invocations", content=b"x", headers={"content-type": kind}).status_code == 415
    assert post("/invocations", content=b" " * 16_000_001, headers=json_type).status_code == 413
    assert people.http.get("/invocations").json()["error_code"] == "METHOD_NOT_ALLOWED"
    assert people.http.get("/nothing").json()["error_code"] == "NOT_FOUND"
    # It answers as before.
    assert people.http.post("/invocations", json=_frame(_CITIES.head(1))).status_code == 200


def test_an_array_model_and_a_token(registry):
    server = _started(registry, "flowers@champion", NBOPS_SERVE_TOKEN="open sesame")
    try:
        rows = load_iris().data[:4].tolist()
        assert server.http.get("/ping").status_code == 200
        assert server.http.get("/version").status_code == 401
        assert server.http.post("/invocations", json={"inputs": rows}).json()["error_code"] == "UNAUTHENTICATED"
        server.http.headers["authorization"] = "Bearer open sesame"
        expected = load_model("flowers", workspace=registry).predict(rows).tolist()
        assert server.http.post("/invocations", json={"inputs": rows}).json() == {"predictions": expected}
        names = {"dataframe_split": {"columns": ["x0", "x1", "x2", "x3"], "data": rows}}
        assert server.http.post("/invocations", json=names).json() == {"predictions": expected}
        port = server.facts["url"].rpartition(":")[2]
        taken = subprocess.run(
            [sys.executable, "-m", "nbops", "serve", "flowers/1", "--port", port, "-C", str(registry.root)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert taken.returncode == 1
        assert taken.stderr.startswith(f"nbops: 127.0.0.1:{port} cannot be listened on")
        assert len(taken.stderr.splitlines()) == 1
    finally:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) in (0, 130, -signal.SIGINT)
        server.process.stdout.close()
    # What it has predicted is logged, and Parquet since it ended.
    logged = read_predictions(registry, "flowers")
    assert logged["output"].tolist() == expected * 2 and {"x0", "x3", "score_0", "score_2"} <= set(logged.columns)
    assert not list((registry.predictions / "model=flowers").rglob("*.segment"))


def test_what_cannot_be_served_is_told_in_a_line(registry, capsys):
    with pytest.raises(UsageError):
        load_served("a@b@c", registry)
    with pytest.raises(NotFoundError, match="Nobody holds Production of people"):
        load_served("people", registry)
    assert main(["serve", "poeple", "-C", str(registry.root)]) == 1
    assert "Did you mean 'people'?" in capsys.readouterr().err


def test_a_changed_file_is_not_served(registry, capsys):
    version = load_served("flowers/1", registry).version
    file = next(file for file in version.files if file.path == "model.skops")
    path = registry.blobs / file.digest[:2] / file.digest
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        assert main(["serve", "flowers/1", "-C", str(registry.root)]) == 1
        assert "has been changed since it was registered" in capsys.readouterr().err
    finally:
        path.write_bytes(before)


def test_a_trial_finds_a_server_that_answers_otherwise(registry):
    """The checks of the integration test against the served version, and against another one."""
    from nbops.serving.process import ServedProcess
    from nbops.serving.trying import Trial

    table = _CITIES.assign(age=[None, *range(1, 20)], target=1.0).tail(19)
    with ServedProcess("people@Staging", registry) as server:
        trial = Trial(server, load_served("people/1", registry), registry)
        trial.health()
        trial.identity()
        trial.example()
        trial.rows(table)
        trial.refusals()
        assert [one for one in trial.checks if not one.passed] == []
        assert [one.name for one in trial.checks][:4] == ["health", "identity", "input example", "19 held-out rows"]
        assert trial.checks[2].seen == "5 predictions as its own"
        # Nobody without the token is answered.
        assert httpx.get(f"{server.facts['url']}/version").status_code == 401
        other = load_served("people/1", registry)
        other.model.steps[-1][1].intercept_ += 1.0
        wrong = Trial(server, other, registry)
        wrong.rows(table)
        assert wrong.checks[0].seen == "19 predictions, 19 differ from the model's own"
        assert not wrong.checks[0].passed
        process = server._process
    assert process.poll() is not None


def test_a_server_ends_with_whoever_started_it(registry):
    """Also when that one is killed and has no time to say so."""
    code = (
        "import sys, time\nfrom nbops.serving.process import ServedProcess\nfrom nbops.workspace import find_workspace\n"
        f"with ServedProcess('people@Staging', find_workspace({str(registry.root)!r})) as server:\n"
        "    print(server.facts['url'], server._process.pid, flush=True)\n    time.sleep(600)\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    url, pid = caller.stdout.readline().split()
    assert httpx.get(f"{url}/ping").status_code == 200
    caller.kill()
    caller.wait()
    caller.stdout.close()
    for _ in range(600):
        if not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the server still runs")
