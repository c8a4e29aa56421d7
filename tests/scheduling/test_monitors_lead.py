"""The leader sees to monitors: where only they are, once however many lead, in processes of their own, told on every route."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections import Counter
from email import message_from_bytes

import numpy as np
import pandas as pd
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.monitoring.monitors import (
    acknowledge,
    add_monitor,
    incidents,
    monitor,
    monitor_runs,
    mute_monitor,
    pause_monitor,
    resume_monitor,
    run_monitor,
    update_monitor,
)
from nbops.monitoring.monitors.building import build, changed
from nbops.monitoring.monitors.due import take_next
from nbops.monitoring.monitors.launching import launch_work
from nbops.monitoring.monitors.running import work
from nbops.tracking.process import process_identity

DAY = 86400.0


@pytest.fixture
def morning(at) -> float:
    return at("2026-03-02T06:00")


@pytest.fixture
def watched(world, morning):
    """A world with ten days of rows, shifted from the third on, and a daily monitor of them."""

    def make(workspace=None, **given):
        here = world(morning - 3600) if workspace is None else world(morning - 3600, workspace)
        root = here.workspace.root
        draw = np.random.default_rng(0)
        reference = pd.DataFrame({"income": draw.normal(0, 1, 1000)})
        reference.to_csv(root / "reference.csv", index=False)
        parts = []
        for day in range(10):
            moments = morning + (day - 1) * DAY + np.linspace(1, DAY - 1, 200)
            shift = 0.0 if day < 2 else 1.0
            parts.append(pd.DataFrame({"income": draw.normal(shift, 1, 200), "at": moments}))
        pd.concat(parts).to_csv(root / "data.csv", index=False)
        facts = {"source": "data.csv", "time": "at", "reference": "reference.csv", "window": "1d", "cron": "0 6 * * *"}
        add_monitor(here.workspace, build("shop", {**facts, **given}), now=here.clock.now())
        return here

    return make


def in_process(workspace) -> str:
    """Do what a process of its own would do; it is over when this comes back."""
    work(workspace)
    pid, _, rest = process_identity().partition(":")
    return f"{pid}:1:{rest.partition(':')[2]}"


def told(workspace) -> list[tuple[str, str, str, int]]:
    a = tables.incident_alerts
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(select(a).order_by(a.c.id)).all()
    return [(row.event, row.channel, row.state, row.attempts) for row in rows]


def settings(here, text: str) -> None:
    (here.workspace.root / "nbops.toml").write_text("courier = false\n" + text)


def test_it_leads_where_only_monitors_are_and_looks_at_each_window_once(watched, morning):
    here = watched()
    one, other = (here.scheduler(look=in_process) for _ in range(2))
    for _ in range(4):
        here.clock.time += DAY
        assert one.tick()
        other.tick()
    runs = monitor_runs(here.workspace, "shop")
    assert [(run.at, run.state) for run in runs[::-1]] == [
        (morning, "ok"),
        (morning + DAY, "ok"),
        (morning + 2 * DAY, "alert"),
        (morning + 3 * DAY, "alert"),
    ]
    assert monitor(here.workspace, "shop").next_at == morning + 4 * DAY
    one.close()


def test_missed_windows_are_made_up_as_far_as_the_cap(watched, morning):
    here = watched()
    here.clock.time = morning + 20 * DAY + 60
    here.scheduler(look=in_process).tick()
    runs = monitor_runs(here.workspace, "shop")
    assert len(runs) == 10
    assert runs[0].at == morning + 20 * DAY
    assert monitor(here.workspace, "shop").problem.startswith("11 windows before 2026-03-13 06:00 UTC were missed")


def test_what_is_paused_meanwhile_was_not_missed(watched, morning):
    here = watched()
    pause_monitor(here.workspace, "shop")
    here.clock.time = morning + 3 * DAY + 60
    here.scheduler(look=in_process).tick()
    resume_monitor(here.workspace, "shop", now=here.clock.now())
    here.scheduler(look=in_process).tick()
    assert monitor_runs(here.workspace) == ()
    assert monitor(here.workspace, "shop").next_at == morning + 4 * DAY


def test_once_looks_in_its_own_process(watched, morning):
    here = watched()
    here.clock.time = morning + 60

    def refuse(workspace):
        raise AssertionError("it starts a process")

    assert here.scheduler(look=refuse).once()
    assert [run.state for run in monitor_runs(here.workspace)] == ["ok"]


def test_a_process_of_its_own_does_the_looks(watched, morning):
    here = watched()
    here.clock.time = morning + 2 * DAY + 60
    started = []

    def start(workspace):
        started.append(launch_work(workspace))
        return started[-1]

    scheduler = here.scheduler(look=start)
    scheduler.tick()
    # While it works nobody starts another one.
    scheduler.tick()
    assert len(started) == 1
    wait_until(lambda: len(monitor_runs(here.workspace)) == 3)
    assert [run.state for run in monitor_runs(here.workspace)] == ["alert", "ok", "ok"]
    scheduler.close()


def wait_until(done, patience: float = 60.0) -> None:
    stop = threading.Event()
    for _ in range(int(patience / 0.1)):
        if done():
            return
        stop.wait(0.1)
    raise AssertionError("it has not come to that")


def test_a_look_whose_process_died_is_done_by_the_next(watched, morning):
    here = watched()
    here.clock.time = morning + 60

    def die(workspace):
        taken = take_next(workspace)
        if taken is None:
            return in_process(workspace)
        r = tables.monitor_runs
        gone = subprocess.run([sys.executable, "-c", _WHO], capture_output=True, text=True, check=True).stdout.strip()
        with open_ledger(workspace).begin() as connection:
            connection.execute(r.update().where(r.c.id == taken[1].id).values(owner=gone))
        return gone

    workers = iter((die, die, in_process))
    scheduler = here.scheduler(look=lambda workspace: next(workers)(workspace))
    for _ in range(3):
        assert monitor_runs(here.workspace) == ()
        scheduler.tick()
        here.clock.time += 15
    assert [run.state for run in monitor_runs(here.workspace)] == ["ok"]


def test_a_look_that_ends_its_process_again_and_again_is_an_error(watched, morning):
    here = watched()
    here.clock.time = morning + 60

    def die(workspace):
        taken = take_next(workspace)
        r = tables.monitor_runs
        gone = process_identity().split(":")
        with open_ledger(workspace).begin() as connection:
            owner = ":".join([gone[0], "1", *gone[2:]])
            connection.execute(r.update().where(r.c.id == taken[1].id).values(owner=owner))
        return owner

    scheduler = here.scheduler(look=die)
    for _ in range(5):
        scheduler.tick()
        here.clock.time += 15
    (run,) = monitor_runs(here.workspace)
    assert (run.state, run.error) == ("error", "The process that looked ended without a word.")


_WHO = "from nbops.tracking.process import process_identity; print(process_identity())"


def test_an_open_incident_is_reminded_of_between_looks(watched, morning):
    here = watched(cron="0 6 1 * *", window="7d", remind_hours=12)
    run_monitor(here.workspace, "shop", at=morning + 8 * DAY)
    here.clock.time = morning + 8 * DAY
    scheduler = here.scheduler(look=in_process)
    for hours, count in ((6, 1), (13, 2), (20, 2), (26, 3)):
        here.clock.time = morning + 8 * DAY + hours * 3600
        scheduler.tick()
        assert len(told(here.workspace)) == count, hours
    (incident,) = incidents(here.workspace, opened=True)
    acknowledge(here.workspace, incident.id, "seen")
    here.clock.time += DAY
    scheduler.tick()
    assert len(told(here.workspace)) == 3


def test_mute_suppresses_telling_not_looking(watched, morning):
    here = watched()
    mute_monitor(here.workspace, "shop", morning + 3 * DAY, "migration", now=here.clock.now())
    scheduler = here.scheduler(look=in_process)
    here.clock.time = morning + 2 * DAY + 60
    scheduler.tick()
    assert [one.state for one in incidents(here.workspace)] == ["open"]
    assert told(here.workspace) == []
    s = tables.signals
    with open_ledger(here.workspace).connect() as connection:
        assert connection.execute(select(s.c.kind)).scalars().all() == ["drift"]
    # When that is over, what still is in trouble is told.
    here.clock.time = morning + 3 * DAY + 60
    scheduler.tick()
    assert [event for event, *_ in told(here.workspace)] == ["opened"]


@pytest.fixture
def receiver(monkeypatch):
    """A server that takes what it is posted."""
    got: list[tuple[str, dict[str, str], dict]] = []
    answers: list[int] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.path, dict(self.headers), body))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    monkeypatch.setenv("HOOK_SECRET", "correct horse battery staple")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.got, server.answers, server.url = got, answers, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def test_routes_are_told_in_their_own_form(watched, morning, receiver, monkeypatch):
    monkeypatch.setenv("SLACK_URL", f"{receiver.url}/services/T0/B0/secret")
    routes = ("lab", "webhook:ops", "slack:team")
    hooks = (
        f'[webhooks.ops]\nurl = "{receiver.url}/hook"\nsecret_env = "HOOK_SECRET"\n'
        '[webhooks.team]\nurl_env = "SLACK_URL"\nformat = "slack"\n'
    )
    here = watched()
    settings(here, hooks)
    update_monitor(here.workspace, changed(monitor(here.workspace, "shop"), {"routes": routes}))
    receiver.answers[:] = [500]
    here.clock.time = morning + 2 * DAY + 60
    scheduler = here.scheduler(look=in_process)
    scheduler.once()
    here.clock.time += 5
    here.scheduler(look=in_process).once()
    signed = [(headers, body) for path, headers, body in receiver.got if path == "/hook"]
    slack = [body for path, _, body in receiver.got if path.startswith("/services")]
    assert len(receiver.got) == 3
    headers, body = signed[-1]
    assert headers["X-Nbops-Event"] == "incident-opened"
    assert "X-Nbops-Signature" in headers
    assert (body["event"], body["incident"]["monitor"], body["incident"]["check"]) == ("opened", "shop", "drift")
    assert slack[-1]["text"] == "Monitor shop: drift of data is in trouble"
    assert slack[-1]["blocks"][0]["type"] == "section"
    assert any("income" in field["text"] for field in slack[-1]["blocks"][1]["fields"])
    assert sorted(told(here.workspace)) == [
        ("opened", "lab", "delivered", 0),
        ("opened", "slack:team", "delivered", 1 + (len(slack) > 1)),
        ("opened", "webhook:ops", "delivered", 1 + (len(signed) > 1)),
    ]


def test_a_mail_says_what_is_wrong_and_what_can_be_done(watched, morning):
    mails = []

    class Mailbox:
        async def handle_DATA(self, server, session, envelope):
            mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
            return "250 OK"

    class Server(Controller):
        def _trigger_server(self):
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    server = Server(Mailbox(), hostname="127.0.0.1", port=0)
    server.start()
    try:
        here = watched()
        settings(
            here, f'[alerts.smtp]\nhost = "127.0.0.1"\nport = {server.port}\nfrom = "a@b.org"\nto = ["team@b.org"]\n'
        )
        update_monitor(here.workspace, changed(monitor(here.workspace, "shop"), {"routes": ["email", "email:c@b.org"]}))
        here.clock.time = morning + 2 * DAY + 60
        here.scheduler().once()
    finally:
        server.stop()
    assert sorted(receivers for receivers, _ in mails) == [["c@b.org"], ["team@b.org"]]
    mail = mails[0][1]
    assert mail["Subject"] == "nbops: Monitor shop: drift of data is in trouble"
    text = mail.get_payload(decode=True).decode()
    (incident,) = incidents(here.workspace)
    assert "Finding: " in text and "income" in text
    assert f"nbops monitor acknowledge {incident.id} --reason" in text


def test_leaders_that_race_tell_each_event_once(watched, morning, receiver, shared):
    settings_text = f'[webhooks.ops]\nurl = "{receiver.url}/hook"\nsecret_env = "HOOK_SECRET"\n'
    (shared.root / "nbops.toml").write_text("courier = false\n" + settings_text)
    here = watched(shared, routes=("webhook:ops",))
    here.clock.time = morning + 2 * DAY + 60
    schedulers = [here.scheduler(look=in_process) for _ in range(4)]
    barrier = threading.Barrier(4)
    problems = []

    def lead(scheduler):
        try:
            barrier.wait()
            scheduler._monitors.see(due=1, waiting=0, running=0, opened=1, now=here.clock.now())
            scheduler._post.round()
            barrier.wait()
            scheduler._post.round()
        except Exception as error:
            problems.append(error)
            barrier.abort()

    threads = [threading.Thread(target=lead, args=(one,)) for one in schedulers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    runs = monitor_runs(here.workspace)
    assert Counter(run.at for run in runs) == {morning: 1, morning + DAY: 1, morning + 2 * DAY: 1}
    assert len(incidents(here.workspace)) == 1
    assert [headers["X-Nbops-Event"] for _, headers, _ in receiver.got] == ["incident-opened"]
    assert told(here.workspace) == [("opened", "webhook:ops", "delivered", 1)]


def test_a_process_that_does_nothing_is_not_followed_at_once(watched, morning):
    here = watched()
    here.clock.time = morning + 60
    started = []

    def idle(workspace):
        started.append(here.clock.now() - morning)
        pid, _, rest = process_identity().partition(":")
        return f"{pid}:1:{rest.partition(':')[2]}"

    scheduler = here.scheduler(look=idle)
    for _ in range(100):
        scheduler.tick()
        here.clock.time += 1
    assert started == [60, 121]
