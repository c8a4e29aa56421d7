"""Line magics whose first word says what to do: which actions there are, and how many words each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbops.errors import UsageError, meant

if TYPE_CHECKING:
    from nbops.magics.shown import Call

# Names to apply may be many.
ANY = 99
_MOST = 2**53


@dataclass(frozen=True, slots=True)
class Action:
    """What an action does with a call and its words, of which there are ``fewest`` to ``most``; ``words`` names them."""

    do: Callable[[Call, list[str]], None]
    fewest: int = 0
    most: int = 0
    words: str = "one name"


def one(do: Callable[[Call, list[str]], None]) -> Action:
    """Give an action that takes one name."""
    return Action(do, 1, 1)


def act(magic: str, actions: Mapping[str, Action], call: Call) -> None:
    """Do what the first word of a call says; ``list`` where it has none.

    Raises
    ------
    UsageError
        There is no such action, or it takes more or fewer words.
    """
    name, *words = call.arguments.words or ("list",)
    if name not in actions:
        raise UsageError(f"{magic} has no action {name!r}.", hint=meant(name, actions) or f"See {magic} -h.")
    action = actions[name]
    if not action.fewest <= len(words) <= action.most:
        takes = "nothing more" if action.most == 0 else action.words + (" at most" if action.fewest == 0 else "")
        raise UsageError(f"{magic} {name} takes {takes}.", hint="Put a name with blanks in quotes.")
    action.do(call, words)


def whole(what: str, text: str) -> int:
    """Read a whole number from 1 on, such as that of an incident or of an option.

    Raises
    ------
    UsageError
        It is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_MOST)) or not 1 <= int(text) <= _MOST:
        raise UsageError(f"{what} must be a whole number from 1 on, not {text[:40]!r}.")
    return int(text)
