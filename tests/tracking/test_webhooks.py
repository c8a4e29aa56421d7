"""Webhooks: signed, tried again, never lost, given up visibly, and nothing sent where it was not meant to go."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import os
import threading
import time

import pytest

from nbops.cli import main
from nbops.errors import SettingsError
from nbops.ledger.audit import audited, read_events
from nbops.records import Identity
from nbops.tracking import launch
from nbops.tracking.doctor import examine
from nbops.tracking.hooks import read_hooks
from nbops.tracking.webhooks import Postman, retry, summary

_SECRET = "correct horse battery staple"
_ADA = Identity(name="ada")


class _Receiver:
    """A real HTTP server that answers what it is told to and keeps what it was sent."""

    def __init__(self):
        self.answers, self.got, self.gate = [], [], threading.Event()
        self.gate.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body, self.path))
                receiver.gate.wait(20)
                code = receiver.answers.pop(0) if receiver.answers else 200
                if code == "garbage":
                    self.wfile.write(b"not http at all\r\n\r\n")
                    return
                self.send_response(code)
                if 300 <= code < 400:
                    self.send_header("Location", receiver.url + "/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self):
        return [json.loads(body)["event"]["seq"] for _, body, _ in self.got]


@pytest.fixture
def receiver():
    found = _Receiver()
    yield found
    found.gate.set()
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def declare(place, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", _SECRET)

    def write(url, name="ops", **values):
        lines = {"url": url, "secret_env": "HOOK_SECRET", **values}
        text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in lines.items() if value is not None)
        (place.root / "nbops.toml").write_text(f"[webhooks.{name}]\n{text}\n")

    return write


@pytest.fixture
def now():
    """A clock that goes when told to."""
    return [time.time()]


@pytest.fixture
def postman(place, now):
    return Postman(place, clock=lambda: now[0])


def _happen(place, action="promote", model="churn", version=1):
    with audited(place, _ADA, action, model=model, version=version, reason="<b>better</b> ☃") as change:
        pass
    return change.head[0]


def _state(place):
    return {hook["name"]: (hook["delivered"], hook["waiting"], hook["given_up"]) for hook in summary(place)}


def test_an_event_arrives_signed_and_whole(place, receiver, declare, postman):
    declare(receiver.url)
    seq = _happen(place)
    assert not postman.round()
    [(headers, body, _)] = receiver.got
    sent = json.loads(body)
    event = read_events(place)[0]
    assert sent["hook"] == "ops"
    assert sent["event"] == {
        "seq": seq, "at": event.at, "actor": "ada", "source": "os", "action": "promote", "model": "churn", "version": 1,
        "reason": "<b>better</b> ☃", "detail": {}, "rows": {}, "mac": event.mac,
    }  # fmt: skip
    expected = hmac.new(_SECRET.encode(), headers["X-Nbops-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Nbops-Signature"] == f"sha256={expected.hexdigest()}"
    assert headers["X-Nbops-Event"] == "promote"
    assert headers["Content-Type"] == "application/json"
    assert _state(place) == {"ops": (1, 0, 0)}


def test_each_is_told_once_and_only_what_it_asked_for(place, receiver, declare, postman):
    declare(receiver.url, events=["promote", "rollback"], models=["churn"])
    wanted = []
    for action, model in (("promote", "churn"), ("register", "churn"), ("promote", "fraud"), ("rollback", "churn")):
        seq = _happen(place, action, model)
        if action in ("promote", "rollback") and model == "churn":
            wanted.append(seq)
    for _ in range(3):
        assert not postman.round()
    assert receiver.events() == wanted


def test_what_happened_before_it_was_declared_is_not_told(place, receiver, declare, postman):
    _happen(place)
    # File systems keep times coarser than the clock of events.
    time.sleep(0.02)
    declare(receiver.url)
    postman.round()
    assert receiver.got == []
    seq = _happen(place)
    postman.round()
    assert receiver.events() == [seq]


def test_more_events_than_fit_one_round(place, receiver, declare, postman, monkeypatch):
    from nbops.tracking import webhooks

    monkeypatch.setattr(webhooks, "_BATCH", 3)
    declare(receiver.url)
    seqs = [_happen(place) for _ in range(8)]
    for _ in range(4):
        postman.round()
    assert receiver.events() == seqs


def test_it_is_tried_again_with_growing_pauses(place, receiver, declare, postman, now):
    declare(receiver.url)
    receiver.answers = [500] * 3
    _happen(place)
    pauses = []
    while postman.round():
        tried, waited = len(receiver.got), 0
        while len(receiver.got) == tried:
            now[0] += 2
            waited += 1
            postman.round()
        pauses.append(waited)
    assert len(receiver.got) == 4
    assert pauses == sorted(pauses) and pauses[0] < pauses[-1]
    assert _state(place) == {"ops": (1, 0, 0)}


@pytest.mark.parametrize("answer", [404, 301, 302, 303, 307, 308, "garbage"])
def test_only_a_yes_is_one_and_no_redirect_is_followed(place, receiver, declare, postman, now, answer):
    declare(receiver.url)
    receiver.answers = [answer]
    seq = _happen(place)
    assert postman.round()
    assert _state(place) == {"ops": (0, 1, 0)} and summary(place)[0]["error"]
    now[0] += 60
    assert not postman.round()
    assert receiver.events() == [seq, seq]
    assert {path for _, _, path in receiver.got} == {"/hook"}, "a redirect was followed"
    assert len({headers["X-Nbops-Delivery"] for headers, _, _ in receiver.got}) == 1


def test_given_up_visibly_and_taken_up_again_on_demand(place, receiver, declare, postman, now, capsys, monkeypatch):
    monkeypatch.chdir(place.root)
    declare(receiver.url + "?token=hidden", tries=3)
    receiver.answers = [503] * 3
    _happen(place)
    while postman.round():
        now[0] += 3600
    assert len(receiver.got) == 3
    assert _state(place) == {"ops": (0, 0, 1)}
    found = next(check for check in examine(place) if check.part == "webhooks")
    assert found.state == "bad" and "503" in found.finding and "nbops webhooks --retry" in found.mend
    assert main(["webhooks", "--json"]) == 1
    [shown] = json.loads(capsys.readouterr().out)
    assert shown["given_up"] == 1 and "hidden" not in json.dumps(shown)
    assert main(["webhooks", "--retry"]) == 0
    postman.round()
    assert _state(place) == {"ops": (1, 0, 0)}


def test_a_receiver_that_wants_no_more_is_left_alone(place, receiver, declare, postman):
    declare(receiver.url)
    receiver.answers = [410]
    _happen(place)
    assert not postman.round()
    assert _state(place) == {"ops": (0, 0, 1)}


def test_one_that_is_away_is_not_asked_for_each_event_and_holds_up_nobody(place, receiver, declare, postman, now):
    declare("http://127.0.0.1:9/hook", name="away")
    text = (place.root / "nbops.toml").read_text()
    (place.root / "nbops.toml").write_text(
        text + f'[webhooks.there]\nurl = "{receiver.url}"\nsecret_env = "HOOK_SECRET"\n'
    )
    seqs = [_happen(place) for _ in range(5)]
    assert postman.round()
    assert receiver.events() == seqs
    assert _state(place) == {"away": (0, 5, 0), "there": (5, 0, 0)}
    assert "does not answer" in summary(place)[0]["error"]


def test_it_survives_the_courier(place, receiver, declare, now):
    """One that dies as it sends leaves a claim that runs out; nothing is lost, and the receiver can tell it came twice."""
    declare(receiver.url)
    seq = _happen(place)
    dying = Postman(place, clock=lambda: now[0])
    dying._book = _die
    with pytest.raises(SystemExit):
        dying.round()
    # Another courier leaves it alone while the claim holds.
    other = Postman(place, clock=lambda: now[0])
    assert other.round()
    assert receiver.events() == [seq]
    now[0] += 3600
    assert not other.round()
    assert receiver.events() == [seq, seq]
    assert len({headers["X-Nbops-Delivery"] for headers, _, _ in receiver.got}) == 1


def _die(*_):
    raise SystemExit


def test_couriers_that_share_a_ledger_send_each_event_once(place, receiver, declare):
    declare(receiver.url)
    seqs = [_happen(place) for _ in range(12)]
    men = [Postman(place) for _ in range(4)]
    threads = [threading.Thread(target=man.round) for man in men]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(receiver.events()) == seqs


def test_nothing_is_sent_unsigned(place, receiver, declare, postman, now, monkeypatch):
    declare(receiver.url)
    monkeypatch.delenv("HOOK_SECRET")
    _happen(place)
    assert postman.round()
    assert receiver.got == []
    assert "HOOK_SECRET is not set" in summary(place)[0]["error"]
    monkeypatch.setenv("HOOK_SECRET", "short")
    now[0] += 60
    postman.round()
    assert "less than 16 bytes" in summary(place)[0]["error"]
    monkeypatch.setenv("HOOK_SECRET", _SECRET)
    now[0] += 600
    assert not postman.round()
    assert len(receiver.got) == 1


def test_a_secret_in_a_file(place, receiver, declare, postman):
    (place.root / "hook.secret").write_text(_SECRET + "\n")
    declare(receiver.url, secret_env=None, secret_file="hook.secret")
    _happen(place)
    assert not postman.round()
    headers, body, _ = receiver.got[0]
    expected = hmac.new(_SECRET.encode(), headers["X-Nbops-Timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["X-Nbops-Signature"].endswith(expected.hexdigest())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "file:///etc/passwd"}, "http or https"),
        ({"url": "ftp://host/x"}, "http or https"),
        ({"url": "http://"}, "http or https"),
        ({"url": "http://host:99999/"}, "http or https"),
        ({"url": "http://host/a b\n"}, "http or https"),
        ({"events": "promote"}, "list of texts"),
        ({"event": ["promote"]}, "unknown key 'event'"),
        ({"secret_env": None}, "secret_env or secret_file"),
        ({"secret_file": "x"}, "not both"),
        ({"tries": 0}, "from 1 to 100"),
        ({"timeout": "10"}, "from 0.1 to 60"),
    ],
)
def test_what_cannot_be_declared_is_said_in_one_line(place, declare, values, said):
    declare(**{"url": "http://127.0.0.1:9/", **values})
    with pytest.raises(SettingsError, match=said) as caught:
        read_hooks(place)
    assert "\n" not in str(caught.value)
    assert next(check for check in examine(place) if check.part == "webhooks").state == "bad"


def test_no_webhook_costs_no_ledger(tmp_path, monkeypatch):
    from nbops.workspace import find_workspace

    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    assert not Postman(find_workspace()).round()
    assert not (tmp_path / ".nbops").exists()


def test_the_courier_does_it(place, receiver, declare, monkeypatch):
    """A real one, started after the event, and again after it was killed."""
    declare(receiver.url)
    seq = _happen(place)
    assert launch.start(place)
    _wait(lambda: _state(place) == {"ops": (1, 0, 0)})
    assert receiver.events() == [seq]
    pid = int((place.locks / launch.LOCK).read_text().split(":")[0])
    os.kill(pid, 9)
    _wait(lambda: not launch.is_running(place))
    later = _happen(place)
    assert launch.start(place, "--once", "60")
    _wait(lambda: receiver.events() == [seq, later])
    _wait(lambda: not launch.is_running(place))
    assert retry(place) == 0


def _wait(for_what):
    end = time.monotonic() + 60
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.05)
