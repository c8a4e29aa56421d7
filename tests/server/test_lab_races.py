"""Several pages at once, through two Jupyter servers over one ledger: one wins, the others are told who holds it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import nbops
from nbops.ledger.verification import verify
from nbops.registry import history, register
from nbops.workspace import Workspace, find_workspace

PAGES, SERVERS = 8, 2
RACES = {"sqlite": 200 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 50, "postgresql": 25}
TOKEN = "a-token-of-the-races"


@pytest.fixture(params=sorted(RACES))
def database(request: pytest.FixtureRequest) -> str:
    """Which database holds the ledger."""
    return str(request.param)


@pytest.fixture
def place(database: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with as many versions as there are pages."""
    monkeypatch.setenv("NBOPS_COURIER", "0")
    far = f'ledger_uri = "{request.getfixturevalue("postgres_url")}"\n' if database == "postgresql" else ""
    (tmp_path / "nbops.toml").write_text(far)
    monkeypatch.chdir(tmp_path)
    for number in range(PAGES):
        with nbops.track("train") as run:
            run.model({"weights": number}, "model")
        register("churn", run_id=run.run_id)
    return find_workspace(tmp_path)


@pytest.fixture
def servers(place: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Addresses of Jupyter servers that show the workspace."""
    home = tmp_path_factory.mktemp("home")
    made = [_server(place, home) for _ in range(SERVERS)]
    for address, process in made:
        _await(address, process)
    yield [address for address, _ in made]
    for _, process in made:
        process.terminate()
    for _, process in made:
        process.wait(30)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_of_eight_pages_one_wins_each_race(database: str, place: Workspace, servers: list[str]) -> None:
    script = str(Path(__file__).with_name("racing_page.py"))
    pages = [
        subprocess.Popen(
            [sys.executable, script, servers[number % SERVERS], TOKEN, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, PAGES + 1)
    ]
    try:
        assert [_said(page) for page in pages] == ["ready\n"] * PAGES
        winners = [_race(pages, f"race-{number}") for number in range(RACES[database])]
    finally:
        for page in pages:
            page.kill()
            page.wait(30)
    # The races would prove nothing if the same page were always first.
    assert len(set(winners)) > 1
    told = history(place, "churn")
    assert [(p.target, p.version, p.previous) for p in told] == [
        (f"race-{number}", winner, None) for number, winner in enumerate(winners)
    ]
    assert verify(place).ok


def _race(pages: list[subprocess.Popen[str]], alias: str) -> int:
    for page in pages:
        assert page.stdin is not None
        page.stdin.write(alias + "\n")
        page.stdin.flush()
    answers = [json.loads(_said(page)) for page in pages]
    (winner,) = [number for number, answer in enumerate(answers, 1) if answer["code"] == 200]
    assert {answer["code"] for answer in answers} == {200, 409}, (alias, answers)
    assert {answer["holder"] for answer in answers} == {winner}, (alias, answers)
    return winner


def _said(page: subprocess.Popen[str]) -> str:
    assert page.stdout is not None
    return page.stdout.readline()


def _server(place: Workspace, home: Path) -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER_", "JPY_"))}
    own = {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / f"runtime-{port}"),
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
            f"--port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={place.root}",
            "--ServerApp.jpserver_extensions={'nbops_lab': True}",
        ],
        env={**kept, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return f"http://127.0.0.1:{port}", process


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/nbops/api/status?token={TOKEN}", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("a Jupyter server did not start")
