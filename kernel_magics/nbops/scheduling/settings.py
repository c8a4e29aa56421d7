"""What ``[scheduler]`` of ``nbops.toml`` says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from nbops.errors import SettingsError
from nbops.scheduling.wording import meant
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_KEYS = ("at_once", "data_every", "jupyter", "token_sha256")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """``at_once`` scheduled pipelines run beside each other; data are looked at every ``data_every`` seconds.

    ``jupyter`` says whether JupyterLab's server looks after the schedules of workspaces that are open in it.
    """

    at_once: int
    data_every: float = 10.0
    jupyter: bool = True
    token_sha256: str = ""


def read_scheduler(workspace: Workspace) -> SchedulerSettings:
    """Read the table.

    Raises
    ------
    SettingsError
        It holds something that cannot be used.
    """
    table = read_tables(workspace.root).get("scheduler", {})
    where = f"[scheduler] of {FILE_NAME}"
    if not isinstance(table, dict):
        raise SettingsError(f"scheduler in {FILE_NAME} must be a table.")
    for key in table:
        if key not in _KEYS:
            raise SettingsError(
                f"{where} has an unknown key {key!r}.", hint=meant(key, _KEYS) or f"Known are: {', '.join(_KEYS)}."
            )
    digest = table.get("token_sha256", "")
    if not isinstance(digest, str) or (digest and not _DIGEST.fullmatch(digest)):
        raise SettingsError(
            f"{where}: token_sha256 must be the sha256 of a token, in hex.",
            hint="printf %s TOKEN | sha256sum",
        )
    jupyter = table.get("jupyter", True)
    if not isinstance(jupyter, bool):
        raise SettingsError(f"{where}: jupyter must be true or false.")
    return SchedulerSettings(
        jupyter=jupyter,
        at_once=int(_number(where, table, "at_once", max(2, os.cpu_count() or 1), 1, 1000)),
        data_every=_number(where, table, "data_every", 10.0, 1, 86400),
        token_sha256=digest.lower(),
    )


def _number(where: str, table: dict[str, Any], key: str, default: float, least: float, most: float) -> float:
    found = table.get(key, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not least <= found <= most:
        raise SettingsError(f"{where}: {key} must be a number from {least:g} to {most:g}.")
    return float(found)
