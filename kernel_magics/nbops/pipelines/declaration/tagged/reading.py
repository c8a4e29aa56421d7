"""Read a tagged notebook as a pipeline, and write the notebooks of its stages where they are not there yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.pipelines.declaration.assembling import assembled
from nbops.pipelines.declaration.keys import Declared, declared
from nbops.pipelines.declaration.naming import slug_of
from nbops.pipelines.declaration.problems import Problems, meant
from nbops.pipelines.declaration.sources import Sources
from nbops.pipelines.declaration.stages import Pipeline
from nbops.pipelines.declaration.table import Table
from nbops.pipelines.declaration.tagged.flow import Flows, after_of
from nbops.pipelines.declaration.tagged.generating import stage_notebook
from nbops.pipelines.declaration.tagged.sections import Section, sections_of
from nbops.pipelines.notebook import notebook_of, read_notebook
from nbops.pipelines.running.state import states_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import write_atomically


def load_tagged(path: Path, root: Path | None = None, *, check_inputs: bool = True) -> Pipeline:
    """Read a notebook whose cells are tagged as stages; takes and raises what ``load_pipeline`` does."""
    workspace = find_workspace(path) if root is None else Workspace(root=root, origin="given", settings={})
    whole = read_notebook(path)
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    problems = Problems(path.name, cells={})
    table = Table(problems, (), _said(content))
    table.known(("name", "description", "jobs"))
    name = table.text("name", path.stem) or path.stem
    read: dict[str, Declared | None] = {}
    if not whole.is_python or not isinstance(content.get("cells"), list):
        said = "it is of an old format" if whole.is_python else f"it is in {whole.language}"
        problems.add((), f"stages cannot be made from its tags: {said}.")
    else:
        read = _stages(path, name, content, workspace, problems)
    problems.raise_any()
    pipeline = assembled(path, table, read, name=name, check_inputs=check_inputs)
    problems.raise_any()
    return pipeline


def _said(content: Any) -> Mapping[str, Any]:
    """Give what the metadata ``nbops.pipeline`` say of the whole pipeline."""
    for key in ("metadata", "nbops", "pipeline"):
        content = content.get(key) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _stages(
    path: Path, name: str, content: Mapping[str, Any], workspace: Workspace, problems: Problems
) -> dict[str, Declared | None]:
    sections = sections_of(content["cells"], problems)
    if not sections.stages and not problems.found:
        problems.add((), "no cell is tagged stage:NAME.", "Tag the first cell of each stage, as stage:train")
    flows = Flows(sections, problems)
    for one in sections.stages.values():
        for other, number in one.after.items():
            if other not in sections.stages:
                said = f"stage {one.name!r} comes after {other!r}, which does not exist."
                problems.add_cell(path.name, number, said, meant(other, sections.stages))
    if problems.found:
        return {}
    workspace.ensure()
    folder = workspace.pipelines / states_name(workspace, name, path) / "notebooks"
    return {one.name: _stage(path, content, one, flows, folder, problems) for one in sections.stages.values()}


def _stage(
    path: Path, content: Mapping[str, Any], section: Section, flows: Flows, folder: Path, problems: Problems
) -> Declared | None:
    made = stage_notebook(content, path.name, section, flows)
    target = folder / f"{slug_of(section.name)}.ipynb"
    _write(target, made)
    sources = Sources(path.parent)
    sources.put(target, replace(notebook_of(target, made), origin=path))
    place = ("stages", section.name)
    if problems.cells is not None:
        problems.cells[place] = section.first
    table = {
        "notebook": str(target),
        "after": list(after_of(flows.stages[section.name], section.after)),
        **section.table,
    }
    return declared(section.name, table, place, problems, sources)


def _write(target: Path, made: Mapping[str, Any]) -> None:
    data = (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
    try:
        if target.read_bytes() == data:
            return
    except OSError:
        pass
    write_atomically(target, data)
