"""What a cell prints: pieces made one text, carriage returns carried out, the last line for whoever watches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nbops.capture.failure import plain

# A line may be a progress bar of thousands of states; of what is printed so much is looked at, and so much is shown.
_TAIL, _SHOWN = 16_384, 200
_END = re.compile(r"[\r\n]")


class Pieces:
    """Texts of stream outputs that are still growing.

    A kernel sends what is printed in many pieces. As outputs of their own they would make a notebook large, and a secret
    in two of them would not be known; added to a text one by one they cost the square of its length.
    """

    def __init__(self) -> None:
        self._grown: dict[int, tuple[Any, list[str]]] = {}

    def add(self, outputs: list[Any], output: Any) -> bool:
        """Add a piece to the stream output that is the last of ``outputs``; give whether it belongs to that."""
        last = outputs[-1] if outputs else None
        if last is None or output["output_type"] != "stream":
            return False
        if last["output_type"] != "stream" or last["name"] != output["name"]:
            return False
        self._grown.setdefault(id(last), (last, [last["text"]]))[1].append(output["text"])
        return True

    def settle(self) -> None:
        """Make the texts whole."""
        for output, parts in self._grown.values():
            output["text"] = "".join(parts)
        self._grown.clear()


def carried_out(text: str) -> str:
    """Give a text as a terminal shows it: what comes after a carriage return overwrites what stood there.

    Backspaces and cursor movements stay as they are.
    """
    if "\r" not in text:
        return text
    return "\n".join(_line(line) if "\r" in line else line for line in text.split("\n"))


def _line(line: str) -> str:
    parts = [part for part in line.split("\r") if part]
    if not parts:
        return ""
    if "\x1b" in line:
        # Overwriting half of a colour code would leave the other half.
        return parts[-1]
    shown = parts[-1]
    for part in reversed(parts[:-1]):
        if len(part) > len(shown):
            shown += part[len(shown) :]
    return shown


class LastLine:
    """The last line that a cell has printed, however it came."""

    def __init__(self) -> None:
        self._tail, self._cut = "", False

    def add(self, text: str) -> None:
        """Take what was printed next."""
        text = self._tail + text
        self._tail, self._cut = text[-_TAIL:], self._cut or len(text) > _TAIL

    @property
    def text(self) -> str:
        """The line, without colours; empty when nothing was printed."""
        text = self._tail
        if self._cut:
            # Half of a secret would not be known as one.
            whole = _END.search(text)
            text = text[whole.end() :] if whole else ""
        return last_line(text)


def last_line(text: str) -> str:
    """Give the last line of a text that is not blank, without colours."""
    for line in _backwards(text):
        shown = plain(_line(line) if "\r" in line else line).strip()
        if shown:
            return shown
    return ""


def _backwards(text: str) -> Iterable[str]:
    stop = len(text)
    while stop >= 0:
        start = text.rfind("\n", 0, stop)
        yield text[start + 1 : stop]
        stop = start


def shortened(line: str) -> str:
    """Give a line as long as one is shown."""
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
