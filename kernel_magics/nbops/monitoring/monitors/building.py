"""A monitor from what a person has written: options of a command or the table of a file, which have the same names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from nbops.errors import UsageError, meant
from nbops.records import Check, CheckKind, Monitor

KINDS: tuple[CheckKind, ...] = get_args(CheckKind)
PREDICTIONS = "predictions"
_TEXTS = ("model", "source", "reference", "time", "window", "cron", "timezone")
KEYS = (*_TEXTS, "checks", "routes", "remind_hours", "paused")
# Which of a check's words are fields of the record; every other NAME=VALUE is an option.
_FIELDS = ("name", "columns", "metric", "threshold", "warning")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "drift": ("alpha", "min_effect", "thresholds", "importance", "recover"),
    "prediction": ("alpha", "min_effect", "thresholds", "recover"),
    "quality": ("rules", "recover"),
    "performance": ("min_labelled", "min_rows", "recover"),
    "estimate": ("recover",),
    "volume": ("recover",),
    "infrastructure": ("url", "query", "recover"),
}
_LIMIT = re.compile(r"([A-Za-z_][\w@.]*)\s*(>=|<=|>|<)\s*(.+)")
_WORD = re.compile(r"[A-Za-z_]\w*")


def build(name: str, given: Mapping[str, Any], *, origin: str = "") -> Monitor:
    """Make a monitor; whether what it names exists is checked where it is kept.

    Parameters
    ----------
    name
        Of the monitor. It is the model as well where none is given and it is ``NAME@TARGET``, or there is no other source.
    given
        Values by the names in ``KEYS``; ``checks`` are texts as :func:`read_check` takes them, or tables.
    origin
        The file that declares it.

    Raises
    ------
    UsageError
        A key is unknown or a value has the wrong type.
    """
    where = f"monitor {name!r}: "
    for key, value in given.items():
        if key not in KEYS:
            raise UsageError(f"{where}unknown key {key!r}.", hint=meant(key, KEYS) or f"Known: {', '.join(KEYS)}.")
        _check_type(where, key, value)
    facts = {key: value for key, value in given.items() if value is not None and value != ""}
    checks = [_check(where, one) for one in facts.pop("checks", ())] or [Check(name="drift", kind="drift")]
    routes = facts.pop("routes", None)
    source = facts.get("source", PREDICTIONS)
    # What is watched where nothing is named is what the monitor is called after.
    if "model" not in facts and ("@" in name or source == PREDICTIONS):
        facts["model"] = name
    if "window" not in facts:
        # Files without a column of time are taken as they are.
        facts["window"] = "1d" if source == PREDICTIONS or facts.get("time") else "all"
    if routes is not None:
        facts["routes"] = tuple(routes)
    return Monitor(name=name, **facts, checks=tuple(_numbered(checks)), origin=origin)


def changed(monitor: Monitor, given: Mapping[str, Any]) -> Monitor:
    """Give a monitor with some facts changed; ``given`` is as for :func:`build`.

    Raises
    ------
    UsageError
        A key is unknown or a value has the wrong type.
    """
    fresh = build(monitor.name, given, origin=monitor.origin)
    return replace(monitor, **{key: getattr(fresh, key) for key in given if key != "paused"})


def read_check(text: str) -> Check:
    """Read a check as it is typed: ``drift``, ``performance accuracy>=0.8``, ``volume rows>=1000 warning=2000``.

    The first word is the kind; ``METRIC>=VALUE`` or ``METRIC<=VALUE`` is what is no alert; the rest is ``NAME=VALUE``:
    ``name``, ``columns`` (separated by commas), ``warning``, and the options of the kind.

    Raises
    ------
    UsageError
        Something of it cannot be used; the message names it.
    """
    try:
        # An operator may stand between blanks.
        words = shlex.split(re.sub(r"\s*(>=|<=|[<>=])\s*", r"\1", text))
    except ValueError as error:
        raise UsageError(f"The check {text!r} cannot be read: {error}.") from None
    if not words:
        raise UsageError("A check is empty.", hint=f"Write one of {', '.join(KINDS)}.")
    given: dict[str, Any] = {"kind": words[0]}
    for word in words[1:]:
        found = _LIMIT.fullmatch(word)
        if found:
            if "threshold" in given:
                raise UsageError(f"The check {text!r} has two limits.", hint="Write one check for each.")
            given |= {"metric": found[1], "threshold": _number(text, found[3]), "better": _better(found[2])}
            continue
        key, sign, value = word.partition("=")
        if not sign and _WORD.fullmatch(word) and "metric" not in given:
            given["metric"] = word
        elif not sign or not _WORD.fullmatch(key):
            raise UsageError(f"The check {text!r}: {word!r} is neither a limit nor NAME=VALUE.")
        else:
            given[key] = _value(value) if key not in ("name", "columns", "metric") else value
    return check_of(given)


def check_of(given: Mapping[str, Any]) -> Check:
    """Make a check from a table.

    Parameters
    ----------
    given
        ``kind``, perhaps ``name``, ``columns``, ``metric``, ``threshold``, ``warning``, and options of the kind;
        ``better`` is ``more`` or ``less``, which only metrics that are not known by name need.

    Raises
    ------
    UsageError
        Something of it cannot be used; the message names it.
    """
    kind = given.get("kind", "")
    if kind not in KINDS:
        raise UsageError(f"There is no check {kind!r}.", hint=meant(str(kind), KINDS) or f"Known: {', '.join(KINDS)}.")
    options = {key: value for key, value in given.items() if key not in ("kind", *_FIELDS)}
    known = (*_FIELDS, "better", *OPTIONS[kind])
    for key in options:
        if key not in known:
            raise UsageError(
                f"The check {kind!r} has no option {key!r}.", hint=meant(key, known) or f"Known: {', '.join(known)}."
            )
    columns = given.get("columns", ())
    if isinstance(columns, str):
        columns = [name.strip() for name in columns.split(",") if name.strip()]
    metric = str(given.get("metric", ""))
    return Check(
        name=str(given.get("name") or (f"{kind} {metric}" if metric and kind != "drift" else kind)),
        kind=kind,
        columns=tuple(str(name) for name in columns),
        metric=metric,
        threshold=_limit(kind, "threshold", given.get("threshold")),
        warning=_limit(kind, "warning", given.get("warning")),
        options=options,
    )


def _check(where: str, one: Any) -> Check:
    try:
        return read_check(one) if isinstance(one, str) else check_of(one)
    except UsageError as error:
        raise UsageError(f"{where}{error.message}", hint=error.hint) from None


def _numbered(checks: Sequence[Check]) -> list[Check]:
    """Refuse two checks of one name: what one found could not be told from what the other did."""
    names = [check.name for check in checks]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"Two checks are called {name!r}.", hint="Give one another name: name=…")
    return list(checks)


def _check_type(where: str, key: str, value: Any) -> None:
    if value is None:
        return
    if key in _TEXTS:
        good, kind = isinstance(value, str), "text"
    elif key == "paused":
        good, kind = isinstance(value, bool), "true or false"
    elif key == "remind_hours":
        good, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    elif key == "routes":
        good, kind = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value), "a list of texts"
    else:
        good = isinstance(value, list | tuple) and all(isinstance(one, str | Mapping) for one in value)
        kind = "a list of texts or tables"
    if not good:
        raise UsageError(f"{where}{key} must be {kind}, not {type(value).__name__}.")


def _better(operator: str) -> str:
    return "more" if operator.startswith(">") else "less"


def _limit(kind: str, key: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise UsageError(f"The {key} of the check {kind!r} must be a number, not {value!r}.")
    return float(value)


def _number(text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"The check {text!r}: {value!r} is no number.") from None


def _value(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)
