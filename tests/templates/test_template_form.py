"""What every template must look like."""

from __future__ import annotations

import ast
import json

import nbformat
import pytest

from nbops.pipelines.spec import templates


@pytest.fixture(params=sorted(templates()))
def template(request):
    """Each template in turn."""
    return templates()[request.param]


def test_it_is_a_clean_notebook(template):
    book = json.loads(template.read_text(encoding="utf-8"))
    nbformat.validate(nbformat.from_dict(book))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    # Ids that stay the same keep the history of a cell together.
    assert all(not cell["id"].startswith("cell-") for cell in book["cells"])
    assert book["cells"][0]["cell_type"] == "markdown"
    assert any("".join(cell["source"]).startswith("%load_ext nbops") for cell in code)


def test_its_parameters_are_typed_and_explained(template):
    book = json.loads(template.read_text(encoding="utf-8"))
    (cell,) = [cell for cell in book["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    lines = "".join(cell["source"]).splitlines()
    statements = ast.parse("\n".join(lines)).body
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    explained = [line for line in lines if "  # " in line]
    assert len(explained) >= len(lines) // 2
    assert "  # " in lines[0]
