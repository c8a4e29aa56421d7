"""Rules as a TOML file that a person edits: a table a column, only what differs from a rule that asks for nothing."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import tomlkit

from nbops.data.reading import path_of
from nbops.data.rules import ColumnRules, Rules
from nbops.errors import DataError, NotFoundError

_FORMS = (".toml", ".json")


def rules_toml(rules: Rules, head: str = "") -> str:
    """Write rules as TOML; ``head`` becomes comments above them.

    Examples
    --------
    >>> from nbops.data.rules import ColumnRules, Rules
    >>> print(rules_toml(Rules((ColumnRules(name="age", kind="number", nulls=0.0, minimum=0.0),))))
    [columns.age]
    kind = "number"
    nulls = 0.0
    minimum = 0.0
    <BLANKLINE>
    """
    document = tomlkit.document()
    for line in head.splitlines():
        document.add(tomlkit.comment(line))
    for name, value in rules.to_dict().items():
        if name != "columns":
            document.add(name, tomlkit.item(value))
    usual = {field.name: field.default for field in fields(ColumnRules)}
    columns = tomlkit.table(is_super_table=True)
    for rule in rules.columns:
        table = tomlkit.table()
        for name, default in usual.items():
            value = getattr(rule, name)
            if name != "name" and value != default:
                table.add(name, tomlkit.item(list(value) if isinstance(value, tuple) else value))
        columns.add(rule.name, table)
    document.add("columns", columns)
    return tomlkit.dumps(document)


def rules_of_toml(text: str, where: str = "These rules") -> Rules:
    """Read what :func:`rules_toml` gave, possibly edited by hand.

    Raises
    ------
    DataError
        It is no TOML, or there is something in it that is no rule; the message names column and key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{where} cannot be read as TOML: {error}.") from None
    # TOML has no way to write a table of tables that is empty.
    return _rules({"columns": {}} | data, where)


def read_rules(path: str | Path) -> Rules:
    """Read rules from a ``.toml`` or ``.json`` file.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataError
        It holds no rules.
    """
    file = path_of(path)
    if not file.is_file():
        raise NotFoundError(f"There is no file {file}.")
    if file.suffix.lower() not in _FORMS:
        raise DataError(f"{file} holds no rules.", hint="Rules are kept as .toml or .json.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        data = json.loads(text) if file.suffix.lower() == ".json" else None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}.") from None
    return rules_of_toml(text, str(file)) if data is None else _rules(data, str(file))


def _rules(data: Any, where: str) -> Rules:
    if not isinstance(data, Mapping):
        raise DataError(f"{where}: there are no rules.")
    found: dict[str, Any] = dict(data)
    columns = found.get("columns")
    if isinstance(columns, Mapping):
        for name, table in columns.items():
            if not isinstance(table, Mapping):
                raise DataError(f"{where}: column {name!r} must be a table.")
        found["columns"] = [{**table, "name": name} for name, table in columns.items()]
    try:
        return Rules.from_dict(found)
    except DataError as error:
        raise DataError(f"{where}: {error.message}", hint=error.hint) from None
