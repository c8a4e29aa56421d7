"""``%gates`` and ``%%gates``."""

from __future__ import annotations

import tomllib
from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show
from nbops.views.gates import gates_html, gates_text

_GRAMMAR = Grammar(
    "%gates",
    "Judge a version by the gates of nbops.toml, or with %%gates by those the cell declares in the same form.",
    [Option("stage", "for Staging or Production (the default)", "STAGE"), Option("alias", "for an alias", "ALIAS")],
    words="name version",
)


def gates(line: str, cell: str | None = None) -> None:
    """Judge a version."""
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    from nbops.registry.gates import read_specs, run_gates
    from nbops.registry.targets import target_name

    words, given = call.arguments.words, call.arguments
    if len(words) != 2:
        raise UsageError("%gates takes a model's name and a version.", hint="See %gates -h.")
    target, specs = target_name(given.one("stage") or given.one("alias") or "Production"), None
    if cell is not None:
        root = call.workspace.root
        specs = read_specs(_table(cell), words[0], target, "this cell", root=root, targets=(target,))
    report = run_gates(call.workspace, words[0], words[1], target, specs=specs)
    show(gates_text(report), gates_html(report))


def _table(cell: str) -> dict[str, Any]:
    try:
        return tomllib.loads(cell)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"%%gates: this is no TOML: {error}.", hint="Write [[check]] tables as in nbops.toml."
        ) from None
