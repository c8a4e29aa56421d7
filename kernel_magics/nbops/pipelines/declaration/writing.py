"""A declaration as TOML, as a person would write it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from nbops.errors import UsageError

# Tables that are a line of a stage and no part of their own.
_INLINE = frozenset({"parameters", "resources", "environment", "foreach"})


def toml_of(content: Mapping[str, Any]) -> str:
    """Give a declaration as the text of a pipeline file.

    Raises
    ------
    UsageError
        It holds something that TOML does not have, as ``None``.
    """
    import tomlkit

    document = tomlkit.document()
    for key, value in content.items():
        if key != "stages":
            document.add(key, _item(plain(key, value), inline=True))
    stages = tomlkit.table(is_super_table=True)
    for name, table in content.get("stages", {}).items():
        stage = tomlkit.table()
        for key, value in table.items():
            stage.add(key, _item(plain(f"stage {name!r}: {key}", value), inline=key in _INLINE))
        stages.add(name, stage)
    document.add("stages", stages)
    return tomlkit.dumps(document)


def plain(where: str, value: Any) -> Any:
    """Give a value as TOML can hold it: numbers of numpy as numbers, paths as text, tuples as lists.

    Raises
    ------
    UsageError
        It cannot.
    """
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{where}: {value!r} is no text that a file can hold.") from None
        return str(value)
    if isinstance(value, (bool, int, float, date, time)):
        return value
    if isinstance(value, Mapping):
        return {_key(where, key): plain(f"{where}.{key}", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(where, item) for item in value]
    if value is None:
        raise UsageError(f"{where}: a pipeline file cannot hold None.", hint="Leave it out, so that the default holds.")
    raise UsageError(
        f"{where}: a pipeline file cannot hold a {type(value).__name__}.", hint="Use numbers, texts, lists."
    )


def _key(where: str, key: Any) -> str:
    if isinstance(key, str):
        return key
    raise UsageError(f"{where}: the keys of a table are texts, not {key!r}.")


def _item(value: Any, *, inline: bool) -> Any:
    import tomlkit

    if isinstance(value, dict) and inline:
        table = tomlkit.inline_table()
        for key, item in value.items():
            table.append(key, _item(item, inline=True))
        return table
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        array = tomlkit.array()
        for item in value:
            array.append(_item(item, inline=True))
        return array
    return value
