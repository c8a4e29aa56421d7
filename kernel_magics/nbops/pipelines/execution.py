"""Execute one notebook with papermill: its own kernel, environment and working directory, kept whole or not at all."""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient.exceptions import CellExecutionError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.parameterize import parameterize_notebook

from nbops.capture.redaction import Redactor
from nbops.errors import PipelineError
from nbops.workspace.blobs import write_atomically

SAVE_TAG = "nbops-outputs"
_INJECTED_TAG = "injected-parameters"
_SAVE_CELL = "from nbops.pipelines.outputs import save_named as _nbops_save\n_nbops_save(globals(), {names!r})"
_SAVE_EVERY = 2.0
_STARTS = 3
# What belongs to the process that asked for the pipeline and not to the stage's kernel.
_OWN = ("JPY_SESSION_NAME", "MLFLOW_RUN_ID", "PYTHONSTARTUP")
_log = logging.getLogger("nbops.pipelines")


@dataclass(frozen=True, slots=True)
class Failure:
    """The cell that raised (its number in the notebook as written) and its exception."""

    cell: int
    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """An executed notebook; ``failure`` is what stopped it, ``redactions`` counts replaced secrets.

    ``kernel`` says how its kernel came about (``forked``, ``normal``, ``normal: REASON``). After a failure ``checkpoint``
    tells whether the state before the failed cell is kept at ``task.checkpoint``; if not, ``checkpoint_problem`` says why.
    """

    notebook: Any
    failure: Failure | None
    redactions: int
    kernel: str = "normal"
    checkpoint: bool = False
    checkpoint_problem: str = ""
    resumed: str = ""


@dataclass(frozen=True, slots=True)
class CellProgress:
    """Where an execution is: number and count of code cells, last line of output, seconds since the cell began."""

    cell: int
    cells: int
    line: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to execute: source, values to inject, variables to save, where, with what in the environment.

    ``on_cell`` is called as each code cell begins and, at most every half second, when it has printed something.
    ``kernel`` names the kernel in place of the notebook's own; ``warm`` lets it be forked from a warm parent. ``timeout`` (whole
    notebook) and ``cell_timeout`` are in seconds. After a failed cell the state before it is kept in the folder ``checkpoint``,
    if it can be; ``resume`` is such a folder, to go on from. When ``stop`` is set the kernel is ended.
    """

    source: Path
    parameters: Mapping[str, Any]
    variables: Sequence[str]
    folder: Path
    target: Path
    environment: Mapping[str, str]
    on_cell: Callable[[CellProgress], None]
    kernel: str = ""
    warm: bool = False
    timeout: float | None = None
    cell_timeout: float | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    stop: threading.Event | None = None


def execute(task: Task) -> Executed:
    """Execute a notebook and keep it at ``task.target``, also when a cell raises or somebody interrupts.

    Raises
    ------
    PipelineError
        The source is no notebook, or its kernel does not start.
    """
    papermill_engines.register("nbops", _Engine)
    for start in range(1, _STARTS + 1):
        notebook, known = _prepared(task)
        failures: list[Failure] = []
        try:
            _run(notebook, known, failures, task)
        except DeadKernelError:
            failures.append(Failure(_last_cell(notebook), "DeadKernelError", "the kernel died (out of memory?)"))
        except (OSError, RuntimeError) as error:
            # Ports are chosen before the kernel binds them; on a busy machine another process may be quicker.
            if start < _STARTS and not _begun(notebook):
                continue
            said = " ".join(str(error).split())[:160]
            raise PipelineError(f"the kernel {_kernel(notebook)!r} does not start: {said}.") from error
        finally:
            redactor = _redact(notebook)
            _write(notebook, task.target)
        break
    failure = _told(failures[0], redactor) if failures else None
    return Executed(notebook, failure, redactor.count)


def _run(notebook: Any, known: frozenset[str], found: list[Failure], task: Task) -> None:
    papermill_engines.execute_notebook_with_engine(
        "nbops",
        notebook,
        _kernel(notebook),
        progress_bar=False,
        autosave_cell_every=0,
        task=task,
        known=known,
        found=found,
    )


def _prepared(task: Task) -> tuple[Any, frozenset[str]]:
    """Give the notebook to execute, and the ids that its cells have in the source."""
    try:
        text = task.source.read_text(encoding="utf-8-sig")
        with warnings.catch_warnings():
            # Older formats lack ids, some newer files have the same twice; papermill runs them all the same.
            warnings.simplefilter("ignore")
            notebook = nbformat.v4.upgrade(nbformat.reads(text, as_version=4))
    except Exception as error:  # nbformat raises eight different types
        raise PipelineError(f"{task.source} is no notebook: {' '.join(str(error).split())[:160]}.") from error
    # An id made up here would name another cell each time.
    known = frozenset(cell["id"] for cell in notebook.cells if f'"{cell["id"]}"' in text)
    notebook.metadata["papermill"] = nbformat.from_dict({})
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata["papermill"] = nbformat.from_dict({})
    if task.parameters:
        # It says at WARNING what the pipeline file's check says better.
        logging.getLogger("papermill").setLevel(logging.ERROR)
        notebook = parameterize_notebook(notebook, dict(task.parameters), kernel_name="python3", language="python")
    if task.variables:
        extra = nbformat.v4.new_code_cell(_SAVE_CELL.format(names=list(task.variables)))
        extra.metadata = nbformat.from_dict({"tags": [SAVE_TAG], "jupyter": {"source_hidden": True}})
        notebook.cells = [*notebook.cells, extra]
    return notebook, known


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client; it tells the kernel which cell it runs, and us which cell raised."""

    nbops_task: Task
    nbops_known: frozenset[str]
    nbops_found: list[Failure]

    def papermill_execute_cells(self) -> None:
        """Run the cells one after the other; papermill's own writes the file twice a cell."""
        self._send_cell_ids()
        total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in self.nb.cells)
        saved, done = time.monotonic(), 0
        for index, cell in enumerate(self.nb.cells):
            self._nbops_cell = cell
            try:
                self.nb_man.cell_start(cell, index)
                if cell.cell_type == "code" and cell.source.strip():
                    done += 1
                    self.nbops_task.on_cell(CellProgress(done, total))
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(cell, cell_index=index)
                message = " ".join(str(error.evalue).split())
                self.nbops_found.append(Failure(_number(self.nb, index), error.ename, message, str(error.traceback)))
                break
            finally:
                self.nb_man.cell_complete(cell, cell_index=index)
            if time.monotonic() - saved > _SAVE_EVERY:
                _save(self.nb, self.nbops_task.target)
                saved = time.monotonic()

    def _send_cell_ids(self) -> None:
        session = self.kc.session
        message = session.msg

        def with_cell(kind: str, *arguments: Any, **options: Any) -> Any:
            made = message(kind, *arguments, **options)
            if kind == "execute_request" and self._nbops_cell.get("id") in self.nbops_known:
                made["metadata"]["cellId"] = self._nbops_cell["id"]
            return made

        session.msg = with_cell


class _Engine(Engine):  # type: ignore[misc]
    """The engine by which papermill knows us."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Execute in a kernel of its own; the working directory is the kernel's, not this process's."""
        task: Task = options["task"]
        client = _Client(
            nb_man,
            timeout=None,
            startup_timeout=120,
            kernel_name=kernel_name,
            log=_log,
            # What the kernel has to say about transports and its own end is not for whoever runs a pipeline.
            extra_arguments=["--log-level=CRITICAL"],
            resources={"metadata": {"path": str(task.folder)}},
        )
        client.nbops_task, client.nbops_known, client.nbops_found = task, options["known"], options["found"]
        environment = {name: value for name, value in os.environ.items() if name not in _OWN}
        client.execute(env={**environment, **task.environment})


def _kernel(notebook: Any) -> str:
    spec = notebook.metadata.get("kernelspec", {})
    name, language = str(spec.get("name", "")), str(spec.get("language", "") or "python")
    if name and name in KernelSpecManager().find_kernel_specs():
        return name
    if language != "python":
        raise PipelineError(f"the kernel {name!r} ({language}) is not installed here.")
    # A quarter of real notebooks name no kernel, and others one that only their author has.
    return "python3"


def _number(notebook: Any, index: int) -> int:
    """Give the number of a cell in the notebook as written; the injected cell counts as the one before it."""
    injected = sum(_INJECTED_TAG in cell.metadata.get("tags", ()) for cell in notebook.cells[: index + 1])
    return max(1, index + 1 - injected)


def _begun(notebook: Any) -> list[int]:
    """Give the positions of the cells that were begun."""
    return [i for i, cell in enumerate(notebook.cells) if cell.metadata.get("papermill", {}).get("start_time")]


def _last_cell(notebook: Any) -> int:
    begun = _begun(notebook)
    return _number(notebook, begun[-1]) if begun else 1


def _redact(notebook: Any) -> Redactor:
    """Replace secrets in sources and texts of outputs. Pictures stay as they are."""
    redactor = Redactor()

    def clean(holder: Any, key: str) -> None:
        value = holder.get(key)
        if isinstance(value, str):
            holder[key] = redactor.text(value)
        elif isinstance(value, list):
            holder[key] = [redactor.text(item) if isinstance(item, str) else item for item in value]

    # All sources first: what they bind to a telling name turns up in outputs of any cell.
    for cell in notebook.cells:
        clean(cell, "source")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for key in ("text", "evalue", "traceback"):
                clean(output, key)
            for mime in [mime for mime in output.get("data", {}) if mime.startswith("text/")]:
                clean(output["data"], mime)
    notebook.metadata.get("papermill", {}).pop("parameters", None)
    return redactor


def _told(failure: Failure, redactor: Redactor) -> Failure:
    message, traceback = redactor.text(failure.message), redactor.text(failure.traceback)
    return replace(failure, message=message, traceback=traceback)


def _save(notebook: Any, target: Path) -> None:
    """Keep what there is while the notebook still runs, also without its secrets."""
    sofar = copy.deepcopy(notebook)
    _redact(sofar)
    _write(sofar, target)


def _write(notebook: Any, target: Path) -> None:
    write_atomically(target, nbformat.writes(notebook, version=4).encode("utf-8", "backslashreplace"))


def read_executed(path: Path) -> Any:
    """Give an executed notebook as it stands, as nbformat has it."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
