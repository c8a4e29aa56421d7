"""What the project asks for agrees with what its parts are built for."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

_REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def node():
    """``tools/node.py`` as a module."""
    spec = importlib.util.spec_from_file_location("node", _REPO / "tools" / "node.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_jupyterlab_is_the_one_the_extension_is_built_for():
    built_for = json.loads((_REPO / "extension" / "package.json").read_text("utf-8"))["dependencies"]
    asked = tomllib.loads((_REPO / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    (least,) = [re.search(r">=(\d+\.\d+)", name)[1] for name in asked if name.startswith("jupyterlab>")]
    assert built_for["@jupyterlab/application"].removeprefix("^").startswith(f"{least}.")


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.0", False),
        ("v20.18.3", False),
        ("v20.19.0\n", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("", False),
        ("node: not found", False),
    ],
)
def test_which_node_builds_the_extension(node, version, enough):
    assert node.is_new_enough(version) is enough
