"""Whoever is to know that a scheduled run failed gets to know it: by mail through a real server, by a signed webhook."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import threading
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from nbops.errors import SettingsError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.scheduling import schedules
from nbops.tracking.mail import read_smtp

SECRET = "correct horse battery staple"


class Mailbox:
    """Takes mail, unless it is told not to."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], object]] = []
        self.users: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.answer

    def login(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and data.password == SECRET.encode()
        self.users.append(data.login.decode())
        return AuthResult(success=good)


class Server(Controller):
    """A mail server on a port that is free."""

    def __init__(self, box: Mailbox, **given):
        super().__init__(box, hostname="127.0.0.1", port=0, **given)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailbox():
    box = Mailbox()
    controller = Server(box)
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def failing(world, at):
    """A world in which every run fails."""
    here = world(at("2026-07-01T05:00"))
    here.ending = "failed"
    return here


def settings(here, text: str) -> None:
    (here.workspace.root / "nbops.toml").write_text("courier = false\n" + text)


def smtp(port: int, more: str = "") -> str:
    return f'[alerts.smtp]\nhost = "127.0.0.1"\nport = {port}\nfrom = "nbops@example.org"\n{more}'


def fail(here, at, moment: str = "2026-07-01T06:00"):
    """Let the schedule come due and fail; give its scheduler."""
    scheduler = here.scheduler()
    here.at(scheduler, at(moment))
    return scheduler


def states(here) -> list[tuple[str, int]]:
    with open_ledger(here.workspace).connect() as connection:
        return [(row.state, row.attempts) for row in connection.execute(tables.alerts.select())]


def test_a_mail_says_what_failed_and_why(failing, mailbox, at):
    settings(failing, smtp(mailbox.port, 'to = ["team@example.org"]\n'))
    failing.add("näch\u0074lich", alerts=("email", "email:ada@example.org", "email:ada@example.org"))
    fail(failing, at).once()
    receivers = sorted(receivers for receivers, _ in mailbox.mails)
    assert receivers == [["ada@example.org"], ["team@example.org"]]
    mail = mailbox.mails[0][1]
    assert mail["From"] == "nbops@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_payload(decode=True).decode()
    assert "Schedule nächtlich: churn.toml failed." in text
    assert "Error: stage 'only' failed in cell 1: ValueError: no" in text
    assert "Due: 2026-07-01 06:00:00 UTC" in text
    assert states(failing) == [("delivered", 1)] * 2
    # Once told is told.
    failing.scheduler().once()
    assert len(mailbox.mails) == 2


def test_a_mail_that_is_not_taken_is_tried_again_and_holds_up_nothing(failing, mailbox, at):
    settings(failing, smtp(mailbox.port))
    failing.add(cron="*/10 * * * *", alerts=("email:ada@example.org",))
    mailbox.answer = "451 later"
    fail(failing, at, "2026-07-01T05:10").once()
    assert states(failing) == [("waiting", 1)]
    mailbox.answer = "250 OK"
    failing.scheduler().once()
    assert states(failing) == [("waiting", 1)]
    # Two seconds later, and the next occasion has run meanwhile.
    failing.ending = "succeeded"
    failing.at(failing.scheduler(), at("2026-07-01T05:20"))
    failing.scheduler().once()
    assert states(failing) == [("delivered", 2)]
    assert [status for status, _, _ in failing.runs()] == ["failed", "succeeded"]


def test_that_it_has_arrived_after_all_is_seen_at_once(failing, mailbox, at):
    settings(failing, smtp(mailbox.port))
    failing.add(cron="0 6 * * *", alerts=("email:ada@example.org",))
    mailbox.answer = "451 later"
    fail(failing, at).once()
    mailbox.answer = "250 OK"
    ledger = open_ledger(failing.workspace)
    before = ledger.revision()
    failing.at(failing.scheduler(), at("2026-07-01T06:01"))
    failing.scheduler().once()
    assert states(failing) == [("delivered", 2)]
    assert ledger.revision() > before


def test_a_server_that_is_away_is_given_up_in_the_end(failing, mailbox, at):
    settings(failing, smtp(1))
    failing.add(cron="0 6 1 7 *", alerts=("email:ada@example.org",))
    scheduler = fail(failing, at)
    for _ in range(14):
        scheduler.once()
        failing.clock.time += 22000
    assert states(failing) == [("given up", 12)]
    problem = schedules(failing.workspace)[0].problem
    assert (
        "The alert to email:ada@example.org was given up: The mail server 127.0.0.1:1 does not take the mail" in problem
    )


def test_a_password_goes_over_tls_only(failing, at, tmp_path, monkeypatch):
    settings(failing, smtp(25, 'user = "ada"\npassword_env = "MAIL_PASSWORD"\nstarttls = false\n'))
    with pytest.raises(SettingsError, match="a password is sent to no server without starttls"):
        read_smtp(failing.workspace)
    box, context = Mailbox(), certificate(tmp_path, monkeypatch)
    server = Server(box, tls_context=context, require_starttls=True, auth_required=True, authenticator=box.login)
    server.start()
    try:
        settings(failing, smtp(server.port, 'user = "ada"\npassword_env = "MAIL_PASSWORD"\n'))
        failing.add(alerts=("email:ada@example.org",))
        scheduler = fail(failing, at)
        scheduler.once()
        assert states(failing) == [("waiting", 1)]
        assert box.users == []
        monkeypatch.setenv("MAIL_PASSWORD", SECRET)
        failing.clock.time += 10
        scheduler.once()
        assert states(failing) == [("delivered", 2)]
        assert box.users == ["ada"]
    finally:
        server.stop()


def certificate(folder, monkeypatch) -> ssl.SSLContext:
    """Make a certificate for this test and have it trusted."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "here.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def test_a_webhook_is_told_signed(failing, at, monkeypatch):
    got = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers, body))
            self.send_response(500 if len(got) == 1 else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    monkeypatch.setenv("HOOK_SECRET", SECRET)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/hook"
        settings(failing, f'[webhooks.ops]\nurl = "{url}"\nsecret_env = "HOOK_SECRET"\nevents = ["promote"]\n')
        failing.add(alerts=("webhook:ops",))
        scheduler = fail(failing, at)
        scheduler.once()
        failing.clock.time += 5
        scheduler.once()
    finally:
        server.shutdown()
        server.server_close()
    (first, _), (headers, body) = got
    assert first["X-Nbops-Delivery"] == headers["X-Nbops-Delivery"]
    assert headers["X-Nbops-Event"] == "schedule-failed"
    signed = headers["X-Nbops-Timestamp"].encode() + b"." + body
    expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Nbops-Signature"] == expected
    told = json.loads(body)
    assert told["hook"] == "ops"
    assert (told["alert"]["schedule"], told["alert"]["status"]) == ("nightly", "failed")
    assert states(failing) == [("delivered", 2)]


def test_one_that_is_stopped_or_succeeds_is_no_alarm(failing, mailbox, at):
    settings(failing, smtp(mailbox.port))
    failing.add(alerts=("email:ada@example.org",))
    failing.ending = "stopped"
    fail(failing, at).once()
    failing.ending = "succeeded"
    fail(failing, at, "2026-07-02T06:00").once()
    assert [status for status, _, _ in failing.runs()] == ["stopped", "succeeded"]
    assert states(failing) == []


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        ("webhook:opps", "There is no webhook 'opps' for the alert. Did you mean 'ops'?"),
        ("email:nobody", "'nobody' is not an e-mail address"),
        ("email:a@b,c@d", "is not an e-mail address"),
        ("email", "names nobody with to"),
        ("pager", "An alert cannot go to 'pager'"),
    ],
)
def test_what_cannot_be_told_is_said_at_once(failing, monkeypatch, alert, said):
    hook = '[webhooks.ops]\nurl = "http://127.0.0.1:1/"\nsecret_env = "S"\n'
    settings(failing, hook + smtp(25))
    with pytest.raises(UsageError) as caught:
        failing.add(alerts=(alert,))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "\\[alerts.smtp\\].*host must be text"),
        ('host = "h"\nfrom = "me"', "'me' is not an e-mail address"),
        ('host = "h"\nfrom = "a@b"\nport = 99999', "port must be a whole number"),
        ('host = "h"\nfrom = "a@b"\nhots = 1', "unknown key 'hots'.*Did you mean 'host'"),
        ('host = "h"\nfrom = "a@b"\nuser = "u"', "needs both user and password_env"),
    ],
)
def test_settings_of_mail_that_cannot_be_used(failing, more, said):
    settings(failing, f"[alerts.smtp]\n{more}\n")
    with pytest.raises(SettingsError, match=said):
        read_smtp(failing.workspace)
