"""The command of a kernel spec, taken apart: only IPython's own kernel of this interpreter can be forked."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from nbops.pipelines.warm.reasons import Unforkable

_LAUNCHER = ["-m", "ipykernel_launcher", "-f"]


@dataclass(frozen=True, slots=True)
class Command:
    """``executable OPTIONS -m ipykernel_launcher -f file ARGUMENTS``."""

    executable: str
    options: tuple[str, ...]
    file: str
    arguments: tuple[str, ...]


def take_apart(words: Sequence[str]) -> Command:
    """Take the command of a kernel apart.

    Raises
    ------
    Unforkable
        It starts something else than IPython's kernel in this interpreter.
    """
    words = list(words)
    for start in range(1, len(words) - 3):
        if words[start : start + 3] == _LAUNCHER:
            break
    else:
        raise Unforkable("the kernel is not IPython's own")
    if not _is_this(words[0]):
        raise Unforkable(f"the kernel's interpreter is {words[0]}")
    return Command(words[0], tuple(words[1:start]), words[start + 3], tuple(words[start + 4 :]))


def _is_this(executable: str) -> bool:
    """Whether an interpreter is the one that runs here, under any of its names.

    The folder is compared as it is written: interpreters of virtual environments are links to one and the same file.
    """
    folder, this = os.path.split(os.path.abspath(executable)), os.path.split(os.path.abspath(sys.executable))
    return folder[0] == this[0] and os.path.realpath(executable) == os.path.realpath(sys.executable)
