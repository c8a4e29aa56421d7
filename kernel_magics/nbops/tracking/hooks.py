"""Webhooks as ``nbops.toml`` declares them. Standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nbops.errors import SettingsError
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

# How what is told is shaped: signed JSON, or what an incoming webhook of Slack takes.
SIGNED, SLACK = "signed", "slack"
_KEYS = frozenset({"url", "url_env", "events", "models", "secret_env", "secret_file", "tries", "timeout", "format"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True)
class Hook:
    """Who is told of which events. Without ``events`` or ``models`` it is all of them.

    One of Slack's is told of no events, only of alerts that name it: its address is the secret, which ``url_env`` keeps out of
    the file.
    """

    name: str
    url: str
    events: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    secret_env: str = ""
    secret_file: Path | None = None
    tries: int = 12
    timeout: float = 10.0
    format: str = SIGNED
    url_env: str = ""

    def wants(self, action: str, model: str) -> bool:
        """Whether it is to be told of an event."""
        if self.format == SLACK:
            return False
        return (not self.events or action in self.events) and (not self.models or model in self.models)

    @property
    def signs(self) -> bool:
        """Whether what it is told is signed."""
        return bool(self.secret_env or self.secret_file)

    def address(self) -> str:
        """Give where it is.

        Raises
        ------
        SettingsError
            The variable that holds it is not set for this process, or holds no address.
        """
        if not self.url_env:
            return self.url
        found = os.environ.get(self.url_env, "").strip()
        if not found:
            raise SettingsError(
                f"webhook {self.name}: the variable {self.url_env} is not set for the process that sends.",
                hint="Set it where the scheduler, or JupyterLab, is started from.",
            )
        return _address(f"webhook {self.name}: {self.url_env}", found)

    def secret(self) -> bytes:
        """Give the secret that signs.

        Raises
        ------
        SettingsError
            It is not there for this process, or too short to be one.
        """
        if self.secret_file is not None:
            where = f"the file {self.secret_file.name}"
            try:
                found = self.secret_file.read_bytes().strip()
            except OSError as error:
                raise SettingsError(f"webhook {self.name}: {where} cannot be read: {error.strerror}.") from error
        else:
            where = f"the variable {self.secret_env}"
            found = os.environ.get(self.secret_env, "").encode()
            if not found:
                raise SettingsError(
                    f"webhook {self.name}: {where} is not set for the process that sends.",
                    hint="Set it where courier and scheduler are started from, or use secret_file.",
                )
        if len(found) < _SHORTEST_SECRET:
            raise SettingsError(f"webhook {self.name}: {where} holds less than {_SHORTEST_SECRET} bytes.")
        return found

    @property
    def shown(self) -> str:
        """The address without user name, password and query, which may be secrets."""
        if self.url_env:
            return f"${self.url_env}"
        parts = urlsplit(self.url)
        if self.format == SLACK:
            # Its path is what lets anybody write to the channel.
            return f"{parts.scheme}://{parts.hostname}/…"
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def read_hooks(workspace: Workspace) -> tuple[Hook, ...]:
    """Give the webhooks of ``[webhooks.NAME]`` tables.

    Raises
    ------
    SettingsError
        A table cannot be used; the message names it.
    """
    found = read_tables(workspace.root).get("webhooks", {})
    if not isinstance(found, dict):
        raise SettingsError(f"webhooks in {FILE_NAME} must be tables [webhooks.NAME].")
    return tuple(_hook(workspace, str(name), values) for name, values in sorted(found.items()))


def _hook(workspace: Workspace, name: str, values: Any) -> Hook:
    where = f"[webhooks.{name}] of {FILE_NAME}"
    if not isinstance(values, dict) or not _NAME.fullmatch(name):
        raise SettingsError(f"{where} must be a table named by letters, digits, _ and -.")
    unknown = sorted(set(values) - _KEYS)
    if unknown:
        raise SettingsError(
            f"{where} has an unknown key {unknown[0]!r}.", hint=f"Known are: {', '.join(sorted(_KEYS))}."
        )
    variable, file = _text(where, values, "secret_env"), _text(where, values, "secret_file")
    shape, address = _text(where, values, "format") or SIGNED, _text(where, values, "url_env")
    if shape not in (SIGNED, SLACK):
        raise SettingsError(f"{where}: format must be {SIGNED} or {SLACK}, not {shape!r}.")
    if bool(variable) == bool(file) and (variable or shape != SLACK):
        raise SettingsError(f"{where} needs secret_env or secret_file, and not both: what is sent is signed with it.")
    if address and values.get("url"):
        raise SettingsError(f"{where} needs url or url_env, and not both.")
    return Hook(
        name=name,
        url="" if address else _address(where, _text(where, values, "url")),
        url_env=address,
        format=shape,
        events=_texts(where, values, "events"),
        models=_texts(where, values, "models"),
        secret_env=variable,
        secret_file=workspace.root / Path(file).expanduser() if file else None,
        tries=int(_number(where, values, "tries", 12, 1, 100)),
        timeout=_number(where, values, "timeout", 10.0, 0.1, 60.0),
    )


def _address(where: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        raise SettingsError(f"{where}: url must be an http or https address.")
    return url


def _text(where: str, values: Mapping[str, Any], key: str) -> str:
    found = values.get(key, "")
    if not isinstance(found, str):
        raise SettingsError(f"{where}: {key} must be text in quotes.")
    return found.strip()


def _texts(where: str, values: Mapping[str, Any], key: str) -> frozenset[str]:
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise SettingsError(f"{where}: {key} must be a list of texts.")
    return frozenset(found)


def _number(where: str, values: Mapping[str, Any], key: str, default: float, least: float, most: float) -> float:
    found = values.get(key, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not least <= found <= most:
        raise SettingsError(f"{where}: {key} must be a number from {least:g} to {most:g}.")
    return float(found)
