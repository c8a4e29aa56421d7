"""What every template must look like."""

from __future__ import annotations

import ast
import json
import re

import nbformat
import pytest

from nbops.pipelines import catalogue
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


def test_its_parameters_are_typed_and_its_first_cell_tells_them(template):
    """The reader of the parameters cell refuses what has no type, no default or no meaning."""
    found = catalogue.entry(template)
    assert found.parameters
    assert catalogue.with_table(template) == template.read_text(encoding="utf-8"), (
        "run nbops.pipelines.catalogue --write"
    )
    for parameter in found.parameters:
        default = ast.literal_eval(parameter.default)
        assert parameter.type.partition("[")[0] == type(default).__name__, parameter


def test_it_says_what_it_gives(template):
    """The list in the first cell, the notebook's metadata and its calls of ``nbops.output`` agree."""
    found = catalogue.entry(template)
    code = "\n".join("".join(cell["source"]) for cell in json.loads(template.read_text(encoding="utf-8"))["cells"])
    given = {*found.outputs, *re.findall(r'nbops\.output\("(\w+)"', code)}
    heads = "".join(line.partition(":")[0] for line in re.split(r"\n- |; ", found.gives)[1:])
    assert set(re.findall(r"`(\w+)`", heads)) == given


def test_the_page_of_the_catalogue_is_up_to_date(capsys):
    assert catalogue.main([]) == 0, capsys.readouterr().out
