"""From the tables of single stages to a pipeline: grids become stages, each knows what it comes after, all is checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nbops.pipelines.declaration.checks import check
from nbops.pipelines.declaration.keys import Declared
from nbops.pipelines.declaration.linking import linked
from nbops.pipelines.declaration.stages import Pipeline, Stage
from nbops.pipelines.declaration.table import Table


def assembled(
    file: Path,
    table: Table,
    read: Mapping[str, Declared | None],
    *,
    name: str,
    base: Path | None = None,
    check_inputs: bool = True,
) -> Pipeline:
    """Give the pipeline that its stages make; what is wrong is noted with the table.

    Parameters
    ----------
    file
        Where it is declared.
    table
        What is said of the whole of it.
    read
        The stages by name; nothing for one that could not be read.
    name
        What it is called.
    base
        Where relative paths start, if not in the folder of the file.
    check_inputs
        Whether the files that stages read must be there.
    """
    problems = table.problems
    known = {stage: one for stage, one in read.items() if one is not None}
    places = {stage: one.path for stage, one in known.items()}
    groups = {stage: _expanded(one) for stage, one in known.items()}
    pipeline = Pipeline(
        name=name,
        path=file,
        stages=linked(groups, read.keys() - known.keys(), base or file.parent, places, problems),
        jobs=table.whole("jobs", 1, 1) if "jobs" in table.content else None,
        description=table.text("description"),
        base=base,
    )
    # Of a stage that could not be read nobody knows which files it makes.
    check(pipeline, known, problems, inputs=check_inputs and len(known) == len(read))
    return pipeline


def _expanded(one: Declared) -> list[Stage]:
    if not one.axes:
        return [one.stage]
    from nbops.pipelines.declaration.foreach import expanded

    return expanded(one.stage, one.axes)
