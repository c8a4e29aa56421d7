"""The source archive and the wheel, built from a clean copy, and the wheel installed where there is no Node.js."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_REPO = Path(__file__).parents[2]
_DATA = "nbops-0.1.0.data/data/"
_LABEXTENSION = _DATA + "share/jupyter/labextensions/nbops-lab/"


def _run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _tracked() -> list[str]:
    return [name for name in _run("git", "ls-files", cwd=_REPO).splitlines() if (_REPO / name).exists()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git knows of the checkout, as it stands, and links to the JavaScript packages if they are there."""
    target = tmp_path_factory.mktemp("copy")
    for name in _tracked():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(_REPO / name, target / name)
    packages = _REPO / "extension" / "node_modules"
    if (packages / ".package-lock.json").exists():
        _link_tree(packages, target / "extension" / "node_modules")
    return target


def _link_tree(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        # Another file system: a plain copy does it too.
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
    # npm rewrites this one, and the checkout's must not change with it.
    own = target / ".package-lock.json"
    own.unlink()
    shutil.copy2(source / ".package-lock.json", own)


@pytest.fixture(scope="module")
def built(copy: Path) -> Path:
    """Folder with the source archive, built from the copy, and the wheel, built from the archive."""
    node = _run(sys.executable, _REPO / "tools" / "node.py", cwd=_REPO)
    env = {**os.environ, "PATH": f"{node}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    env.pop("HATCH_JUPYTER_BUILDER_SKIP_NPM", None)
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", ".", cwd=copy, env=env)
    return copy / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    """Names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


class TestContents:
    def test_both_packages_are_whole(self, names: list[str]) -> None:
        wanted = {
            name.removeprefix("kernel_magics/").removeprefix("extension/")
            for name in _tracked()
            if name.startswith(("kernel_magics/nbops/", "extension/nbops_lab/"))
        }
        shipped = {name for name in names if name.startswith(("nbops/", "nbops_lab/"))}
        assert wanted <= shipped
        assert all(name.startswith("nbops/templates/") for name in shipped - wanted)

    def test_templates_are_in_the_package(self, names: list[str]) -> None:
        wanted = {f"nbops/{name}" for name in _tracked() if name.startswith("templates/")}
        assert wanted == {name for name in names if name.startswith("nbops/templates/")}
        assert "nbops/templates/train.ipynb" in names

    def test_the_jupyterlab_part(self, wheel: Path, names: list[str]) -> None:
        entry = [name for name in names if re.fullmatch(rf"{_LABEXTENSION}static/remoteEntry\.\w+\.js", name)]
        assert len(entry) == 1
        for name in ("package.json", "static/style.js", "install.json"):
            assert _LABEXTENSION + name in names
        assert any(name.startswith(_LABEXTENSION + "schemas/") for name in names)
        with zipfile.ZipFile(wheel) as archive:
            package = json.loads(archive.read(_LABEXTENSION + "package.json"))
            enabled = json.loads(archive.read(_DATA + "etc/jupyter/jupyter_server_config.d/nbops_lab.json"))
        assert package["jupyterlab"]["_build"]["load"] == entry[0].removeprefix(_LABEXTENSION)
        assert enabled["ServerApp"]["jpserver_extensions"]["nbops_lab"] is True

    def test_nothing_twice_and_nothing_that_does_not_belong(self, names: list[str]) -> None:
        assert len(names) == len(set(names))
        assert {name.split("/")[0] for name in names} == {
            "nbops",
            "nbops_lab",
            "nbops-0.1.0.data",
            "nbops-0.1.0.dist-info",
        }
        # Templates of tests and of projects with tests are there on purpose.
        own = [name for name in names if not name.startswith("nbops/templates/")]
        assert not [name for name in own if "nbops_lab/labextension" in name or Path(name).name.startswith("test")]
        assert not [name for name in names if "__pycache__" in name or ".ipynb_checkpoints" in name]
        assert len([name for name in names if "remoteEntry" in name]) == 1

    def test_nothing_of_this_machine(self, wheel: Path, copy: Path) -> None:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                content = archive.read(name)
                assert str(copy).encode() not in content, name
                assert str(_REPO).encode() not in content, name

    def test_the_source_archive_needs_no_node(self, built: Path) -> None:
        (found,) = built.glob("*.tar.gz")
        with tarfile.open(found) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert "extension/nbops_lab/labextension/static/style.js" in names
        assert "tools/build_backend.py" in names
        assert not [name for name in names if "node_modules" in name]


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((_REPO / "extension" / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


class TestInstalled:
    """The wheel in an environment of its own; only the packages of others come from the one that runs the tests."""

    @pytest.fixture(scope="class")
    @staticmethod
    def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        _run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
        (site,) = folder.glob("lib/python*/site-packages")
        # A path from a .pth file is not searched for .pth files, so the editable nbops stays out.
        (site / "_packages_of_others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        python = folder / "bin" / "python"
        _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
        return folder

    @pytest.fixture
    @staticmethod
    def call(environment: Path, tmp_path: Path):
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON", "VIRTUAL"))
        }
        env |= {"PATH": str(environment / "bin"), "HOME": str(tmp_path), "JUPYTER_PREFER_ENV_PATH": "1"}
        env |= {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}

        def run(*command: str) -> str:
            output = _run(environment / "bin" / command[0], *command[1:], cwd=tmp_path, env=env)
            return re.sub(r"\x1b\[[0-9;]*m", "", output)

        assert shutil.which("node", path=env["PATH"]) is None
        return run

    def test_the_library_is_the_installed_one(self, call, environment: Path) -> None:
        files = call("python", "-c", "import nbops, nbops_lab; print(nbops.__file__, nbops_lab.__file__)").split()
        assert all(Path(file).is_relative_to(environment) for file in files)
        assert call("nbops", "--version").strip() == "nbops 0.1.0"

    def test_jupyterlab_lists_the_extension(self, call) -> None:
        listing = call("python", "-m", "jupyterlab.labextensions", "list")
        assert re.search(r"nbops-lab v0\.1\.0\s+enabled\s+OK\s+\(python, nbops\)", listing), listing

    def test_the_server_lists_the_extension(self, call) -> None:
        listing = call("python", "-m", "jupyter_server.extension.serverextension", "list")
        assert re.search(r"nbops_lab\s+enabled", listing), listing
        assert re.search(r"nbops_lab\s+0\.1\.0\s+OK", listing), listing

    def test_mlflow_finds_the_context_of_a_run(self, call) -> None:
        program = (
            "from importlib.metadata import entry_points\n"
            "(point,) = entry_points(group='mlflow.run_context_provider', name='nbops')\n"
            "print(point.load().__name__)"
        )
        assert call("python", "-c", program).strip() == "NbopsRunContext"

    def test_templates_are_found(self, call) -> None:
        program = (
            "from importlib.resources import files\n"
            "print(sorted(f.name for f in (files('nbops') / 'templates').iterdir()))"
        )
        assert "train.ipynb" in call("python", "-c", program)
