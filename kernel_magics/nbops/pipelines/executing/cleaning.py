"""An executed notebook without its secrets, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbops.redaction import Redactor, secret_name

_TEXTS = ("text", "evalue", "traceback")
# Bundles that are no text by name but hold some.
_READABLE = frozenset({"image/svg+xml", "application/javascript", "application/json"})


class Cleaner:
    """Replaces the secrets of a notebook.

    Parameters
    ----------
    environment
        Environment of the notebook's kernel, whose secret values are looked for.
    wanted
        False leaves everything as it is.
    """

    def __init__(self, environment: Mapping[str, str], *, wanted: bool = True) -> None:
        self._redactor = Redactor(environment) if wanted else None
        self._values = [text for name, text in environment.items() if len(text) >= 6 and secret_name(name)]

    @property
    def count(self) -> int:
        """How many different secrets were replaced so far."""
        return self._redactor.count if self._redactor is not None else 0

    def secrets(self) -> list[str]:
        """Give the secrets that are known so far."""
        return [*self._values, *(self._redactor.literals if self._redactor is not None else ())]

    def learn(self, sources: Iterable[str]) -> None:
        """Note the secrets that sources bind to telling names: they turn up in texts and outputs of any cell."""
        if self._redactor is not None:
            for source in sources:
                self._redactor.text(source)

    def text(self, text: str) -> str:
        """Give a text without its secrets."""
        return text if self._redactor is None else self._redactor.text(text)

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give a copy of parameters without secrets; a text whose name says that it is one is replaced whole."""
        if self._redactor is None:
            return dict(values)
        found = {name: self.everything(value) for name, value in values.items()}
        return found | self._redactor.mapping({n: v for n, v in values.items() if isinstance(v, str)})

    def cell(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """Give a copy of a cell without its secrets. Pictures stay as they are."""
        found = {**cell, "source": self.text(str(cell.get("source", "")))}
        if "outputs" in cell:
            found["outputs"] = [self._output(output) for output in cell["outputs"]]
        return found

    def everything(self, value: Any) -> Any:
        """Give a copy of JSON-able values without the secrets in any of their texts."""
        if self._redactor is None:
            return value
        if isinstance(value, str):
            return self._redactor.text(value)
        if isinstance(value, Mapping):
            return {key: self.everything(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.everything(item) for item in value]
        return value

    def _output(self, output: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(output)
        for key in _TEXTS:
            if key in found:
                found[key] = self.everything(found[key])
        if "data" in found:
            found["data"] = {
                mime: self.everything(value) if _readable(mime) else value for mime, value in found["data"].items()
            }
        return found


def _readable(mime: str) -> bool:
    return mime.startswith("text/") or mime.endswith("+json") or mime in _READABLE
