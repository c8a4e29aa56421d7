"""``%%track``: its options, and what happens when it is called by name.

Usually it is not called: :mod:`nbops.magics.header` takes the line out and :mod:`nbops.magics.tracker` watches the
cell from outside.
"""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option

GRAMMAR = Grammar(
    "%%track",
    "Track this cell. Parameters, metrics, models, data and figures are found; options correct what was found.",
    (
        Option("name", "name of the run (default: a readable random one)", "NAME"),
        Option("experiment", "experiment of the run (default: that of the workspace)", "NAME"),
        Option("tag", "a tag", "KEY=VALUE", repeat=True),
        Option("param", "take this variable as a parameter, not as a metric", "VARIABLE", repeat=True),
        Option("metric", "take this variable as a metric, not as a parameter", "VARIABLE", repeat=True),
        Option("model", "store this model only", "VARIABLE", repeat=True),
        Option("no-model", "store no model"),
    ),
    words="NAME",
)


def track(line: str, cell: str | None = None) -> None:
    """Run a cell tracked, print the help, or raise what is wrong with the line.

    Raises
    ------
    UsageError
        The line cannot be read, or there is no IPython shell.
    """
    arguments = GRAMMAR.parse(line)
    if arguments.help:
        print(GRAMMAR.help())
        return
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        raise UsageError("%%track needs IPython.", hint="In a script use `with nbops.track():`.")
    # What the cell shows it has shown by itself; a value given back would be shown again.
    shell.run_cell(f"%%track {line}\n{cell or ''}", store_history=False)
