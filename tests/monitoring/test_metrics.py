"""Metrics of monitors, logs and jobs for Prometheus, and the Grafana dashboard that is drawn from them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

from nbops.cli import main
from nbops.monitoring.grafana import expressions, grafana_dashboard
from nbops.monitoring.predictions import PredictionLog

_ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"\b(?:nbops|process)_[a-z_]+")


@pytest.fixture
def watched(workspace, capsys, monkeypatch):
    """A monitor that has looked, and a log."""
    monkeypatch.chdir(workspace.root)
    pd.DataFrame({"a": range(20)}).to_csv(workspace.root / "data.csv", index=False)
    folder = ["-C", str(workspace.root)]
    add = ["monitor", "add", "size", "--source", "data.csv", "--window", "all"]
    assert main([*add, "--check", "volume rows>=1000", *folder]) == 0
    main(["monitor", "run", "size", *folder])
    with PredictionLog(workspace, "churn") as log:
        log.log(outputs=[1, 2, 3])
    capsys.readouterr()
    return workspace


def test_monitors_checks_and_logs_are_metrics(watched, capsys, tmp_path):
    folder = ["-C", str(watched.root)]
    assert main(["metrics", "--out", str(tmp_path / "m" / "nbops.prom"), *folder]) == 0
    families = {one.name: one for one in text_string_to_metric_families((tmp_path / "m" / "nbops.prom").read_text())}
    (check,) = families["nbops_check_value"].samples
    assert check.value == 20 and check.labels["monitor"] == "size" and check.labels["kind"] == "volume"
    assert families["nbops_check_limit"].samples[0].value == 1000
    assert families["nbops_monitor_state"].samples[0].value == families["nbops_check_state"].samples[0].value == 4
    assert {one.labels["kind"] for one in families["nbops_prediction_log_bytes"].samples} == {"predictions", "labels"}
    assert main(["metrics", "--json", *folder]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} >= {"nbops_check_value", "nbops_incidents_open"}


def test_a_dashboard_asks_for_what_is_there_only():
    """Each metric it names is one that something here gives."""
    sources = [
        *(_ROOT / "kernel_magics/nbops/serving").glob("*.py"),
        _ROOT / "kernel_magics/nbops/monitoring/exposition.py",
    ]
    text = "\n".join(path.read_text() for path in sources)
    given = set(_NAME.findall(text)) | {"process_cpu_seconds", "process_resident_memory_bytes"}
    for expression in expressions(grafana_dashboard("churn")):
        for name in _NAME.findall(expression):
            assert name in given or name.removesuffix("_total").removesuffix("_bucket") in given, name


def test_dashboards_of_two_models_are_two_and_the_same_each_time(capsys, tmp_path, workspace):
    assert (
        grafana_dashboard("a") == grafana_dashboard("a")
        and grafana_dashboard("a")["uid"] != grafana_dashboard("b")["uid"]
    )
    assert len(grafana_dashboard("a")["uid"]) <= 40
    assert main(["grafana", "churn", "--out", str(tmp_path / "d.json"), "-C", str(workspace.root)]) == 0
    assert json.loads((tmp_path / "d.json").read_text()) == grafana_dashboard("churn")
    assert main(["grafana", "a/b", "-C", str(workspace.root)]) == 1


def test_panels_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in grafana_dashboard("churn")["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.skipif(shutil.which("node") is None, reason="Grafana's schema and Prometheus' grammar are packages of npm")
@pytest.mark.parametrize("model", ['churn "quoted" $a \\ back'])
def test_grafana_s_schema_and_prometheus_grammar_take_the_dashboard(model, tmp_path):
    sys.path.insert(0, str(_ROOT / "tools"))
    try:
        from dashboard_checks import packages
    finally:
        sys.path.pop(0)
    found = grafana_dashboard(model)
    wrong = json.loads(json.dumps(found))
    wrong["graphTooltip"] = 7
    wrong["panels"][1]["options"]["legend"]["displayMode"] = "lost"

    def problems(dashboard: dict, asked: list[str]) -> list[str]:
        (tmp_path / "d.json").write_text(json.dumps(dashboard))
        (tmp_path / "e.json").write_text(json.dumps(asked))
        program = Path(__file__).with_name("dashboard_check.mjs")
        files = (packages(), tmp_path / "d.json", tmp_path / "e.json")
        return json.loads(subprocess.run(["node", program, *files], capture_output=True, check=True, text=True).stdout)

    assert problems(found, expressions(found)) == []
    # The checks see what is wrong.
    said = "\n".join(problems(wrong, ["sum(rate(nbops_requests_total[5m])"]))
    assert "'7'" in said and '"lost"' in said and "nbops_requests_total" in said
