"""A schedule from what a person has written: options of a command or the table of a file, which have the same names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nbops.errors import UsageError
from nbops.pipelines.running.options import given_parameters
from nbops.records import Schedule, TriggerKind
from nbops.scheduling.wording import MEASURES, meant

TRIGGERS: Mapping[str, TriggerKind] = {
    "cron": "cron",
    "on_data": "data",
    "on_drift": "drift",
    "on_performance": "performance",
    "on_promotion": "promotion",
    "after": "pipeline",
    "manual": "manual",
}
KEYS = (*TRIGGERS, "timezone", *MEASURES, "missed", "cap", "overlap", "parameters", "alerts", "paused")
_TEXTS = ("cron", "on_data", "on_drift", "on_performance", "on_promotion", "after", "timezone", "missed", "overlap")
_SWITCHES = ("manual", "paused")


def build(name: str, pipeline: str, given: Mapping[str, Any], *, origin: str = "") -> Schedule:
    """Make a schedule; whether what it names exists is checked where it is kept.

    Parameters
    ----------
    name, pipeline
        Of the schedule.
    given
        Values by the names in ``KEYS``; exactly one of those in ``TRIGGERS``.
    origin
        The file that declares it.

    Raises
    ------
    UsageError
        A key is unknown, a value has the wrong type, or there is not exactly one trigger.
    """
    where = f"schedule {name!r}: "
    for key, value in given.items():
        if key not in KEYS:
            raise UsageError(f"{where}unknown key {key!r}.", hint=meant(key, KEYS) or f"Known: {', '.join(KEYS)}.")
        _check_type(where, key, value)
    given = {key: value for key, value in given.items() if value is not None and value is not False and value != ""}
    chosen = [key for key in TRIGGERS if key in given]
    if len(chosen) != 1:
        said = f"{' and '.join(chosen)} are two triggers" if chosen else "nothing says when it runs"
        raise UsageError(f"{where}{said}.", hint=f"Give one of {', '.join(TRIGGERS)}.")
    trigger = TRIGGERS[chosen[0]]
    measure, threshold = _measured(where, given, trigger)
    if "timezone" in given and trigger != "cron":
        raise UsageError(f"{where}a time zone belongs to cron.")
    return Schedule(
        name=name,
        pipeline=pipeline,
        trigger=trigger,
        cron=given.get("cron", ""),
        timezone=given.get("timezone", "UTC"),
        subject="" if trigger in ("cron", "manual") else given[chosen[0]],
        measure=measure,
        threshold=threshold,
        missed=given.get("missed", "once"),
        missed_cap=given.get("cap", 10),
        overlap=given.get("overlap", "skip"),
        parameters={key: _text(value) for key, value in given.get("parameters", {}).items()},
        alerts=tuple(given.get("alerts", ())),
        paused=given.get("paused", False),
        origin=origin,
    )


def parameters_of(words: Iterable[str]) -> dict[str, str]:
    """Read ``NAME=VALUE`` as it is typed.

    Raises
    ------
    UsageError
        There is no ``=``.
    """
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"--set {word}: that is no NAME=VALUE.", hint="Write --set max_depth=6")
        found[name.strip()] = value.strip()
    return found


def read_parameters(texts: Mapping[str, str]) -> dict[str, Any]:
    """Give the values that texts stand for on the command line; what JSON does not have, such as a date, stays text."""
    values = given_parameters(f"{name}={text}" for name, text in texts.items())
    return {name: value if _is_plain(value) else texts[name] for name, value in values.items()}


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _check_type(where: str, key: str, value: Any) -> None:
    if value is None:
        return
    if key in _TEXTS:
        good, kind = isinstance(value, str), "text"
    elif key in _SWITCHES:
        good, kind = isinstance(value, bool), "true or false"
    elif key == "parameters":
        good, kind = isinstance(value, Mapping), "a table"
    elif key == "alerts":
        good, kind = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value), "a list of texts"
    else:
        good, kind = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    if not good:
        raise UsageError(f"{where}{key} must be {kind}, not {type(value).__name__}.")


def _measured(where: str, given: Mapping[str, Any], trigger: str) -> tuple[str, float]:
    chosen = [key for key in MEASURES if key in given]
    if trigger != "data":
        if chosen:
            raise UsageError(f"{where}{chosen[0]} belongs to on_data.")
        return "", 0.0
    if len(chosen) > 1:
        raise UsageError(f"{where}{' and '.join(chosen)} are two measures.", hint=f"Give one of {', '.join(MEASURES)}.")
    # Anything new, where nothing is said.
    return (chosen[0], float(given[chosen[0]])) if chosen else ("files", 1.0)


def _text(value: Any) -> str:
    """Give a value as it is written on the command line, where it is read as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
