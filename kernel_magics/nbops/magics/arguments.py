"""Arguments of magics: ``name --option value --flag``, with ``{expression}`` for Python values.

One small grammar for all magics, with one-line errors that name the closest option. Standard library only.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from nbops.errors import UsageError

_TYPED = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""", re.DOTALL)
_EXPRESSION = re.compile(r"\{([^{}]+)\}")
_VARIABLE = re.compile(r"\{([^{}]+)\}|\$([^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a magic.

    Parameters
    ----------
    name
        As typed, without dashes.
    help
        One line for ``-h``.
    value
        What the value is called in the help; empty for a flag.
    repeat
        Whether it may be given several times.
    python
        Whether a value that is one ``{expression}`` stays as typed: the magic evaluates it itself, to no text.
    """

    name: str
    help: str
    value: str = ""
    repeat: bool = False
    python: bool = False


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was typed: words without a dash in order, and values by option."""

    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    help: bool = False

    def flag(self, name: str) -> bool:
        """Whether a flag was given."""
        return name in self.values

    def one(self, name: str, default: str = "") -> str:
        """Give the value of an option, or the default."""
        given = self.values.get(name)
        return given[-1] if given else default

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of an option."""
        return self.values.get(name, ())


class Grammar:
    """The arguments one magic takes.

    Parameters
    ----------
    magic
        As typed, with its per cent signs.
    summary
        What it does, in one line.
    options
        Its options.
    words
        What its words are called in the help; empty when it takes none.
    quoted
        Words keep their quotes, for those who read them as a language of their own.
    """

    def __init__(
        self, magic: str, summary: str, options: Sequence[Option], *, words: str = "", quoted: bool = False
    ) -> None:
        self.magic, self.summary, self.words, self.quoted = magic, summary, words, quoted
        self.options = {option.name: option for option in options}

    def parse(self, line: str) -> Arguments:
        """Read a line. Runs nothing and has no effect, so it may be asked any time.

        Raises
        ------
        UsageError
            An option is unknown or lacks its value, or a quote is not closed.
        """
        words: list[str] = []
        values: dict[str, tuple[str, ...]] = {}
        tokens = self._split(line)
        while tokens:
            token, typed = tokens.pop(0)
            if token in ("-h", "--help"):
                return Arguments((), {}, help=True)
            if not token.startswith("-") or _is_number(token):
                words.append(typed if self.quoted else token)
                continue
            name, given, value = token.lstrip("-").partition("=")
            option = self._option(name, token)
            if option.value and not given:
                if not tokens:
                    raise UsageError(f"{self.magic}: --{name} needs a value ({option.value}).")
                value, _ = tokens.pop(0)
            if name in values and not option.repeat:
                raise UsageError(f"{self.magic}: --{name} was given twice.")
            values[name] = (*values.get(name, ()), value)
        if words and not self.words:
            raise UsageError(f"{self.magic} does not take {words[0]!r}.", hint=f"See {self.magic} -h.")
        return Arguments(tuple(words), values)

    def help(self) -> str:
        """Give the text of ``-h``."""
        usage = " ".join(filter(None, (self.magic, self.words and f"[{self.words}]", "[options]")))
        width = max((len(_shown(option)) for option in self.options.values()), default=0) + 2
        lines = [usage, "", self.summary, ""]
        lines += [f"  {_shown(option):<{width}}{option.help}" for option in self.options.values()]
        lines += [f"  {'-h':<{width}}show this help", "", "Values may be Python: --name {expression}."]
        return "\n".join(lines)

    def _split(self, line: str) -> list[tuple[str, str]]:
        """Give each token without and with its quotes."""
        held: list[str] = []

        def hold(match: re.Match[str]) -> str:
            held.append(match.group(0))
            return f"\x00{len(held) - 1}\x00"

        try:
            text = _EXPRESSION.sub(hold, line)
            tokens = shlex.split(text, comments=False)
        except ValueError as error:
            raise UsageError(f"{self.magic}: {error} in {line.strip()!r}.") from None
        typed = _TYPED.findall(text)
        pairs = zip(tokens, typed if len(typed) == len(tokens) else tokens, strict=True)

        def shown(token: str) -> str:
            return re.sub("\x00(\\d+)\x00", lambda match: held[int(match.group(1))], token)

        return [(shown(token), shown(whole)) for token, whole in pairs]

    def _option(self, name: str, token: str) -> Option:
        option = self.options.get(name) if token.startswith("--") else None
        if option is None:
            close = get_close_matches(name, self.options, n=1, cutoff=0.5)
            hint = f"Did you mean --{close[0]}?" if close else f"See {self.magic} -h."
            raise UsageError(f"{self.magic} has no option {token.partition('=')[0]}.", hint=hint)
        return option


def expand(
    arguments: Arguments, namespace: Mapping[str, Any], *, words: bool = True, kept: Collection[str] = ()
) -> Arguments:
    """Replace ``{expression}`` by the text of its value, in options and in ``words`` if wanted.

    So is ``$name``, as in every magic of IPython, where there is a variable of that name. A value of the options ``kept`` that is
    one expression stays as it is.

    Raises
    ------
    UsageError
        An expression cannot be evaluated.
    """

    def value_of(match: re.Match[str]) -> str:
        expression, name = match.groups()
        if expression is not None:
            return str(_value(expression, namespace))
        return str(namespace[name]) if name in namespace else match.group()

    def text(value: str) -> str:
        return _VARIABLE.sub(value_of, value)

    values = {
        name: tuple(one if name in kept and _EXPRESSION.fullmatch(one) else text(one) for one in given)
        for name, given in arguments.values.items()
    }
    return Arguments(tuple(map(text, arguments.words)) if words else arguments.words, values, arguments.help)


def evaluate(word: str, namespace: Mapping[str, Any]) -> Any:
    """Give the Python value of a word that is one ``{expression}``, else the word itself.

    Raises
    ------
    UsageError
        The expression cannot be evaluated.
    """
    match = _EXPRESSION.fullmatch(word)
    return _value(match.group(1), namespace) if match else word


def data_of(word: str, namespace: Mapping[str, Any]) -> Any:
    """Give what a word names: the value of an ``{expression}``, a frame of the notebook, else the word, which names a file.

    Raises
    ------
    UsageError
        The expression cannot be evaluated, or there is neither a frame nor a file of that name.
    """
    if word.startswith("{"):
        return evaluate(word, namespace)
    if not word.isidentifier() or os.path.exists(word):
        return namespace.get(word, word)
    if word not in namespace:
        frames = [name for name, value in namespace.items() if not name.startswith("_") and hasattr(value, "columns")]
        close = get_close_matches(word, frames, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]}?" if close else "Run the cell that makes it, or give the path of a file."
        raise UsageError(f"There is no frame {word} in this notebook, and no file of that name.", hint=hint)
    return namespace[word]


def _value(source: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return eval(source.strip(), dict(namespace))  # the user's own expression, in the user's own kernel
    except Exception as error:
        raise UsageError(f"{{{source}}} cannot be evaluated: {type(error).__name__}: {error}.") from None


def _shown(option: Option) -> str:
    return f"--{option.name} {option.value}".rstrip()


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True
