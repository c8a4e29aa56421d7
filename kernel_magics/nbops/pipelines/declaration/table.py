"""One table of a declaration, key by key: of the right kind, in the right unit, else a problem with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from nbops.pipelines.declaration.problems import Place, Problems, meant


class Table:
    """A table of the file whose keys are taken one by one; what is wrong is noted."""

    def __init__(self, problems: Problems, path: Place, content: Mapping[str, Any], said: str = "") -> None:
        self.problems, self.path, self.content, self.said = problems, path, content, said

    def known(self, keys: tuple[str, ...]) -> bool:
        """Note keys that nobody knows; tell whether there are any."""
        strange = [key for key in self.content if key not in keys]
        for key in strange:
            self.wrong(key, f"unknown key {key!r}.", meant(key, keys) or f"Known: {', '.join(keys)}.")
        return bool(strange)

    def wrong(self, key: str, message: str, hint: str = "") -> None:
        """Note what is wrong with a key."""
        self.problems.add((*self.path, key) if key else self.path, f"{self.said}{message}", hint)

    def text(self, key: str, default: str = "") -> str:
        """Give a text."""
        found = self.content.get(key, default)
        if isinstance(found, str) and (found.strip() or key not in self.content):
            return found.strip()
        self.wrong(key, f"{key} must be text that is not empty." if isinstance(found, str) else f"{key} must be text.")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts, each once."""
        found = self.content.get(key, [])
        if isinstance(found, list) and all(isinstance(item, str) and item.strip() for item in found):
            return tuple(dict.fromkeys(found))
        self.wrong(key, f"{key} must be a list of texts.")
        return ()

    def table(self, key: str) -> Mapping[str, Any]:
        """Give a table."""
        found = self.content.get(key, {})
        if isinstance(found, Mapping):
            return found
        self.wrong(key, f"{key} must be a table, not {kind_of(found)}.")
        return {}

    def truth(self, key: str, default: bool) -> bool:
        """Give true or false."""
        found = self.content.get(key, default)
        if isinstance(found, bool):
            return found
        self.wrong(key, f"{key} must be true or false, not {kind_of(found)}.")
        return default

    def whole(self, key: str, default: int, least: int) -> int:
        """Give a whole number."""
        found = self.content.get(key, default)
        if isinstance(found, int) and not isinstance(found, bool) and found >= least:
            return found
        self.wrong(key, f"{key} must be a whole number of {least} or more, not {found!r}.")
        return default

    def amount(self, key: str, read: Callable[[Any], Any], default: Any, *, positive: bool = False) -> Any:
        """Give a duration or an amount of memory."""
        if key not in self.content:
            return default
        try:
            found = read(self.content[key])
            if positive and not found:
                raise ValueError("must be more than nothing")
            return found
        except ValueError as error:
            self.wrong(key, f"{key} {error}.")
            return default


def parameters_in(table: Table, key: str = "parameters") -> dict[str, Any]:
    """Give the parameters of a table, dates as text."""
    found = table.table(key)
    for name in found:
        if not name.isidentifier():
            table.problems.add((*table.path, key, name), f"{table.said}{name!r} cannot name a parameter.")
    return {name: plain(value) for name, value in found.items() if name.isidentifier()}


def plain(value: Any) -> Any:
    """Give a value of TOML as one of JSON: dates and times as text."""
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def kind_of(value: Any) -> str:
    """Name the kind of a value as a person who writes the file does."""
    kinds = ((bool, "true or false"), (str, "text"), (int, "a whole number"), (float, "a number"), (list, "a list"))
    if isinstance(value, Mapping):
        return "a table"
    return next((word for kind, word in kinds if isinstance(value, kind)), type(value).__name__)
