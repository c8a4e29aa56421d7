"""Tell by e-mail, through the SMTP server that ``[alerts.smtp]`` of ``nbops.toml`` names."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from nbops.errors import NbopsError, SettingsError, meant
from nbops.tracking.notices import Notice
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_KEYS = ("host", "port", "from", "to", "starttls", "user", "password_env", "timeout")
ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
_WHERE = f"[alerts.smtp] of {FILE_NAME}"


class MailError(NbopsError):
    """A mail could not be handed to its server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server, and who writes to whom. ``password_env`` names the variable that holds the password."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    starttls: bool
    user: str = ""
    password_env: str = ""
    timeout: float = 20.0

    def password(self) -> str:
        """Give the password.

        Raises
        ------
        SettingsError
            Its variable is not set for this process.
        """
        found = os.environ.get(self.password_env, "")
        if not found:
            raise SettingsError(
                f"{_WHERE}: the variable {self.password_env} is not set for the scheduler.",
                hint="Set it where the scheduler, or JupyterLab, is started from.",
            )
        return found


def read_smtp(workspace: Workspace) -> Smtp:
    """Read the table.

    Raises
    ------
    SettingsError
        There is none, or it holds something that cannot be used.
    """
    alerts = read_tables(workspace.root).get("alerts", {})
    table = alerts.get("smtp") if isinstance(alerts, dict) else None
    if not isinstance(table, dict):
        raise SettingsError("No mail can be sent from here.", hint=f"Declare {_WHERE} with host and from.")
    for key in table:
        if key not in _KEYS:
            hint = meant(key, _KEYS) or f"Known are: {', '.join(_KEYS)}."
            raise SettingsError(f"{_WHERE} has an unknown key {key!r}.", hint=hint)
    user, variable = _text(table, "user"), _text(table, "password_env")
    starttls = table.get("starttls", bool(user))
    if not isinstance(starttls, bool):
        raise SettingsError(f"{_WHERE}: starttls must be true or false.")
    if bool(user) != bool(variable):
        raise SettingsError(f"{_WHERE} needs both user and password_env, or neither.")
    if user and not starttls:
        raise SettingsError(f"{_WHERE}: a password is sent to no server without starttls.")
    to, timeout = table.get("to", []), table.get("timeout", 20.0)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 1 <= timeout <= 300:
        raise SettingsError(f"{_WHERE}: timeout must be a number from 1 to 300.")
    if not isinstance(to, str | list):
        raise SettingsError(f"{_WHERE}: to must be a list of addresses.")
    return Smtp(
        host=_text(table, "host", needed=True),
        port=_port(table, 587 if starttls else 25),
        sender=_address(_text(table, "from", needed=True)),
        to=tuple(_address(one) for one in ([to] if isinstance(to, str) else to)),
        starttls=starttls,
        user=user,
        password_env=variable,
        timeout=float(timeout),
    )


def send_mail(smtp: Smtp, to: str, notice: Notice) -> None:
    """Hand a mail to the server.

    Raises
    ------
    MailError
        The server does not take it.
    SettingsError
        It is to go to nobody, or its password is not there.
    """
    receivers = (to,) if to else smtp.to
    if not receivers:
        raise SettingsError(f"{_WHERE} names nobody with to.", hint="Or say email:ADDRESS.")
    message = _message(smtp, receivers, notice)
    try:
        with smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout) as server:
            if smtp.starttls:
                server.starttls(context=ssl.create_default_context())
            if smtp.user:
                server.login(smtp.user, smtp.password())
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        said = " ".join(str(error).split())[:200]
        raise MailError(f"The mail server {smtp.host}:{smtp.port} does not take the mail: {said}.") from error


def _message(smtp: Smtp, receivers: tuple[str, ...], notice: Notice) -> EmailMessage:
    message = EmailMessage()
    # A line break in a name must not begin another header.
    message["Subject"] = " ".join(f"nbops: {notice.headline}".split())
    message["From"], message["To"] = smtp.sender, ", ".join(receivers)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=smtp.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    lines = [f"{notice.headline}.", "", *(f"{name}: {value}" for name, value in notice.facts.items() if value)]
    if notice.closing:
        lines += ["", notice.closing]
    message.set_content("\n".join(lines) + "\n")
    return message


def _text(table: dict[str, Any], key: str, *, needed: bool = False) -> str:
    found = table.get(key, "")
    if not isinstance(found, str) or (needed and not found.strip()):
        raise SettingsError(f"{_WHERE}: {key} must be text in quotes{' that is not empty' * needed}.")
    return found.strip()


def _address(text: Any) -> str:
    if not isinstance(text, str) or not ADDRESS.fullmatch(text):
        raise SettingsError(f"{_WHERE}: {text!r} is not an e-mail address.")
    return text


def _port(table: dict[str, Any], default: int) -> int:
    found = table.get("port", default)
    if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= 65535:
        raise SettingsError(f"{_WHERE}: port must be a whole number from 1 to 65535.")
    return found
