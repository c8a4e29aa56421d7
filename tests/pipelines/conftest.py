"""A folder with small real notebooks and a pipeline file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


class Project:
    """A workspace of its own whose processes start no courier."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "nbops.toml").write_text("courier = false\n")
        self.file = folder / "pipeline.toml"

    @property
    def workspace(self):
        from nbops.workspace import find_workspace

        return find_workspace(self.folder)

    def notebook(
        self, name: str, *cells: str, parameters: str | None = None, outputs: Sequence[str] = (), minor: int = 5
    ) -> Path:
        """Write a notebook: a heading, the parameters cell if there is one, the cells."""
        book: list[dict] = [{"cell_type": "markdown", "metadata": {}, "source": f"# {name}"}]
        if parameters is not None:
            book.append(_code(parameters, ["parameters"]))
        book += [_code(cell) for cell in cells]
        for number, cell in enumerate(book):
            if minor >= 5:
                cell["id"] = f"cell-{number}"
        metadata: dict = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        if outputs:
            metadata["nbops"] = {"outputs": list(outputs)}
        path = self.folder / name
        path.write_text(
            json.dumps({"cells": book, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}), encoding="utf-8"
        )
        return path

    def tagged(self, *cells: tuple[str, str], name: str = "analysis.ipynb", **metadata) -> Path:
        """Write a notebook of (tags with blanks between, source); a cell with the tag "text" is text."""
        book = []
        for number, (tags, source) in enumerate(cells, 1):
            cell = _code(source, [tag for tag in tags.split() if tag != "text"])
            if "text" in tags.split():
                cell = {"cell_type": "markdown", "metadata": {}, "source": source}
            book.append({**cell, "id": f"cell-{number}"})
        whole = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}, **metadata}
        path = self.folder / name
        path.write_text(
            json.dumps({"cells": book, "metadata": whole, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
        )
        return path

    def pipeline(self, text: str) -> Path:
        """Write the pipeline file."""
        self.file.write_text(text, encoding="utf-8")
        return self.file

    def run(self, **options):
        """Run it; a failed stage is part of the result."""
        from nbops.pipelines.engine import execute_pipeline

        return execute_pipeline(self.file, **options)


def _code(source: str, tags: Sequence[str] = ()) -> dict:
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Make projects that a whole module shares."""
    return lambda: Project(tmp_path_factory.mktemp("project"))
