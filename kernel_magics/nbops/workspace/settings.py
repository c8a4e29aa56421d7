"""Settings of a workspace: ``nbops.toml``, overridden by ``NBOPS_*`` and ``MLFLOW_TRACKING_URI``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import SettingsError
from nbops.workspace import rooting

FILE_NAME = rooting.FILE_NAME


@dataclass(frozen=True, slots=True)
class Setting:
    """One value in force. ``source`` is ``default``, ``nbops.toml`` or the name of an environment variable."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    variable: str
    kind: type = str


_KNOWN = (
    _Known("experiment", "NBOPS_EXPERIMENT"),
    _Known("author", "NBOPS_AUTHOR"),
    _Known("ledger_uri", "NBOPS_LEDGER_URI"),
    _Known("mlflow_tracking_uri", "MLFLOW_TRACKING_URI"),
    _Known("mlflow_artifacts", "NBOPS_MLFLOW_ARTIFACTS"),
    _Known("readonly", "NBOPS_READONLY", bool),
    _Known("courier", "NBOPS_COURIER", bool),
    _Known("checkpoint_limit", "NBOPS_CHECKPOINT_LIMIT"),
)
VARIABLES = frozenset(known.variable for known in _KNOWN)
# What the session's MLflow is told where no person has said anything; it holds the same value as MLflow's own variable.
MLFLOW, OFFERED = "MLFLOW_TRACKING_URI", "MLFLOW_NBOPS_OFFERED_URI"
_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|[A-Za-z]:[/\\])([^?]+)(.*)", re.DOTALL)
_ADDRESSES = frozenset({"ledger_uri", "mlflow_tracking_uri"})
_NOT_A_FOLDER = frozenset({"databricks", "databricks-uc", "uc"})
# Tables of nbops.toml that belong to other rooms.
_TABLES = frozenset(
    {
        "alerts",
        "audit",
        "cache",
        "features",
        "gates",
        "llm",
        "metrics",
        "monitors",
        "pipelines",
        "policy",
        "predictions",
        "retrain",
        "scheduler",
        "schedules",
        "track",
        "warm",
        "webhooks",
    }
)
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


def read_settings(
    root: Path, defaults: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> dict[str, Setting]:
    """Read what is in force in the workspace at ``root``.

    Parameters
    ----------
    root
        Folder that may hold ``nbops.toml``.
    defaults
        A value for every known setting.
    environ
        Environment variables; the process's own by default.

    Raises
    ------
    SettingsError
        ``nbops.toml`` cannot be read, has an unknown key or a value of the wrong type, or a variable cannot be used.
    """
    environ = os.environ if environ is None else environ
    written = _read_file(root / FILE_NAME)
    found = {}
    for known in _KNOWN:
        setting = Setting(known.name, defaults[known.name], "default")
        if known.name in written:
            text = _text(known, written[known.name], FILE_NAME)
            setting = Setting(known.name, _absolute(known.name, text, root), FILE_NAME)
        given = environ.get(known.variable)
        # A variable that says what holds anyway is not where that comes from, nor is one that we have set.
        if given and given != setting.value and not (known.variable == MLFLOW and given == environ.get(OFFERED)):
            text = _text(known, given, known.variable)
            setting = Setting(known.name, _absolute(known.name, text, None), known.variable)
        found[known.name] = setting
    return found


def read_tables(root: Path) -> dict[str, Any]:
    """Give the tables of ``nbops.toml`` that belong to other rooms, such as ``pipelines``."""
    return {key: value for key, value in _read_file(root / FILE_NAME).items() if key in _TABLES}


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    # Imported here because most workspaces have no file, and loading the extension is counted in milliseconds.
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", hint="Mend the file, or remove it.") from error
    names = {known.name for known in _KNOWN}
    for key in content:
        if key not in names | _TABLES:
            import difflib

            near = difflib.get_close_matches(key, sorted(names | _TABLES), 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(names))}."
            raise SettingsError(f"{path} has an unknown key {key!r}.", hint=hint)
    return content


def _absolute(name: str, value: str, folder: Path | None) -> str:
    """Make a relative address or path absolute, from ``folder`` or the working directory: processes differ in theirs."""
    if name == "mlflow_artifacts":
        return _joined(folder, os.path.expanduser(value))
    if name not in _ADDRESSES:
        return value
    if (match := _SQLITE.fullmatch(value)) is not None:
        from urllib.parse import unquote

        return f"{match[1]}{quoted(_joined(folder, unquote(match[2])))}{match[3]}"
    if name == "mlflow_tracking_uri":
        if value.startswith("file:") and not value.startswith("file:/"):
            return f"file://{_joined(folder, value[5:])}"
        if value and ":" not in value and value not in _NOT_A_FOLDER:
            return _joined(folder, value)
    return value


def quoted(path: str) -> str:
    """Give a path as it stands in a URL of SQLAlchemy, which knows escapes and queries."""
    return path.replace("%", "%25").replace("?", "%3F")


def _joined(folder: Path | None, path: str) -> str:
    try:
        start = folder or Path.cwd()
    except OSError:
        return path
    return Path(os.path.normpath(start / path)).as_posix()


def _text(known: _Known, value: object, source: str) -> str:
    if known.kind is bool:
        word = str(value).strip().lower()
        if word not in _TRUE | _FALSE:
            raise SettingsError(f"{known.name} from {source} must be true or false, not {value!r}.")
        return "true" if word in _TRUE else "false"
    if not isinstance(value, str):
        raise SettingsError(f"{known.name} in {source} must be text in quotes, not {type(value).__name__}.")
    return value.strip()
