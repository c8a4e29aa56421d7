"""From a notebook file to what a kernel executes: opened, parameters injected, its kernel known."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager

from nbops.errors import PipelineError

SAVE_TAG = "nbops-outputs"
INJECTED_TAG = "injected-parameters"
SKIP_TAG = "skip-execution"
_SAVE_CELL = "from nbops.pipelines.outputs import save_named as _nbops_save\n_nbops_save(globals(), {names!r})"


@dataclass(frozen=True, slots=True)
class Kernel:
    """An installed kernel by the name of its spec."""

    name: str
    language: str

    @property
    def is_python(self) -> bool:
        """Whether cells are Python."""
        return self.language.lower() in {"python", "python3"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notebook that can be executed: ``known`` are the ids that its cells have in the source."""

    notebook: Any
    known: frozenset[str]
    kernel: Kernel


def prepare(source: Path, parameters: Mapping[str, Any], variables: Sequence[str], kernel: str = "") -> Prepared:
    """Open a notebook and make it ready.

    Parameters
    ----------
    source
        The notebook.
    parameters
        Values to inject behind the cell tagged ``parameters``, or at the top.
    variables
        Names of what a last cell gives to later stages.
    kernel
        Name of a kernel in place of the notebook's own.

    Raises
    ------
    PipelineError
        It is no notebook, its kernel is not installed, or that cannot take or give values.
    """
    notebook, known = _opened(source)
    found = _kernel(notebook, kernel, source)
    notebook.metadata["papermill"] = nbformat.from_dict({})
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    if parameters:
        notebook = _parameterized(notebook, parameters, found)
    if variables:
        if not found.is_python:
            raise PipelineError(
                f"{source.name} runs in the kernel {found.name!r} ({found.language}), which cannot give variables to later stages.",
                hint="Only Python notebooks can; write files instead.",
            )
        extra = nbformat.v4.new_code_cell(_SAVE_CELL.format(names=list(variables)))
        extra.metadata = nbformat.from_dict({"tags": [SAVE_TAG], "jupyter": {"source_hidden": True}})
        notebook.cells = [*notebook.cells, extra]
    return Prepared(notebook, known, found)


def executable(cell: Any) -> bool:
    """Whether a cell is one that a kernel executes."""
    return cell.cell_type == "code" and bool(cell.source.strip()) and SKIP_TAG not in tags(cell)


def tags(cell: Any) -> tuple[str, ...]:
    """Give the tags of a cell."""
    return tuple(cell.metadata.get("tags", ()))


def number(notebook: Any, index: int) -> int:
    """Give the number of a cell in the notebook as written; the injected cell counts as the one before it."""
    injected = sum(INJECTED_TAG in tags(cell) for cell in notebook.cells[: index + 1])
    return max(1, index + 1 - injected)


def _opened(source: Path) -> tuple[Any, frozenset[str]]:
    try:
        text = source.read_text(encoding="utf-8-sig")
        with warnings.catch_warnings():
            # Older formats lack ids, some newer files have the same twice; papermill runs them all the same.
            warnings.simplefilter("ignore")
            notebook = nbformat.v4.upgrade(nbformat.reads(text, as_version=4))
    except Exception as error:  # nbformat raises eight different types
        raise PipelineError(f"{source} is no notebook: {' '.join(str(error).split())[:160]}.") from error
    # An id made up here would name another cell each time.
    return notebook, frozenset(cell["id"] for cell in notebook.cells if f'"{cell["id"]}"' in text)


def _parameterized(notebook: Any, parameters: Mapping[str, Any], kernel: Kernel) -> Any:
    # Only where it is needed: it takes a third of a second, most of it for the stores it knows.
    from papermill.exceptions import PapermillException
    from papermill.parameterize import parameterize_notebook

    # It says at WARNING what the pipeline file's check says better.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        notebook = parameterize_notebook(notebook, dict(parameters), kernel_name=kernel.name, language=kernel.language)
    except (PapermillException, NotImplementedError) as error:
        raise PipelineError(
            f"the kernel {kernel.name!r} ({kernel.language}) cannot take parameters: {' '.join(str(error).split())[:160]}."
        ) from error
    notebook.metadata["papermill"].pop("parameters", None)
    return notebook


def _kernel(notebook: Any, wanted: str, source: Path) -> Kernel:
    specs = KernelSpecManager().get_all_specs()
    own = notebook.metadata.get("kernelspec", {})
    name, language = str(own.get("name", "")), str(own.get("language", "") or "python")
    if wanted and wanted not in specs:
        raise _missing(wanted, "", source, specs)
    if not wanted and name not in specs:
        if language != "python":
            raise _missing(name, f" ({language})", source, specs)
        # A quarter of real notebooks name no kernel, and others one that only their author has.
        wanted = "python3"
        if wanted not in specs:
            raise _missing(wanted, "", source, specs)
    name = wanted or name
    return Kernel(name, str(specs[name]["spec"].get("language", "") or "python"))


def _missing(name: str, language: str, source: Path, specs: Mapping[str, Any]) -> PipelineError:
    installed = ", ".join(sorted(specs)) or "none"
    return PipelineError(
        f"the kernel {name!r}{language} of {source.name} is not installed here.", hint=f"Installed are: {installed}."
    )
