"""Python of the project that a stage stands on: found wherever Python would find it, followed file by file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nbops.pipelines.notebook import read_notebook
from nbops.pipelines.passing import parameters_of
from nbops.pipelines.spec import load_pipeline
from nbops.pipelines.staleness.digests import Digests
from nbops.pipelines.staleness.imports import asked_by_cells
from nbops.pipelines.staleness.installed import versions
from nbops.pipelines.staleness.interpreters import interpreter_of
from nbops.pipelines.staleness.modules import modules_of
from nbops.pipelines.staleness.parts import difference, key_of, parts_of


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__SLASH__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _found(project, cells, *, root=None, folder=None, given=None, **options):
    notebook = read_notebook(project.notebook("a.ipynb", *cells))
    asked = asked_by_cells([cell.source for cell in notebook.code], given)
    return modules_of(notebook.path, asked, folder or project.folder, Digests(), root=root, **options)


_TREE = {
    "words.py": "import deep.inner\nWORD = 1\n",
    "deep/__init__.py": "",
    "deep/inner.py": "from . import sibling\nfrom .other import thing\n",
    "deep/sibling.py": "",
    "deep/other/__init__.py": "from ..up import x\n",
    "deep/up.py": "",
    "deep/unused.py": "",
    "space/part.py": "",
    "src/laid/__init__.py": "from laid import far\n",
    "src/laid/far.py": "",
    "lib/placed.py": "import beside\n",
    "lib/beside.py": "",
    "plugins/__init__.py": "import importlib\ndef load(name):\n    return importlib.import_module(name)\n",
    "plugins/one.py": "",
    "scripts/job.py": "import helper_of_job\n",
    "scripts/helper_of_job.py": "",
    "broken.py": "def (:\n",
    ".venv/lib/site-packages/thing.py": "",
    "tool.sh": "echo",
}


@pytest.mark.parametrize(
    ("cell", "modules"),
    [
        (
            "import words",
            [
                "words.py",
                "deep/__init__.py",
                "deep/inner.py",
                "deep/sibling.py",
                "deep/other/__init__.py",
                "deep/up.py",
            ],
        ),
        ("from deep import sibling as s", ["deep/__init__.py", "deep/sibling.py"]),
        ("from deep import *", [n for n in _TREE if n.startswith("deep/")]),
        ("import space.part", ["space/part.py"]),
        ("from space import part", ["space/part.py"]),
        ("import laid", ["src/laid/__init__.py", "src/laid/far.py"]),
        ("import importlib\nimportlib.import_module('deep.up')", ["deep/__init__.py", "deep/up.py"]),
        (
            "from importlib import import_module as m\nimport importlib\nimportlib.import_module('.up', package='deep')",
            ["deep/__init__.py", "deep/up.py"],
        ),
        ("import sys\nsys.path.insert(0, 'lib')\nimport placed", ["lib/placed.py", "lib/beside.py"]),
        (
            "import sys, os\nhere = os.getcwd()\nsys.path.append(os.path.join(here, 'lib'))\nimport beside",
            ["lib/beside.py"],
        ),
        (
            "import sys\nfrom pathlib import Path\nsys.path += [1]\nsys.path.extend([str(Path.cwd() / 'lib')])\nimport beside",
            ["lib/beside.py"],
        ),
        ("import beside", []),
        ("import plugins", ["plugins/__init__.py", "plugins/one.py"]),
        ("%run scripts/job.py --fast", ["scripts/job.py", "scripts/helper_of_job.py"]),
        ("%run scripts/job", ["scripts/job.py", "scripts/helper_of_job.py"]),
        ("%run -m deep.up", ["deep/__init__.py", "deep/up.py"]),
        (
            "%load words.py",
            [
                "words.py",
                "deep/__init__.py",
                "deep/inner.py",
                "deep/sibling.py",
                "deep/other/__init__.py",
                "deep/up.py",
            ],
        ),
        ("!sh tool.sh", ["tool.sh"]),
        ("%%bash\necho\npython scripts/job.py", ["scripts/job.py", "scripts/helper_of_job.py"]),
        ("%load_ext deep.up", ["deep/__init__.py", "deep/up.py"]),
        ("import broken", ["broken.py"]),
        ("try:\n    import words2\nexcept ImportError:\n    from deep.up import x", ["deep/__init__.py", "deep/up.py"]),
        ("import sys\nsys.path.append('.venv/lib/site-packages')\nimport thing", []),
        ("%%time\nfrom deep import up", ["deep/__init__.py", "deep/up.py"]),
    ],
)
def test_what_a_cell_stands_on(project, cell, modules):
    _write(project.folder, **_TREE)
    assert sorted(_found(project, [cell]).modules) == sorted(modules)


def test_the_root_of_the_workspace_and_folders_above_count(project, tmp_path):
    _write(tmp_path, **{"common.py": "", "shared/more.py": "", "inner/deep/own.py": ""})
    folder = tmp_path / "inner" / "deep"
    found = _found(
        project,
        ["import common, own\nimport sys\nsys.path.append('../../shared')\nimport more"],
        root=tmp_path,
        folder=folder,
    )
    assert sorted(found.modules) == ["../../common.py", "../../shared/more.py", "own.py"]


def test_an_import_by_a_name_that_is_a_parameter_is_the_one_that_is_given(project):
    _write(project.folder, **{"one.py": "", "two.py": ""})
    cells = ["which = 'one'", "import importlib\nimportlib.import_module(which)"]
    assert sorted(_found(project, cells).modules) == ["one.py"]
    assert sorted(_found(project, cells, given={"which": "two"}).modules) == ["two.py"]
    # One that nobody can know could be any.
    assert sorted(_found(project, ["import importlib\nimportlib.import_module(input())"]).modules) == [
        "one.py",
        "two.py",
    ]


def test_another_notebook_that_is_run_counts_by_its_code(project):
    project.notebook("other.ipynb", "import words", "x = 1")
    _write(project.folder, **{"words.py": ""})
    before = _found(project, ["%run other.ipynb"])
    assert sorted(before.modules) == ["other.ipynb", "words.py"]
    project.notebook("other.ipynb", "import words  # said", "x=1")
    assert _found(project, ["%run other.ipynb"]).modules == before.modules
    project.notebook("other.ipynb", "import words", "x = 2")
    assert _found(project, ["%run other.ipynb"]).modules != before.modules


def test_the_chain_of_imports_is_told_and_a_remark_in_a_module_is_none(project):
    _write(project.folder, **_TREE)
    project.notebook("a.ipynb", "import words")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    found = []
    for text in ("", "# a remark\n", "x = 2\n"):
        (project.folder / "deep" / "sibling.py").write_text(text)
        found.append(_parts(project))
    assert key_of(found[0]) == key_of(found[1])
    assert found[1]["chains"]["deep/sibling.py"] == ["a.ipynb", "words.py", "deep/inner.py"]
    pipeline = load_pipeline(project.file)
    told = difference(found[1], found[2], parameters_of(pipeline, pipeline.stages[0], {}))
    assert told == "module deep/sibling.py changed"


def _parts(project):
    pipeline = load_pipeline(project.file)
    stage = pipeline.stages[0]
    return parts_of(pipeline, stage, parameters_of(pipeline, stage, {}), {}, {})


def test_text_cells_and_empty_ones_do_not_count_and_their_numbers_neither(project):
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.notebook("a.ipynb", "x = 1", "y = 2")
    before = _parts(project)
    project.notebook("a.ipynb", "# only a remark", "x = 1  # one", "", "y=2")
    after = _parts(project)
    assert key_of(before) == key_of(after)
    assert [number for number, _ in after["cells"]] == [3, 5]


def test_only_packages_that_are_imported_count_with_what_they_require(project):
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    project.notebook("a.ipynb", "import json")
    assert list(_parts(project)["packages"]) == ["python"]
    _write(project.folder, **{"words.py": "import pandas"})
    project.notebook("a.ipynb", "import words", "from sklearn import svm")
    packages = _parts(project)["packages"]
    assert {"pandas", "numpy", "scikit-learn", "scipy", "python"} <= set(packages)
    assert not {"mlflow", "papermill", "pytest"} & set(packages)


def _install(folder: Path, name: str, version: str, requires=(), modules=()) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {item}" for item in requires),
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n\nVersion: of the text\n")
    (info / "RECORD").write_text("".join(f"{item},sha256=x,1\n" for item in modules))


def test_versions_are_read_from_what_installers_leave(tmp_path):
    _install(
        tmp_path,
        "Big.Thing",
        "1.0",
        ["small_thing>=1; python_version>'3'", "maybe; extra == 'fast'"],
        ["big/__init__.py"],
    )
    _install(tmp_path, "small-thing", "2.0", ["Big.Thing"], ["small.py"])
    _install(tmp_path, "maybe", "3.0", (), ["maybe/__init__.py"])
    assert versions(["big"], [str(tmp_path)], Digests()) == {"Big.Thing": "1.0", "small-thing": "2.0"}
    assert versions(["maybe", "absent"], [str(tmp_path)], Digests()) == {"maybe": "3.0"}


def test_what_is_kept_of_a_folder_of_packages_is_read_anew_when_it_changes(tmp_path, workspace):
    import os

    _install(tmp_path / "p", "one", "1.0", (), ["one.py"])
    os.utime(tmp_path / "p", (1, 1))
    with Digests(workspace) as digests:
        assert versions(["one"], [str(tmp_path / "p")], digests) == {"one": "1.0"}
    _install(tmp_path / "p", "two", "2.0", (), ["two.py"])
    with Digests(workspace) as digests:
        assert versions(["two"], [str(tmp_path / "p")], digests) == {"two": "2.0"}


def test_a_kernel_of_another_environment_has_its_own_packages(tmp_path, monkeypatch):
    other = tmp_path / "env"
    _install(other / "lib" / "python3.12" / "site-packages", "one", "9.0", (), ["one.py"])
    (other / "pyvenv.cfg").write_text("home = /x\nversion = 3.12.4\n")
    (other / "bin").mkdir()
    (other / "bin" / "python").write_text("")
    spec = tmp_path / "data" / "kernels" / "other"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        f'{{"argv": ["{(other / "bin" / "python").as_posix()}", "-m", "ipykernel"], "language": "python"}}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    found = interpreter_of("other", Digests())
    assert (found.kernel, found.version) == ("other", "3.12.4")
    assert versions(["one"], found.folders, Digests()) == {"one": "9.0"}
    # One that is not installed runs as python3, which is ours.
    native = interpreter_of("nowhere", Digests())
    assert (native.kernel, native.version) == ("python3", ".".join(map(str, sys.version_info[:3])))
