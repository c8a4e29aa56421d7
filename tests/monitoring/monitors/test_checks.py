"""What monitors check: each finds what is there, says so in words, and none stops the others."""

from __future__ import annotations

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.monitoring.monitors import incidents, monitor_report, monitor_runs, run_monitor, summary
from nbops.monitoring.predictions import PredictionLog, record_labels
from nbops.registry import register

DAY = 86400.0


def customers(seed: int, count: int, shift: float = 0.0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    income = draw.normal(shift, 1.0, count)
    return pd.DataFrame({"income": income, "age": draw.normal(40, 10, count), "left": (income > 0).astype(int)})


@pytest.fixture
def churn(shop, monkeypatch, evening):
    """A registered model that predicts for two days; in the second incomes are higher and most predictions wrong."""
    workspace = shop.workspace
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    known = customers(1, 2000)
    X = known[["income", "age"]]
    with nbops.track("train") as run:
        model = LogisticRegression().fit(X, known["left"])
        run.model(model, "model")
    register("churn", run_id=run.run_id)
    shop.write("known.csv", known)
    with PredictionLog(workspace, "churn") as log:
        for day, (shift, right) in enumerate(((0.0, 0.95), (1.0, 0.5))):
            rows = customers(20 + day, 500, shift)
            ids = [f"{day}-{i}" for i in range(500)]
            at = evening(day) + np.linspace(1, DAY - 1, 500)
            outputs = model.predict(rows[["income", "age"]])
            scores = model.predict_proba(rows[["income", "age"]])[:, 1]
            inputs = rows[["income", "age"]]
            log.log(ids=ids, rows=inputs, outputs=outputs, scores=scores, version=1, at=at, latency=0.05 + day)
            wrong = np.random.default_rng(day).random(500) > right
            record_labels(workspace, "churn", ids[:400], np.where(wrong, 1 - outputs, outputs)[:400], at=at[:400] + 1)
    return shop


def found(run) -> dict[str, str]:
    return {check.check: check.state for check in run.checks}


CHECKS = [
    "drift",
    "quality",
    "performance accuracy>=0.8",
    "volume rows>=100",
    "volume labelled>=0.5",
    "infrastructure latency_p95<=0.2",
]


def test_all_layers_of_a_model_in_one_look(churn, evening):
    churn.watch("churn", model="churn@1", source=None, time=None, reference=None, checks=CHECKS)
    first, second = (run_monitor(churn.workspace, "churn", at=evening(day)) for day in (1, 2))
    assert first.state == "ok", first.sentence
    assert set(found(first).values()) == {"ok"}
    assert (first.version, first.rows) == (1, 500)
    assert found(second) == {
        "drift": "alert",
        "quality": "ok",
        "performance accuracy": "alert",
        "volume rows": "ok",
        "volume labelled": "ok",
        "infrastructure latency_p95": "alert",
    }
    by_name = {check.check: check for check in second.checks}
    assert by_name["drift"].columns == ("output", "score", "income")
    assert "accuracy is 0." in by_name["performance accuracy"].message
    assert "beyond the limit of at least 0.8" in by_name["performance accuracy"].message
    assert by_name["volume labelled"].value == 0.8
    assert by_name["infrastructure latency_p95"].value == pytest.approx(1.05)
    assert len(incidents(churn.workspace, opened=True)) == 3
    one = summary(churn.workspace, "churn")
    assert (one.state, one.version, one.labelled) == ("alert", 1, 0.8)
    assert [len(series.values) for series in one.series] == [2] * 6


def test_an_estimate_needs_labels_of_before(churn, evening):
    churn.watch("churn", model="churn@1", source=None, time=None, reference=None, checks=["estimate accuracy>=0.8"])
    first, second = (run_monitor(churn.workspace, "churn", at=evening(day)) for day in (1, 2))
    assert first.state == "waiting"
    # What it cannot know is that the labels to come belong to other customers.
    assert second.state == "ok"
    assert second.sentence.startswith("accuracy is estimated at 0.9")


def test_performance_waits_for_labels_and_looks_back_for_them(churn, evening):
    churn.watch(
        "churn",
        model="churn@1",
        source=None,
        time=None,
        reference=None,
        checks=["performance accuracy>=0.8 min_labelled=0.9"],
    )
    run = run_monitor(churn.workspace, "churn", at=evening(2))
    assert run.state == "waiting"
    assert "80% of 500 predictions have arrived" in run.sentence
    churn.watch("later", model="churn@1", source=None, time=None, reference=None, checks=["performance accuracy>=0.8"])
    # In the third day nothing has been predicted: what is known is of the second.
    run = run_monitor(churn.workspace, "later", at=evening(3))
    assert run.state == "alert"
    assert run.checks[0].detail["window"] == [evening(1), evening(2)]


def test_few_rows_prove_nothing(churn, evening):
    given = {"model": "churn@1", "source": None, "time": None, "reference": None}
    churn.watch("plain", checks=["performance accuracy"], **given)
    (known,) = run_monitor(churn.workspace, "plain", at=evening(1)).checks
    assert known.state == "ok"
    assert known.detail["low"] < known.value < known.detail["high"]
    # A limit that the figure misses and its interval does not.
    limit = (known.value + known.detail["high"]) / 2
    churn.watch("strict", checks=[f"performance accuracy>={limit:.4f}"], **given)
    run = run_monitor(churn.workspace, "strict", at=evening(1))
    assert run.state == "warning"
    assert run.sentence.endswith("which so few rows do not prove.")


def test_one_check_that_cannot_run_does_not_stop_the_others(shop, evening):
    shop.fill(0)
    rules = shop.workspace.root / "rules.toml"
    rules.write_text('[columns.income]\nkind = "number"\n')
    shop.watch(checks=["quality rules=rules.toml", "drift"])
    rules.unlink()
    run = run_monitor(shop.workspace, "shop", at=evening(1))
    assert found(run) == {"drift": "ok", "quality": "error"}
    assert run.sentence.startswith("quality could not look: 'rules.toml' names no rules")
    (incident,) = incidents(shop.workspace)
    assert (incident.check, incident.kind) == ("quality", "quality")
    (shop.workspace.root / "data.csv").unlink()
    run = run_monitor(shop.workspace, "shop", at=evening(2))
    assert found(run) == {"drift": "error", "quality": "error"}


def test_quality_names_column_and_rule(shop, evening):
    shop.fill(0)
    frame = pd.read_csv(shop.workspace.root / "data.csv")
    frame.loc[:99, "region"] = "moon"
    shop.write("data.csv", frame)
    shop.watch(checks=["quality"])
    run = run_monitor(shop.workspace, "shop", at=evening(1))
    (check,) = run.checks
    assert check.state == "alert"
    assert check.columns == ("region",)
    assert "moon" in json.dumps(check.detail)


def test_windows_without_rows_are_no_trouble_unless_rows_are_counted(shop, evening):
    shop.fill(0)
    shop.watch(checks=["drift", "volume rows>=100"])
    run = run_monitor(shop.workspace, "shop", at=evening(5))
    assert found(run) == {"drift": "waiting", "volume rows": "alert"}
    assert [one.check for one in incidents(shop.workspace)] == ["volume rows"]
    assert monitor_runs(shop.workspace)[0].sentence == "0 rows, beyond the limit of at least 100."


def test_windows_by_rows_by_change_and_all(shop, evening):
    import os

    for day, name in enumerate(("a", "b")):
        file = shop.write(f"in/{name}.parquet", customers(day, 300)[["income", "age"]])
        os.utime(file, (evening(day) + 60, evening(day) + 60))
    shop.write("known.csv", customers(9, 1000)[["income", "age"]])
    shared = {"source": "in/*.parquet", "reference": "known.csv", "time": None}
    for name, window, rows in (("day", "1d", 300), ("all", "all", 600), ("last", "50 rows", 50)):
        shop.watch(name, window=window, **shared)
        assert run_monitor(shop.workspace, name, at=evening(1)).rows == rows
    nothing = run_monitor(shop.workspace, "day", at=evening(9))
    assert (nothing.state, nothing.rows) == ("waiting", 0)


def test_a_prometheus_server_is_asked_for_the_moment_of_the_look(shop, evening):
    asked = []

    class Prometheus(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(parse_qs(urlsplit(self.path).query))
            result = [{"metric": {}, "value": [0, "0.25"]}] if len(asked) == 1 else []
            body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        query = 'sum(rate(failed{job="churn"}[5m]))'
        shop.watch(checks=[f"infrastructure errors<=0.01 url={url} query='{query}'"])
        first, second = (run_monitor(shop.workspace, "shop", at=evening(day)) for day in (1, 2))
    finally:
        server.shutdown()
        server.server_close()
    assert asked[0] == {"query": [query], "time": [f"{evening(1):.3f}"]}
    assert (first.state, first.checks[0].value) == ("alert", 0.25)
    assert second.state == "waiting"
    assert run_monitor(shop.workspace, "shop", at=evening(3)).state == "error"


def test_a_served_model_is_asked_what_it_answered_since_the_last_look(shop, evening):
    registry = CollectorRegistry()
    requests = Counter("nbops_requests", "x", ("endpoint", "code"), registry=registry)
    seconds = Histogram("nbops_request_seconds", "x", ("endpoint",), buckets=(0.1, 1.0), registry=registry)

    class Served(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(generate_latest(registry))

        def log_message(self, *args):
            pass

    def answer(count: int, code: str, took: float) -> None:
        requests.labels("invocations", code).inc(count)
        requests.labels("ping", "500").inc(100)
        for _ in range(count):
            seconds.labels("invocations").observe(took)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        shop.watch(checks=[f"infrastructure errors<=0.1 url={url}", f"infrastructure latency_p95<=0.5 url={url}"])
        answer(90, "200", 0.05)
        answer(10, "503", 0.05)
        first = run_monitor(shop.workspace, "shop", at=evening(1))
        answer(50, "500", 0.5)
        answer(50, "200", 0.5)
        second = run_monitor(shop.workspace, "shop", at=evening(2))
        third = run_monitor(shop.workspace, "shop", at=evening(3))
    finally:
        server.shutdown()
        server.server_close()
    assert [check.value for check in first.checks] == [0.1, pytest.approx(0.095)]
    assert [check.value for check in second.checks] == [0.5, pytest.approx(0.955)]
    assert (first.state, second.state, third.state) == ("ok", "alert", "waiting")


def test_inputs_named_like_columns_of_the_log_are_compared(churn, evening):
    draw = np.random.default_rng(3)
    before, now = (pd.DataFrame({name: draw.normal(size=400) for name in ("latency", "error", "score")}) for _ in "ab")
    churn.write("named.csv", before)
    with PredictionLog(churn.workspace, "churn") as log:
        log.log(rows=now, outputs=np.zeros(400), at=evening(5) + np.linspace(1, DAY - 1, 400), latency=9.0)
    churn.watch("churn", model="churn@1", source=None, time=None, reference="named.csv",
                checks=["drift columns=latency,error,score"])  # fmt: skip
    run = run_monitor(churn.workspace, "churn", at=evening(6))
    assert run.state == "ok", run.sentence
    assert run.checks[0].detail["compared"] == 3


@pytest.mark.parametrize("many", [1, 1e3, 1e6, 1e9])
def test_times_in_numbers_of_any_unit(shop, evening, many):
    shop.fill(0)
    frame = pd.read_csv(shop.workspace.root / "data.csv", parse_dates=["at"])
    seconds = (frame["at"] - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    shop.write("now.parquet", frame.assign(at=(seconds * many).astype("int64")))
    shop.watch(source="now.parquet")
    assert run_monitor(shop.workspace, "shop", at=evening(1)).rows > 390


def test_what_broke_a_rule_stands_in_the_report_of_the_look(shop, evening):
    shop.fill(0.0)
    frame = pd.read_csv(shop.workspace.root / "data.csv")
    frame.loc[:6, "region"] = "mars"
    shop.write("data.csv", frame)
    shop.watch(checks=["drift", "quality"])
    run = run_monitor(shop.workspace, "shop", at=evening(1))
    (finding,) = monitor_report(shop.workspace, run.id)["quality"]["findings"]
    assert (finding["column"], finding["rows"], finding["examples"]) == ("region", 7, ["'mars'"])
