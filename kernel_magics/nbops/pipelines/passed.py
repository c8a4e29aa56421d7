"""What goes into a stage and what comes out of it, as data of its run: the edges of the lineage between stages."""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from nbops.errors import NbopsError
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.pipelines.passing import Given, Parameters
from nbops.pipelines.spec import Pipeline, Stage
from nbops.records import DataRef, Run
from nbops.workspace import Workspace

_log = logging.getLogger("nbops.pipelines")
Refs = tuple[DataRef, ...]


def received(
    folder: Path, inputs: Mapping[str, str], parameters: Parameters, given: Given, runs: Mapping[str, str]
) -> Refs:
    """Give what a stage reads: files it is given or that its parameters name, and values of stages before it.

    Parameters
    ----------
    inputs
        Digests of files by their path from ``folder``.
    runs
        Run of each stage that has run.
    """
    found = [_file(folder / name, digest, "read") for name, digest in inputs.items()]
    for name, stages in parameters.sources.items():
        found += [_value(given[stage][name], runs[stage], "read") for stage in stages]
    return _once(found)


def gave(
    workspace: Workspace, pipeline: Pipeline, stage: Stage, run: Run, reads: Refs, outputs: Iterable[Output]
) -> Refs:
    """Give what a stage wrote: what it gives away, and frames that its tracked cells had from its untracked ones."""
    later = (pipeline.stages[pipeline.graph.place(name)].source for name in pipeline.graph.downstream(stage.name))
    # A value that no stage receives is a result and no data.
    wanted = {
        name for source in {id(one): one for one in later}.values() for name in (*source.parameters, *source.receives)
    }
    items = [item for item in outputs if item.kind in {*FILES, "model"} or item.name in wanted]
    found = [_value(item, run.run_id, "written") for item in items]
    known = {ref.fingerprint for ref in reads}
    if any("nbops" in cell.source for cell in stage.source.code):
        found += _handed(workspace, run.run_id, {ref.origin for ref in reads if ref.origin})
    return _once(ref for ref in found if ref.fingerprint not in known)


def _handed(workspace: Workspace, parent: str, files: set[str]) -> list[DataRef]:
    # Loaded late: a notebook that does not know nbops needs no database.
    search = importlib.import_module("nbops.tracking.search")
    try:
        page = search.search_runs(workspace, parent_id=parent, limit=1000, descending=False)
        refs = [ref for row in page.runs for ref in search.get_run(workspace, row.run_id).data]
    except NbopsError as error:
        # A ledger that cannot be reached just now must not fail a stage that has done its work.
        _log.warning("frames of tracked cells are not in the lineage of their stage: %s", error)
        return []
    written = {ref.fingerprint for ref in refs if ref.context == "written"}
    return [
        replace(ref, context="written")
        for ref in refs
        if ref.context == "read" and ref.fingerprint not in written and (not ref.origin or ref.origin in files)
    ]


def _value(item: Output, run_id: str, context: str) -> DataRef:
    if item.kind in FILES:
        return replace(_file(Path(item.value), item.digest, context), name=item.name)
    # The same number in two runs is not the same thing.
    own = hashlib.sha256(f"{run_id}/{item.name}".encode()).hexdigest()
    return DataRef(
        name=item.name, fingerprint=item.digest if item.kind == "model" else own, rows=0, columns=0, context=context
    )


def _file(path: Path, digest: str, context: str) -> DataRef:
    return DataRef(name=path.name, fingerprint=digest, rows=0, columns=0, context=context, origin=path.as_posix())


def _once(refs: Iterable[DataRef]) -> Refs:
    return tuple({ref.fingerprint: ref for ref in refs}.values())
