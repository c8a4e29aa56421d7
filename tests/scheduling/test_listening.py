"""Schedules fired by HTTP: with the token and not without, once for one key."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from contextlib import contextmanager

import pytest

from nbops.errors import UsageError
from nbops.scheduling import pause_schedule, schedule_runs
from nbops.scheduling.listening import address_of, listening

TOKEN = "a token that is long enough"


@pytest.fixture
def listener(place, world, monkeypatch):
    """A listener whose schedule waits for a pipeline that somebody runs, so that nothing is started."""
    monkeypatch.setenv("NBOPS_SCHEDULER_TOKEN", TOKEN)
    here = world(time.time())
    here.add("deploy it", trigger="manual")
    here.by_hand("a" * 32, "churn.toml")
    with listening(place, ("127.0.0.1", 0), lambda: True) as address:
        yield address


def ask(address, method: str, path: str, token: str = TOKEN, **headers: str):
    connection = http.client.HTTPConnection(*address, timeout=30)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, json.loads(body) if answer.headers["Content-Type"] == "application/json" else body


def test_a_schedule_is_fired(listener, place):
    status, run = ask(listener, "POST", "/schedules/deploy%20it/run")
    assert (status, run["status"], run["evidence"]) == (202, "queued", "asked for by http")
    again = [ask(listener, "POST", "/schedules/deploy%20it/run", **{"Idempotency-Key": "build 7"}) for _ in range(2)]
    assert again[0] == again[1]
    assert len(schedule_runs(place)) == 2
    pause_schedule(place, "deploy it")
    assert ask(listener, "POST", "/schedules/deploy%20it/run")[0] == 202


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", hashlib.sha256(TOKEN.encode()).hexdigest()])
def test_nobody_fires_without_the_token(listener, place, token):
    for path in ("/schedules/deploy%20it/run", "/schedules/none/run", "/elsewhere"):
        assert ask(listener, "POST", path, token)[0] == 401
    assert ask(listener, "GET", "/metrics", token)[0] == 401
    assert schedule_runs(place) == ()


def test_what_there_is_not(listener):
    assert ask(listener, "POST", "/schedules/deploy/run")[0] == 404
    assert ask(listener, "POST", "/schedules/deploy%20it")[0] == 404
    assert ask(listener, "GET", "/schedules")[0] == 404
    assert ask(listener, "POST", "/schedules/deploy%20it/run", **{"Content-Length": "99999999"})[0] == 413
    assert ask(listener, "POST", "/schedules/deploy%20it/run", **{"Idempotency-Key": "k" * 300})[0] == 400


def test_how_it_is(listener):
    ask(listener, "POST", "/schedules/deploy%20it/run")
    assert ask(listener, "GET", "/healthz", token="") == (200, {"status": "ok"})
    text = ask(listener, "GET", "/metrics")[1]
    assert "nbops_scheduler_leads 1\n" in text
    assert 'nbops_schedule_runs{status="queued"} 1\n' in text


@contextmanager
def refused(said: str):
    with pytest.raises(UsageError, match=said):
        yield


def test_a_token_is_needed_and_may_stand_in_the_settings_as_its_hash(place, monkeypatch):
    with refused("Without a token nobody may fire"), listening(place, ("127.0.0.1", 0), lambda: True):
        pass
    digest = hashlib.sha256(TOKEN.encode()).hexdigest().upper()
    (place.root / "nbops.toml").write_text(f'courier = false\n[scheduler]\ntoken_sha256 = "{digest}"\n')
    with listening(place, ("127.0.0.1", 0), lambda: False) as address:
        assert ask(address, "GET", "/metrics")[0] == 200
        with refused("cannot be listened on"), listening(place, address, lambda: True):
            pass
    monkeypatch.setenv("NBOPS_SCHEDULER_TOKEN", "short")
    with refused("less than 16"), listening(place, ("127.0.0.1", 0), lambda: True):
        pass


@pytest.mark.parametrize("text", ["8321", "127.0.0.1", ":80", "host:", "host:99999", "host:-1", "host:x"])
def test_addresses_that_are_none(text):
    with refused("HOST:PORT"):
        address_of(text)
