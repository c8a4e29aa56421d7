"""The notebook of one stage, made from the cells of another notebook. The same cells always give the same notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from nbops.pipelines.declaration.tagged.flow import Flow, Flows
from nbops.pipelines.declaration.tagged.sections import AFTER, SHARED, STAGE, Section, TaggedCell
from nbops.pipelines.notebook import PARAMETERS_TAG, python_lines

_TAKE = "from nbops.pipelines.handing import take as _nbops_take\n_nbops_take(globals(), {names})"
_GIVE = "from nbops.pipelines.handing import give as _nbops_give\n_nbops_give(globals(), {names})"
_TAG = "nbops-variables"


def stage_notebook(content: Mapping[str, Any], name: str, section: Section, flows: Flows) -> dict[str, Any]:
    """Make the notebook of a stage: what is put before all, what it takes, its own cells, what it gives.

    Parameters
    ----------
    content
        The notebook with the tags, as the file has it.
    name
        File name of that.
    """
    flow, needed = flows.stages[section.name], flows.needed(section.name)
    minor = content.get("nbformat_minor")
    minor = minor if isinstance(minor, int) else 0
    cells = [_copied(cell, name) for cell in _before(flows, needed)]
    if flow.receives or flow.imports:
        lines = [*flow.imports]
        if flow.receives:
            lines.append(_TAKE.format(names=", ".join(map(repr, flow.receives))))
        cells.append(_made("take", "\n".join(lines), name, section.first, ids=minor >= 5))
    cells += [_copied(cell, name) for cell in section.cells]
    if flow.gives:
        source = _GIVE.format(names=", ".join(map(repr, sorted(flow.gives))))
        cells.append(_made("give", source, name, section.cells[-1].number, ids=minor >= 5))
    return {
        "cells": cells,
        "metadata": {**_kernel(content), "nbops": {"origin": {"notebook": name}, **_variables(flow)}},
        "nbformat": 4,
        "nbformat_minor": minor,
    }


def _variables(flow: Flow) -> dict[str, Any]:
    gives = {
        name: {"cell": cell, "readers": [list(one) for one in readers]}
        for name, (cell, readers) in sorted(flow.gives.items())
    }
    return {"receives": {name: one.stage for name, one in flow.receives.items()}, "gives": gives}


def _before(flows: Flows, needed: set[str]) -> Iterable[TaggedCell]:
    """Give the cells that are put before a stage, without definitions and parameters that it has no use for."""
    for cell, uses in flows.setup:
        if cell.is_parameters:
            source = _narrowed(cell.source, needed)
            if source:
                yield TaggedCell(cell.number, source, cell.tags, cell.raw)
        elif not uses.defines_only or uses.binds.keys() & needed:
            yield cell


def _narrowed(source: str, needed: set[str]) -> str:
    """Give those lines of a parameters cell that a stage has a use for: others must not make it run again."""
    try:
        tree = ast.parse(python_lines(source))
    except (SyntaxError, ValueError):
        return source
    wanted, kept = set(needed), []
    for statement in reversed(tree.body):
        names = _targets(statement)
        if names is None or names & wanted:
            wanted |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            kept.append(statement)
    lines = source.splitlines()
    chosen = {line for one in kept for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    return "\n".join(line for number, line in enumerate(lines, 1) if number in chosen)


def _targets(statement: ast.stmt) -> set[str] | None:
    """Give the names that a plain assignment binds; nothing for any other statement."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    if isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return None


def _copied(cell: TaggedCell, name: str) -> dict[str, Any]:
    metadata = cell.raw.get("metadata")
    kept = dict(metadata) if isinstance(metadata, Mapping) else {}
    tags = [tag for tag in cell.tags if tag == PARAMETERS_TAG or not _is_ours(tag)]
    kept.pop("tags", None)
    # What the front end remembers of a cell (folded, times of its last run) is not the cell.
    for passing in ("execution", "collapsed", "scrolled", "papermill"):
        kept.pop(passing, None)
    made = {"cell_type": cell.raw.get("cell_type", "code"), "metadata": kept, "source": cell.source}
    kept |= {"tags": tags, "nbops": {"origin": {"notebook": name, "cell": cell.number}}}
    if isinstance(cell.raw.get("id"), str):
        made["id"] = cell.raw["id"]
    if cell.is_code:
        made |= {"outputs": [], "execution_count": None}
    elif "attachments" in cell.raw:
        made["attachments"] = cell.raw["attachments"]
    return made


def _made(what: str, source: str, name: str, number: int, *, ids: bool) -> dict[str, Any]:
    metadata = {
        "tags": [_TAG],
        "jupyter": {"source_hidden": True},
        "nbops": {"origin": {"notebook": name, "cell": number}},
    }
    made: dict[str, Any] = {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return made | ({"id": f"nbops-{what}"} if ids else {})


def _is_ours(tag: str) -> bool:
    return tag in SHARED or tag.partition(":")[0].strip() in (STAGE, AFTER)


def _kernel(content: Mapping[str, Any]) -> dict[str, Any]:
    metadata = content.get("metadata")
    found = metadata if isinstance(metadata, Mapping) else {}
    language = found.get("language_info")
    named = language.get("name") if isinstance(language, Mapping) else None
    # Not its version: that changes with whoever opened the notebook last.
    kept = {"language_info": {"name": named}} if isinstance(named, str) else {}
    return {"kernelspec": found["kernelspec"], **kept} if isinstance(found.get("kernelspec"), Mapping) else kept
