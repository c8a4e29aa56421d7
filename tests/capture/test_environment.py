"""The environment a run had."""

import platform
import sys
from importlib.metadata import version
from types import ModuleType

import attr
import markupsafe

from nbops.capture.environment import read_environment


def test_packages_that_do_not_tell_their_version_themselves_are_known_from_their_distribution():
    assert "__version__" not in vars(attr) or "__version__" not in vars(markupsafe)
    found = read_environment()
    assert found.python == platform.python_version()
    assert found.packages["attrs"] == version("attrs") and found.packages["markupsafe"] == version("markupsafe")
    assert "attr" not in found.packages


def test_a_module_beside_the_notebook_is_not_taken_for_a_distribution_of_its_name(monkeypatch, tmp_path):
    module = ModuleType("pip")
    module.__file__ = str(tmp_path / "pip.py")
    monkeypatch.setitem(sys.modules, "pip", module)
    assert "pip" not in read_environment().packages
