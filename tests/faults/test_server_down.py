"""An MLflow server that is away at first and again in mid-way: afterwards everything is there once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

import nbops
from nbops.tracking import courier
from nbops.tracking.delivery import deliver
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace

# Seconds besides those that the server takes to start, which are many.
DOWN = 60.0 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 1.0
CHECK = """
import json, sys
import mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiments = [e.experiment_id for e in client.search_experiments()]
print(json.dumps([
    {
        "id": run.data.tags.get("nbops.run_id"), "status": run.info.status, "params": run.data.params,
        "loss": sorted([p.step, p.value] for p in client.get_metric_history(run.info.run_id, "loss")),
        "note": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt"),
    }
    for run in client.search_runs(experiments, max_results=1000)
]))
"""


class Server:
    """``mlflow server`` on a free port of this machine."""

    def __init__(self, folder):
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process = None

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self._folder}/server.db"]
        command += ["--artifacts-destination", f"{self._folder}/artifacts"]
        log = (self._folder / "server.log").open("ab")
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self._process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self._folder, start_new_session=True, env=environment
        )
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=2):
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        raise AssertionError((self._folder / "server.log").read_text()[-2000:])

    def stop(self):
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            self._process = None


@pytest.fixture
def server(tmp_path_factory):
    """A server that is not started yet."""
    made = Server(tmp_path_factory.mktemp("mlflow-server"))
    yield made
    made.stop()


def test_everything_arrives_once_after_the_server_is_back(server, tmp_path, monkeypatch):
    """Down for some seconds at first, and for as long in the middle of the work."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(tmp_path)
    assert workspace.mlflow_uri == server.uri
    process = subprocess.Popen(
        [sys.executable, "-m", "nbops.tracking.courier", "--workspace", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "courier-output").open("ab"),
    )
    try:
        expected = _work(workspace, 4)
        deliver(workspace)
        _wait(lambda: courier.status(workspace).error)
        time.sleep(DOWN)
        assert courier.status(workspace).pending == len(expected)
        assert all(row.delivery == "ledger" for row in search_runs(workspace).runs)
        server.start()
        _wait(lambda: courier.status(workspace).pending < len(expected))
        expected |= _work(workspace, 6)
        server.stop()
        expected |= _work(workspace, 3)
        time.sleep(DOWN)
        server.start()
        assert courier.flush(workspace, timeout=90), (courier.status(workspace), _log(tmp_path))
    finally:
        process.kill()
        process.wait(20)
    rows = search_runs(workspace).runs
    assert {row.run_id: row.delivery for row in rows} == dict.fromkeys(expected, "delivered")
    _compare(expected, server.uri)


def _work(workspace, count):
    made = {}
    for number in range(count):
        note = workspace.root / "note.txt"
        with nbops.track(workspace=workspace, params={"number": number}) as run:
            for step in range(3):
                run.metric("loss", number + step / 10, step)
            note.write_text(f"note {number}", encoding="utf-8")
            run.artifact(note)
        made[run.run_id] = number
    return made


def _wait(for_what, seconds=60):
    end = time.monotonic() + seconds
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.1)


def _log(folder):
    return (folder / "courier-output").read_text(errors="replace")[-3000:]


def _compare(expected, uri):
    done = subprocess.run([sys.executable, "-c", CHECK, uri], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert Counter(run["id"] for run in seen) == Counter(expected.keys())
    for run in seen:
        number = expected[run["id"]]
        assert run["status"] == "FINISHED"
        assert run["params"]["number"] == str(number)
        assert run["loss"] == [[step, number + step / 10] for step in range(3)]
        assert run["note"] == f"note {number}"
