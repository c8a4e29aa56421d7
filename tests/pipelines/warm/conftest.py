"""A folder whose kernels are forked from a warm parent, and kernels that tests talk to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SMALL = ("numpy",)
LARGE = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "sklearn.ensemble",
    "matplotlib.pyplot",
    "mlflow",
    "nbops.pipelines.outputs",
)


class Kernel:
    """A kernel, and what its cells print."""

    def __init__(self, loop: asyncio.AbstractEventLoop, started: Any) -> None:
        self._loop, self._started = loop, started
        self.how: str = started.how
        self.manager, self.client = started.manager, started.client

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def wait(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(coroutine)

    def run(self, code: str) -> str:
        """Run a cell; give all that it prints, shows and raises."""
        shown: list[str] = []

        def see(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.append(content["text"])
            elif message["msg_type"] in {"display_data", "execute_result"}:
                shown.append(",".join(sorted(content["data"])))
                shown.append(content["data"].get("text/plain", ""))
            elif message["msg_type"] == "error":
                shown.append(f"{content['ename']}: {content['evalue']}")

        self.wait(self.client.execute_interactive(code, output_hook=see, timeout=120))
        return "".join(shown)

    def stop(self, **options: Any) -> None:
        from nbops.pipelines.warm import stop_kernel

        self.wait(stop_kernel(self._started, **options))


class Place:
    """A folder with settings of its own, and the kernels that were started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "NBOPS_WARM": "true"}
        # IPython's kernels look for it, and listen to less.
        self.environment.pop("PYTEST_CURRENT_TEST", None)
        self._loop = asyncio.new_event_loop()
        self._kernels: list[Kernel] = []
        self.modules(*SMALL)

    def modules(self, *names: str) -> None:
        (self.folder / "nbops.toml").write_text(f"courier = false\n[warm]\nmodules = {list(names)!r}\n")

    def ensure(self, wait: float = 120) -> str:
        from nbops.pipelines.warm import ensure_parent

        return ensure_parent(wait, folder=self.folder, environment=self.environment)

    def kernel(self, name: str = "python3", *, warm: bool = True, **variables: str) -> Kernel:
        from nbops.pipelines.warm import start_kernel

        environment = {**self.environment, **variables}
        starting = start_kernel(name, folder=self.folder, environment=environment, warm=warm)
        kernel = Kernel(self._loop, self._loop.run_until_complete(starting))
        self._kernels.append(kernel)
        return kernel

    def close(self) -> None:
        for kernel in self._kernels:
            kernel.stop(now=True)
        self._loop.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder whose kernels have a parent with little in it."""
    made = Place(tmp_path)
    yield made
    made.close()


@pytest.fixture
def large(place: Place) -> Place:
    """A folder whose kernels have a parent with much in it, ready."""
    place.modules(*LARGE)
    assert place.ensure() == ""
    return place


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of its own, with parents of its own, for a test that breaks them."""
    import shutil
    import tempfile

    from nbops.pipelines.warm.asking import stop_parents

    folder = Path(tempfile.mkdtemp(prefix="nbops-", dir="/tmp"))
    monkeypatch.setenv("NBOPS_RUNTIME", str(folder))
    yield folder
    folder.chmod(0o700)
    stop_parents()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def code(place: Place, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that every process of the test can import."""
    folder = tmp_path_factory.mktemp("code")
    before = os.environ.get("PYTHONPATH")
    place.environment["PYTHONPATH"] = os.pathsep.join([str(folder), *([before] if before else [])])
    monkeypatch.setenv("PYTHONPATH", place.environment["PYTHONPATH"])
    return folder
