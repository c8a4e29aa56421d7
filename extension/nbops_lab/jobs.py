"""jupyter-scheduler's "Create job" runs pipelines of nbops.

Set ``c.Scheduler.execution_manager_class = "nbops_lab.jobs.NbopsExecutionManager"``. A job then runs

- the pipeline file that its parameter ``nbops_pipeline``, or ``pipeline`` in the notebook's metadata ``nbops``, names;
- the pipeline that the notebook's own cells declare by tags (``stage:train``);
- else the notebook itself, as a pipeline of one stage.

What comes out is one notebook with the executed cells of every stage, in the formats that were asked for.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbconvert
import nbformat
from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import JobFeature

from nbops.errors import NbopsError, NotFoundError, PipelineBusy, UsageError
from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.executing.execution import read_executed
from nbops.pipelines.notebook import read_notebook
from nbops.pipelines.result import PipelineResult
from nbops.pipelines.spec import Pipeline, Stage, load_pipeline
from nbops.scheduling.building import read_parameters
from nbops.views.markdown import text
from nbops.workspace import find_workspace
from nbops.workspace.blobs import write_atomically

PARAMETER = "nbops_pipeline"
_TAG = "stage:"
_WAIT = 2.0
_SUPPORTED = ("job_name", "output_formats", "parameters", "stop_job", "delete_job")


class NbopsExecutionManager(ExecutionManager):  # type: ignore[misc]
    """Runs a job of jupyter-scheduler, in the process that it starts for each."""

    _asked = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A job knows the name of its notebook but not its folder. Its path was validated just before, in this thread.
        asked = Path(type(self)._asked)
        self.origin = asked if asked.name == Path(self.staging_paths["input"]).name else None

    def execute(self) -> None:
        """Run the pipeline and write the output files, also when it fails.

        Raises
        ------
        NbopsError
            The pipeline is wrong, or a stage failed.
        """
        pipeline, parameters, alone = self._chosen()
        workspace = find_workspace(self.root_dir)
        while True:
            try:
                result = execute_pipeline(pipeline, workspace=workspace, parameters=parameters, force=alone)
                break
            except PipelineBusy:
                # Jobs beside each other have their turns.
                time.sleep(_WAIT)
        self._write(merged(result, alone=alone))
        if result.failure is not None:
            raise result.failure

    def on_failure(self, e: Exception) -> None:
        """Note why it failed: in one line, where that is for people."""
        if not isinstance(e, NbopsError):
            super().on_failure(e)
            return
        from jupyter_scheduler.models import Status
        from jupyter_scheduler.orm import Job

        with self.db_session() as session:
            job = session.query(Job).filter(Job.job_id == self.job_id)
            job.update({"status": Status.FAILED, "status_message": str(e)})
            session.commit()
        print(f"nbops: job {self.job_id}: {e}", file=sys.stderr)

    def supported_features(cls) -> Mapping[Any, bool]:  # noqa: N805  # called as a function with the class
        """Give what the dialog may offer."""
        return {feature: feature.value in _SUPPORTED for feature in JobFeature}

    def validate(cls, input_path: str) -> bool:  # noqa: N805  # called as a function with the class
        """Whether the notebook can be read."""
        cls._asked = str(input_path)
        try:
            read_notebook(Path(input_path))
        except NbopsError:
            return False
        return True

    def _chosen(self) -> tuple[Pipeline, dict[str, Any], bool]:
        """Give the pipeline of the job, its parameters, and whether it is the notebook alone."""
        given = dict(self.model.parameters or {})
        staged = Path(self.staging_paths["input"])
        content = read_executed(staged)
        declared = content.metadata.get("nbops", {})
        named = given.pop(PARAMETER, "") or (declared.get("pipeline", "") if isinstance(declared, Mapping) else "")
        parameters = read_parameters(given)
        if named:
            return load_pipeline(self._file(str(named)), root=Path(self.root_dir)), parameters, False
        # It is known by the notebook it was made from; what it reads lies where jupyter-scheduler has put it.
        path = self.origin or Path(self.root_dir) / staged.name
        if any(str(tag).startswith(_TAG) for cell in content.cells for tag in cell.metadata.get("tags", ())):
            tagged = load_pipeline(staged, root=Path(self.root_dir))
            return replace(tagged, path=path, base=staged.parent), parameters, False
        stage = Stage(name="notebook", source=read_notebook(staged), parameters=parameters)
        return Pipeline(name=staged.stem, path=path, stages=(stage,), base=staged.parent), {}, True

    def _file(self, named: str) -> Path:
        """Find a pipeline file beside the notebook, as it was or was packaged, or below the server's root."""
        staging, root = Path(self.staging_paths["input"]).parent, Path(self.root_dir)
        for folder in (self.origin.parent if self.origin else root, staging, root):
            path = Path(os.path.normpath(folder / named))
            if path.is_file():
                real = path.resolve()
                if not (real.is_relative_to(root.resolve()) or real.is_relative_to(staging.resolve())):
                    raise UsageError(f"{named} lies outside the server's root folder.")
                return path
        raise NotFoundError(
            f"There is no pipeline file {named}.", hint="Name it from the notebook's folder or from the server's root."
        )

    def _write(self, notebook: Any) -> None:
        for name in self.model.output_formats:
            written, _ = nbconvert.get_exporter(name)().from_notebook_node(notebook)
            write_atomically(Path(self.staging_paths[name]), written.encode("utf-8", "backslashreplace"))


def merged(result: PipelineResult, *, alone: bool = False) -> Any:
    """Give one notebook with the executed cells of every stage under its name.

    Parameters
    ----------
    result
        Of the run.
    alone
        The stage is the whole of it and needs no heading.
    """
    whole = nbformat.v4.new_notebook()
    for stage in result.stages:
        path = Path(stage.notebook) if stage.notebook else None
        executed = read_executed(path) if path is not None and path.is_file() else None
        if not alone:
            said = " · ".join(part for part in (stage.status, stage.reason, stage.error) if part)
            whole.cells.append(nbformat.v4.new_markdown_cell(f"# {text(stage.name)}\n\n{text(said)}"))
        if executed is not None:
            whole.metadata = whole.metadata or executed.metadata
            for cell in executed.cells:
                # Two stages may have a cell of the same id.
                cell["id"] = f"{len(whole.cells):08d}"
                whole.cells.append(cell)
    return whole
