"""Whether a declared step is one: its kind, its options, the columns it names. What is wrong is said in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from nbops.errors import UsageError
from nbops.features.kinds import KINDS, Option


def checked(declared: Any, columns: Iterable[str], number: int) -> dict[str, Any]:
    """Give a step with every option it has, those that were left out by default.

    Parameters
    ----------
    declared
        As it was written.
    columns
        Those that exist when the step's turn comes.
    number
        Which step it is, counted from 1.

    Raises
    ------
    UsageError
        It is of no known kind, or an option or column does not exist or is missing.
    """
    if not isinstance(declared, Mapping) or "step" not in declared:
        raise UsageError(f"Step {number} is no step.", hint='Write {"step": "dates", "columns": ["when"]}.')
    name = declared["step"]
    if name not in KINDS:
        raise UsageError(f"Step {number}: there is no step {name!r}.", hint=_meant(name, KINDS))
    options = KINDS[name].options
    for key in declared:
        if key != "step" and key not in options:
            raise UsageError(f"Step {number} ({name}) has no option {key!r}.", hint=_meant(key, options))
    found = {"step": name, **{key: _value(declared, key, option, number) for key, option in options.items()}}
    known = list(columns)
    for key, option in options.items():
        if option.columns:
            _exist(found[key], known, f"Step {number} ({name})")
    return found


def _value(declared: Mapping[str, Any], key: str, option: Option, number: int) -> Any:
    where = f"Step {number} ({declared['step']})"
    if key not in declared:
        if option.needed:
            raise UsageError(f"{where} needs {key}.", hint=option.meaning)
        return option.default
    value = declared[key]
    if option.kind is list and isinstance(value, (str, int)) and not isinstance(value, bool):
        value = [value]
    if option.kind is list and isinstance(value, tuple):
        value = list(value)
    wrong = not isinstance(value, option.kind) or (isinstance(value, bool) and option.kind is not bool)
    if wrong or (option.kind is list and option.needed and not value):
        raise UsageError(f"{where}: {key} is {value!r}.", hint=option.meaning)
    choices = value if isinstance(value, list) else [value]
    if option.among and (strange := [one for one in choices if one not in option.among]):
        raise UsageError(f"{where}: {key} cannot be {strange[0]!r}.", hint=_meant(strange[0], option.among))
    if option.least is not None and any(
        isinstance(one, bool) or not isinstance(one, int) or one < option.least for one in choices
    ):
        raise UsageError(f"{where}: {key} must be whole numbers from {option.least} on, not {value!r}.")
    return value


def _exist(named: Any, known: list[str], where: str) -> None:
    for name in [named] if isinstance(named, str) else named:
        if name not in known:
            raise UsageError(f"{where}: there is no column {name!r}.", hint=_meant(name, known))


def _meant(word: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(list(known)[:20])}."


def named_columns(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give the columns that steps name, whether they exist or not; what is no step names none."""
    found: list[str] = []
    for step in steps:
        kind = KINDS.get(str(step.get("step"))) if isinstance(step, Mapping) else None
        for key, option in kind.options.items() if kind else ():
            named = step.get(key, ()) if option.columns else ()
            found += [named] if isinstance(named, str) else list(named)
    return found
