"""A pipeline declared in Python, step by step: the same keys as in a pipeline file, checked in the same way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nbops.errors import UsageError
from nbops.pipelines.declaration.loading import load_pipeline, table_of
from nbops.pipelines.declaration.stages import Pipeline
from nbops.pipelines.declaration.writing import plain, toml_of
from nbops.pipelines.running.state import folder_name
from nbops.workspace import find_workspace
from nbops.workspace.blobs import write_atomically

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineResult
    from nbops.records import PipelineRun

_DECLARED = "declared.toml"


class PipelineBuilder:
    """A pipeline that is put together in Python.

    Parameters
    ----------
    name
        What it is called.
    folder
        Where relative paths start; the working directory by default.
    parameters
        Defaults for all stages whose notebooks declare them.
    jobs
        How many stages run beside each other at most.
    description
        For people.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: str | os.PathLike[str] = ".",
        parameters: Mapping[str, Any] | None = None,
        jobs: int | None = None,
        description: str = "",
    ) -> None:
        given = {"description": description, "parameters": dict(parameters or {}), "jobs": jobs}
        self._content: dict[str, Any] = {"name": name, **_given(given), "stages": {}}
        self.folder = Path(folder).expanduser().absolute()
        self._file: Path | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self._content["name"])

    def stage(
        self,
        name: str,
        *,
        notebook: str | os.PathLike[str] = "",
        template: str = "",
        after: str | Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        inputs: str | Sequence[str] = (),
        outputs: str | Sequence[str] = (),
        returns: str | Sequence[str] = (),
        foreach: Mapping[str, Any] | None = None,
        retries: int | None = None,
        retry_delay: float | str | None = None,
        timeout: float | str | None = None,
        cell_timeout: float | str | None = None,
        memory: int | str | None = None,
        cpus: int | None = None,
        environment: Mapping[str, str] | None = None,
        kernel: str = "",
        cache: bool | None = None,
        description: str = "",
    ) -> Self:
        """Add a stage; the words mean what the keys of a pipeline file mean. What is wrong is told when all is checked.

        Raises
        ------
        UsageError
            There is a stage of that name, or a value that no file can hold.
        """
        if name in self._content["stages"]:
            raise UsageError(f"pipeline {self.name!r} has a stage {name!r} already.")
        table = {
            "notebook": os.fspath(notebook),
            "template": template,
            "after": _several(after),
            "parameters": parameters,
            "inputs": _several(inputs),
            "outputs": _several(outputs),
            "returns": _several(returns),
            "foreach": foreach,
            "retries": retries,
            "retry_delay": retry_delay,
            "timeout": timeout,
            "cell_timeout": cell_timeout,
            "resources": _given({"memory": memory, "cpus": cpus}),
            "environment": environment,
            "kernel": kernel,
            "cache": cache,
            "description": description,
        }
        self._content["stages"][name] = plain(f"stage {name!r}", _given(table))
        self._file = None
        return self

    def checked(self) -> Pipeline:
        """Give the pipeline with its stages in the order they run.

        Raises
        ------
        InvalidPipeline
            Something is wrong with it; files and lines are those of the file that stands for it.
        """
        return load_pipeline(self.as_file(), root=find_workspace(self.folder).root)

    def run(self, **options: Any) -> PipelineResult:
        """Run the stages that have changed; takes and raises what :func:`nbops.run_pipeline` does."""
        from nbops.pipelines.engine import run_pipeline

        return run_pipeline(self.as_file(), **options)

    def plan(self, **options: Any) -> PipelineRun:
        """Say what a run would do; takes and raises what ``plan_pipeline`` does."""
        from nbops.pipelines.engine import plan_pipeline

        return plan_pipeline(self.as_file(), **options)

    def to_toml(self) -> str:
        """Give it as the text of a pipeline file in its folder.

        Raises
        ------
        UsageError
            It holds what a file cannot hold.
        """
        return toml_of(self._content)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as a pipeline file; from then on it is that file that runs.

        Raises
        ------
        UsageError
            It holds what a file cannot hold.
        WorkspaceError
            The file cannot be written.
        """
        target = (self.folder / Path(path).expanduser()).absolute()
        self._write(target)
        self._file = target
        return target

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read it from a pipeline file or, by its name, from ``nbops.toml``.

        Raises
        ------
        NotFoundError, InvalidPipeline
            There is no such file, or something is wrong with it.
        """
        pipeline = load_pipeline(path)
        if pipeline.path.suffix == ".ipynb":
            raise UsageError(f"{path} is a notebook: its tags are the declaration.")
        content = plain("", {key: value for key, value in table_of(path).items() if key != "folder"})
        found = cls(pipeline.name, folder=pipeline.folder)
        found._content = {**content, "name": pipeline.name}
        # A table of nbops.toml is not a file of its own.
        found._file = pipeline.path if pipeline.path.name != "nbops.toml" else None
        return found

    def as_file(self) -> Path:
        """Give the file that stands for it: where it was saved, else one beside its runs."""
        if self._file is not None and self._file.is_file():
            return self._file
        workspace = find_workspace(self.folder)
        workspace.ensure()
        target = workspace.pipelines / folder_name(self.name) / _DECLARED
        self._write(target)
        return target

    def _write(self, target: Path) -> None:
        content = dict(self._content)
        if target.parent != self.folder:
            content = {"name": self.name, "folder": os.path.relpath(self.folder, target.parent), **content}
        data = toml_of(content).encode()
        if not target.is_file() or target.read_bytes() != data:
            write_atomically(target, data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PipelineBuilder):
            return NotImplemented
        return (self._content, self.folder) == (other._content, other.folder)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, stages={list(self._content['stages'])})"


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not said."""
    return {key: value for key, value in table.items() if value is not None and value not in ("", [], {})}


def _several(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value)
