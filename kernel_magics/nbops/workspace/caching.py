"""The table ``[cache]`` of ``nbops.toml``: what is kept of stages, for how long, and where a team shares it."""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import SettingsError
from nbops.workspace.location import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

REMOTE, KEY = "NBOPS_CACHE_REMOTE", "NBOPS_CACHE_KEY"
_MANIFESTS = "[0-9a-f][0-9a-f]/*.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """What ``[cache]`` says.

    ``results`` says whether results are kept and used at all, ``keep_days`` how long one is kept that nobody uses.
    ``remote`` is a folder or address that a team shares; ``push`` says whether ours go there (by default to a folder, not
    over the web); ``trust_models`` whether models from there are used, which can run code.
    """

    results: bool = True
    keep_days: float = 90.0
    remote: str = ""
    push: bool | None = None
    trust_models: bool = False


_KINDS: Mapping[str, tuple[type, ...]] = {
    "results": (bool,),
    "keep_days": (int, float),
    "remote": (str,),
    "push": (bool,),
    "trust_models": (bool,),
}
_WORDS = {bool: "true or false", int: "a number", str: "text in quotes"}


def cache_settings(workspace: Workspace) -> CacheSettings:
    """Read the settings; ``NBOPS_CACHE_REMOTE`` stands for ``remote``.

    Raises
    ------
    SettingsError
        The table has an unknown key or a value of the wrong kind.
    """
    table = read_tables(workspace.root).get("cache", {})
    if not isinstance(table, dict):
        raise SettingsError(f"cache in {FILE_NAME} must be a table.")
    for key, value in table.items():
        _check(key, value)
    settings = CacheSettings(**table)
    remote = os.environ.get(REMOTE, settings.remote).strip()
    if remote and "://" not in remote:
        # From the workspace, wherever the command is called.
        remote = os.path.normpath(workspace.root / Path(remote).expanduser())
    return CacheSettings(**{**table, "remote": remote})


def manifests(workspace: Workspace) -> Iterator[Path]:
    """Give the files that describe kept results."""
    return workspace.results.glob(_MANIFESTS)


def is_expired(path: Path, settings: CacheSettings) -> bool:
    """Whether nobody has used a kept result for longer than it is kept."""
    return time.time() - path.stat().st_mtime > settings.keep_days * 86400


def _check(key: str, value: Any) -> None:
    if key not in _KINDS:
        near = difflib.get_close_matches(key, _KINDS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(_KINDS)}."
        raise SettingsError(f"[cache] of {FILE_NAME} has an unknown key {key!r}.", hint=hint)
    kinds = _KINDS[key]
    if type(value) not in kinds or (key == "keep_days" and value < 0):
        raise SettingsError(f"{key} in [cache] of {FILE_NAME} must be {_WORDS[kinds[0]]}, not {value!r}.")
