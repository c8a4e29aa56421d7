"""One attempt at one stage, wherever it is carried out: what goes in, what comes out."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError
from nbops.pipelines.outputs import FOLDER, Output
from nbops.pipelines.secrets import collected

if TYPE_CHECKING:
    from nbops.pipelines.executing.execution import CellProgress, Failure

# Folder of an attempt in which the state of its kernel is kept, to go on from.
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt at a stage.

    ``name`` is the stage's as a file name; ``folder`` is where its notebook runs, ``place`` (new, its own) where what it
    makes is kept; ``needs`` are the files it is known to read, from ``folder``.
    """

    stage: str
    name: str
    source: Path
    parameters: Mapping[str, Any]
    variables: tuple[str, ...]
    folder: Path
    place: Path
    environment: Mapping[str, str]
    needs: tuple[str, ...] = ()
    kernel: str = ""
    warm: bool = True
    timeout: float | None = None
    cell_timeout: float | None = None
    resume: Path | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    stop: threading.Event | None = None

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.place / f"{self.name}.ipynb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How an attempt ended: ``failure`` is a cell that raised, ``error`` anything else that stopped it."""

    place: Path
    notebook: Path
    failure: Failure | None = None
    error: NbopsError | None = None
    redactions: int = 0
    duration: float = 0.0
    kernel: str = ""
    resumed: str = ""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    checkpoint: bool = False
    checkpoint_problem: str = ""

    def committed(self, place: Path) -> Done:
        """Give the same after its folder was renamed to ``place``."""
        outputs = {
            name: replace(item, value=_moved(item.value, self.place, place)) for name, item in self.outputs.items()
        }
        return replace(self, place=place, notebook=place / self.notebook.name, outputs=outputs)


def perform(work: Work, tell: Callable[[CellProgress], None]) -> Done:
    """Carry out an attempt; nothing that a notebook does is raised here."""
    from nbops.pipelines.executing.execution import Task, execute

    begun = time.monotonic()
    # Not beside the notebook: an output may be called like it.
    values = work.place / "outputs"
    done = Done(place=work.place, notebook=work.notebook)
    try:
        values.mkdir(parents=True, exist_ok=True)
        executed = execute(
            Task(
                source=work.source,
                parameters=work.parameters,
                variables=work.variables,
                folder=work.folder,
                target=work.notebook,
                environment={**work.environment, FOLDER: str(values)},
                on_cell=tell,
                kernel=work.kernel,
                warm=work.warm,
                timeout=work.timeout,
                cell_timeout=work.cell_timeout,
                checkpoint=work.place / CHECKPOINT,
                resume=work.resume,
                facts=work.facts,
                stop=work.stop,
            )
        )
    except NbopsError as error:
        done = replace(done, error=error)
    else:
        done = replace(
            done,
            failure=executed.failure,
            redactions=executed.redactions,
            kernel=executed.kernel,
            resumed=executed.resumed,
            checkpoint=executed.checkpoint,
            checkpoint_problem=executed.checkpoint_problem,
        )
    # Also of a stage that failed: a secret it has given away must not stay in a file.
    found = collected(values) if values.is_dir() else {}
    return replace(done, outputs=found, duration=time.monotonic() - begun)


def _moved(value: Any, before: Path, after: Path) -> Any:
    if isinstance(value, str) and value.startswith(f"{before}{os.sep}"):
        return f"{after}{value.removeprefix(str(before))}"
    return value
