"""Text of others inside YAML, shell, make, Groovy and Python: it stays text, whatever is in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from nbops.errors import PipelineError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def writable(text: str, what: str) -> str:
    """Give the text back if a file can hold it at all.

    Raises
    ------
    PipelineError
        It holds a NUL or half a character.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    else:
        if "\0" not in text:
            return text
    raise PipelineError(f"{what} holds a character that cannot be written: {text!r}.")


def shell(words: Iterable[str], *, apart: Iterable[str] = ()) -> str:
    """Give a command for a shell.

    Parameters
    ----------
    words
        The program and its arguments.
    apart
        What another language would read into the command, such as ``${{``: it is written so that the shell sees it and
        that language does not.
    """
    return " ".join(_word(writable(word, "a name"), tuple(apart)) for word in words)


def _word(word: str, apart: tuple[str, ...]) -> str:
    quoted = shlex.quote(word)
    for sign in apart:
        # Inside single quotes, '' ends the text and goes on with it: the sign is in two pieces.
        quoted = re.sub(f"{re.escape(sign[0])}(?={re.escape(sign[1:])})", f"{sign[0]}''", quoted)
    return quoted


def make(words: Iterable[str]) -> str:
    """Give a command as it stands in a recipe of a Makefile whose shell is bash."""
    return " ".join(_make_word(writable(word, "a name")) for word in words)


def _make_word(word: str) -> str:
    if "\\" in word or any(ord(sign) < 0x20 or sign == "\x7f" for sign in word):
        # A recipe is one line, and make looks at a backslash at its end.
        shown = "".join(f"\\x{ord(sign):02x}" if ord(sign) < 0x20 or sign in "\\'\x7f" else sign for sign in word)
        quoted = f"$'{shown}'"
    else:
        quoted = shlex.quote(word)
    return quoted.replace("$", "$$")


def groovy(text: str) -> str:
    """Give a literal of Groovy, in which nothing is replaced."""
    signs = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    shown = "".join(signs.get(sign) or _unicode(sign) for sign in writable(text, "a name"))
    return f"'{shown}'"


def _unicode(sign: str) -> str:
    if sign.isprintable() and ord(sign) < 0x10000:
        return sign
    if ord(sign) < 0x10000:
        return f"\\u{ord(sign):04x}"
    pair = sign.encode("utf-16-be")
    return "".join(f"\\u{pair[at]:02x}{pair[at + 1]:02x}" for at in (0, 2))


def github(text: str) -> str:
    """Give text for a value in a workflow in which GitHub evaluates nothing."""
    return text.replace("${{", "${{ '${{' }}")


def gitlab(text: str) -> str:
    """Give text for a value in which GitLab replaces no variable."""
    return text.replace("$", "$$")


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key, texts of several lines stand as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    # What YAML takes for a line break or leaves out must be escaped; PyYAML does not see to that in other styles.
    style = None
    if _CONTROL.search(text):
        style = "|" if text == text.strip() and not _CONTROL.search(text.replace("\n", "")) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(content: Mapping[str, Any]) -> str:
    """Write YAML, a blank line between the tables of the top level."""
    parts = [
        yaml.dump(
            {key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False
        )
        for key, value in content.items()
    ]
    # YAML 1.1 reads a bare `on` as true, so PyYAML quotes it; what is called so in a workflow is at the top level.
    return re.sub(r"^'on':", "on:", "\n".join(parts), flags=re.MULTILINE)
