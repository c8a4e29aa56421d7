"""``nbops pipeline run FILE`` where nothing has changed: answered from the witness of the last such build."""

from __future__ import annotations

import os

from nbops.pipelines.staleness.witness import look
from nbops.views.unchanged import unchanged_text
from nbops.workspace.rooting import root_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def nothing_to_do(words: Sequence[str]) -> bool:
    """Say what there is to say and give true, if that is nothing new; give false where more has to be looked at.

    Parameters
    ----------
    words
        What stands after ``nbops pipeline run``; only a file or name, perhaps with ``--json``, can be answered here.
    """
    json = "--json" in words
    named = [word for word in words if word != "--json"]
    if len(named) != 1 or not named[0] or named[0].startswith("-"):
        return False
    path = os.path.expanduser(named[0])
    chosen = os.environ.get("NBOPS_WORKSPACE")
    try:
        is_file = os.path.isfile(path)
        word = os.path.abspath(path) if is_file else named[0]
        root = os.path.abspath(os.path.expanduser(chosen)) if chosen else root_of(_start(word, is_file))[0]
        found = look(root, word)
    except (OSError, ValueError):
        return False
    if found is None:
        return False
    print(found.json if json else unchanged_text(found.name, found.stages), flush=True)
    return True


def _start(word: str, is_file: bool) -> str:
    return os.path.dirname(word) if is_file else os.path.abspath(os.getcwd())
