"""Gates as ``nbops.toml`` or a cell declares them, known by the content of their declaration."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import SettingsError
from nbops.ledger.chain import canonical
from nbops.registry.targets import CHAMPION, PRODUCTION
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

# Kind -> the keys it takes besides those that all take, and those of them that it must have.
KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "metric": (frozenset({"metric", "min", "max", "interval", "positive"}), frozenset({"metric"})),
    "champion": (
        frozenset({"metric", "margin", "min_effect", "confidence", "positive"}),
        frozenset({"metric"}),
    ),
    "validation": (frozenset({"rules", "like"}), frozenset()),
    "slices": (
        frozenset({"metric", "by", "min", "max", "min_rows", "positive"}),
        frozenset({"metric", "by"}),
    ),
    "fairness": (frozenset({"by", "measure", "max", "positive", "min_rows"}), frozenset({"by", "max"})),
    "calibration": (frozenset({"max", "bins", "positive"}), frozenset({"max"})),
    "latency": (frozenset({"max_ms", "percentile", "repeats"}), frozenset({"max_ms"})),
    "size": (frozenset({"max_bytes", "max_mb"}), frozenset()),
    "card": (frozenset({"fields"}), frozenset({"fields"})),
    "reproduces": (frozenset({"tolerance", "metrics"}), frozenset()),
    "function": (frozenset({"function", "min", "max"}), frozenset({"function"})),
    "notebook": (frozenset({"notebook", "parameters", "value", "min", "max"}), frozenset({"notebook"})),
}
# Kinds that look at the version now held.
_COMPARING = frozenset({"champion"})
_ALL = frozenset({"name", "kind", "data", "target", "timeout", "models", "targets"})
_TOP = frozenset({"data", "target", "timeout", "check"})
_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One declared gate. ``data`` is a path below the workspace or empty, ``target`` the column that holds the truth."""

    name: str
    kind: str
    data: str = ""
    target: str = ""
    timeout: float = _TIMEOUT
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Specs:
    """The gates of one model for one target. ``digest`` is the sha256 of ``content``, their canonical declaration."""

    checks: tuple[Check, ...]
    content: tuple[dict[str, Any], ...]
    digest: str

    @property
    def compares(self) -> bool:
        """Whether any gate looks at the version now held, so that a report goes stale when that one changes."""
        return any(check.kind in _COMPARING for check in self.checks)


def declared(workspace: Workspace, model: str, target: str) -> Specs:
    """Give the gates that ``nbops.toml`` declares for a model and target; none where it says nothing.

    Raises
    ------
    SettingsError
        A gate is declared wrongly. A slip of the pen must not leave a model without its gates.
    """
    return read_specs(read_tables(workspace.root).get("gates", {}), model, target, root=workspace.root)


def read_specs(
    table: Any,
    model: str,
    target: str,
    where: str = f"[gates] of {FILE_NAME}",
    *,
    root: Path | None = None,
    targets: Sequence[str] = (PRODUCTION, CHAMPION),
) -> Specs:
    """Read gates from a table as in ``nbops.toml``: ``data``, ``target``, ``timeout`` and a list ``check``.

    Code and rules that gates name in files below ``root`` are part of their content: who edits the function that
    judges, declares another gate. A gate that names no targets is one for ``targets``.

    Raises
    ------
    SettingsError
        A gate is declared wrongly.
    """
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} must be a table.")
    _known_only(where, table, _TOP)
    entries = table.get("check", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise SettingsError(f"check in {where} must be a list of tables, [[gates.check]].")
    shared = {key: table[key] for key in ("data", "target", "timeout") if key in table}
    checks = [_read(entry, shared, f"gate {number} in {where}", targets) for number, entry in enumerate(entries, 1)]
    names = [check.name for check, _, _ in checks]
    if len(set(names)) < len(names):
        raise SettingsError(f"Two gates in {where} have the same name.", hint="Give each a name of its own.")
    chosen = [check for check, models, wanted in checks if (not models or model in models) and target in wanted]
    content = tuple(_content(check, root) for check in chosen)
    return Specs(checks=tuple(chosen), content=content, digest=hashlib.sha256(canonical(content).encode()).hexdigest())


def _read(
    entry: Any, shared: Mapping[str, Any], where: str, targets: Sequence[str]
) -> tuple[Check, tuple[str, ...], tuple[str, ...]]:
    if not isinstance(entry, Mapping):
        raise SettingsError(f"{where} must be a table.")
    kind = entry.get("kind")
    if kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(KINDS))}."
        raise SettingsError(f"{where} has the unknown kind {kind!r}.", hint=hint)
    takes, needs = KINDS[kind]
    _known_only(where, entry, takes | _ALL)
    for key in sorted(needs):
        if key not in entry:
            raise SettingsError(f"{where} of kind {kind} lacks {key!r}.")
    merged = {**shared, **entry}
    options = {key: entry[key] for key in sorted(takes) if key in entry}
    check = Check(
        name=_text(where, "name", merged.get("name", _default_name(kind, options))),
        kind=kind,
        data=_text(where, "data", merged.get("data", "")),
        target=_text(where, "target", merged.get("target", "")),
        timeout=_seconds(where, merged.get("timeout", _TIMEOUT)),
        options=options,
    )
    _check_limits(where, check)
    models = _texts(where, "models", entry.get("models", []))
    return check, models, _texts(where, "targets", entry.get("targets", list(targets)))


def _content(check: Check, root: Path | None) -> dict[str, Any]:
    return {
        "name": check.name,
        "kind": check.kind,
        "data": check.data,
        "target": check.target,
        "timeout": repr(check.timeout),
        "options": {key: _plain(value) for key, value in check.options.items()},
        "files": {name: _digest(root / name) for name in _files(check) if root is not None},
    }


def _files(check: Check) -> list[str]:
    """Name the files that say what a gate does, as opposed to what it looks at."""
    found = [str(check.options[key]) for key in ("notebook", "rules") if key in check.options]
    if check.kind == "function":
        where = str(check.options["function"]).rpartition(":")[0]
        found.append(where if where.endswith(".py") else f"{where.replace('.', '/')}.py")
    return found


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # a module that is installed, or a file yet to be written: judging will tell
        return ""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, bool, float)) else repr(value)


def _default_name(kind: str, options: Mapping[str, Any]) -> str:
    about = options.get("metric") or options.get("function") or options.get("notebook") or ""
    return f"{kind} {about}".strip()


def _check_limits(where: str, check: Check) -> None:
    bounded = {
        "metric": ("min", "max"),
        "slices": ("min", "max"),
        "size": ("max_bytes", "max_mb"),
        "validation": ("rules", "like"),
    }
    keys = bounded.get(check.kind)
    if keys and not any(key in check.options for key in keys):
        raise SettingsError(f"{where} says nothing to hold it to.", hint=f"Give it {' or '.join(keys)}.")
    for key in sorted({"by", "fields", "metrics"} & set(check.options)):
        value = check.options[key]
        if not _texts(where, key, [value] if key == "by" and isinstance(value, str) else value):
            raise SettingsError(f"{key} of {where} is empty: such a gate would say nothing.")
    if not isinstance(check.options.get("interval", False), bool):
        raise SettingsError(f"interval of {where} must be true or false, not {check.options['interval']!r}.")
    for key in ("min", "max", "margin", "min_effect", "max_ms", "max_bytes", "max_mb", "tolerance"):
        value = check.options.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise SettingsError(f"{key} of {where} must be a number, not {value!r}.")


def _known_only(where: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(known))}."
            raise SettingsError(f"{where} has an unknown key {key!r}.", hint=hint)


def _text(where: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{key} of {where} must be text, not {value!r}.")
    return value


def _texts(where: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{key} of {where} must be a list of texts, not {value!r}.")
    return tuple(value)


def _seconds(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 86400:
        raise SettingsError(f"timeout of {where} must be seconds from 0 to 86400, not {value!r}.")
    return float(value)
