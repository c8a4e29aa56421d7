"""Where the notebooks of stages are: files beside the pipeline file, and the templates. Each is read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbops
from nbops.errors import PipelineError
from nbops.pipelines.declaration.problems import meant
from nbops.pipelines.notebook import Notebook, read_notebook


def templates() -> dict[str, Path]:
    """Give the templates by name."""
    package = Path(nbops.__file__).parent
    # In an editable installation they lie at the root of the checkout.
    for folder in (package / "templates", package.parents[1] / "templates"):
        found = {file.stem: file for file in sorted(folder.glob("*.ipynb"))}
        if found:
            return found
    return {}


class Sources:
    """The notebooks of one pipeline."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[str, Path] | None = None
        self._read: dict[Path, Notebook | PipelineError] = {}

    def put(self, path: Path, notebook: Notebook) -> None:
        """Note a notebook that was read already."""
        self._read[path] = notebook

    def of(self, table: Mapping[str, Any]) -> Notebook:
        """Give the notebook that a stage's table names.

        Raises
        ------
        PipelineError
            It names none or two, one that does not exist, or one that is no notebook.
        """
        path = self._path(table)
        if path not in self._read:
            try:
                self._read[path] = read_notebook(path)
            except PipelineError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, PipelineError):
            raise found
        return found

    def _path(self, table: Mapping[str, Any]) -> Path:
        if ("notebook" in table) == ("template" in table):
            both = "both notebook and template" if "notebook" in table else "neither notebook nor template"
            raise PipelineError(f"has {both}.", hint="Give it one of them.")
        key = "notebook" if "notebook" in table else "template"
        if not isinstance(table[key], str):
            raise PipelineError(f"{key} must be text.")
        return self._template(table[key]) if key == "template" else self._notebook(table[key])

    def _template(self, name: str) -> Path:
        if self._templates is None:
            self._templates = templates()
        if name not in self._templates:
            hint = meant(name, self._templates) or f"There are {', '.join(self._templates)}."
            raise PipelineError(f"there is no template {name!r}.", hint=hint)
        return self._templates[name]

    def _notebook(self, name: str) -> Path:
        path = self._folder / Path(name).expanduser()
        if path.is_file():
            return path.absolute()
        if path.is_dir():
            raise PipelineError(f"{path} is a folder and no notebook.")
        beside = [other.name for other in path.parent.glob("*.ipynb")] if path.parent.is_dir() else []
        raise PipelineError(f"there is no notebook {path}.", hint=meant(path.name, beside))
