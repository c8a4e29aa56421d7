"""What line magics have in common: the shell, the workspace of its notebook, and how a result is shown."""

from __future__ import annotations

import os
from typing import Any

from nbops.capture.place import locate
from nbops.magics.arguments import Arguments, Grammar, expand
from nbops.magics.request import execute_metadata
from nbops.workspace import Workspace, find_workspace


class Call:
    """One call of a line magic.

    Parameters
    ----------
    grammar
        What the magic takes.
    line
        What was typed. With ``-h`` the help is printed and ``wanted`` is false.
    texts
        Whether the words are texts; if not, they stay as typed and the magic evaluates them itself.
    """

    def __init__(self, grammar: Grammar, line: str, *, texts: bool = True) -> None:
        from IPython.core.getipython import get_ipython

        self.shell: Any = get_ipython()
        self.namespace: dict[str, Any] = self.shell.user_ns if self.shell is not None else {}
        found = grammar.parse(line)
        self.wanted = not found.help
        kept = {option.name for option in grammar.options.values() if option.python}
        self.arguments: Arguments = expand(found, self.namespace, words=texts, kept=kept) if self.wanted else found
        if found.help:
            print(grammar.help())

    @property
    def notebook(self) -> str:
        """Path of the notebook, empty if it is not known."""
        return locate(execute_metadata(self.shell), self.namespace, os.environ).notebook

    @property
    def workspace(self) -> Workspace:
        """The workspace of the notebook, else of the working directory."""
        return find_workspace(self.notebook or None)


def show(text: str, html: str = "") -> None:
    """Show a result: as HTML where that can be shown, as text everywhere."""
    if not html:
        print(text)
        return
    from IPython.display import display

    display({"text/plain": text, "text/html": html}, raw=True)  # type: ignore[no-untyped-call]
