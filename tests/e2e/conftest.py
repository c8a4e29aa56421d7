"""A real JupyterLab, token and XSRF check on, driven in headless Chromium.

The server, its kernels and the extension are those of the environment that runs the tests. Configuration, data,
runtime and home folders are the test's own. Without a browser on the machine they fail and say how to get one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

import nbops_lab

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")

# A busy machine with two cores draws a notebook slowly; nothing here measures time.
sync_api.expect.set_options(timeout=60_000)

TOKEN = "a-token-of-the-tests"
_BIN = Path(sys.executable).parent
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Off-screen cells are taken out of a windowed notebook, and a news toast would cover a corner.
_SETTINGS: dict[str, dict[str, object]] = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
# JupyterLab's own complaint when a kernel ends while the debugger asks it for its state.
_NOISE = ("Could not restore the debugger state",)
_PEOPLE = """
from jupyter_server.auth.identity import IdentityProvider, User


class People(IdentityProvider):
    async def get_user_token(self, handler):
        token = self.get_token(handler) or ""
        if token.startswith("token-of-"):
            return User(token.removeprefix("token-of-"))
        return await super().get_user_token(handler)
"""
_READY = """async () => {
  const widget = window.jupyterapp.shell.currentWidget;
  await widget.context.ready;
  await widget.sessionContext.ready;
  await widget.sessionContext.session.kernel.info;
}"""
_LEAVE = """async () => {
  await window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' });
  const widgets = [...window.jupyterapp.shell.widgets('main')].filter(w => w.sessionContext);
  for (const widget of widgets) { await widget.sessionContext.shutdown(); }
}"""


@dataclass(frozen=True)
class Lab:
    """A running server: its address and its root folder."""

    url: str
    root: Path
    log: Path


class Screen:
    """One browser page with JupyterLab on it."""

    def __init__(self, lab: Lab, page: sync_api.Page, shots: Path | None, token: str = TOKEN) -> None:
        self.lab, self.page, self._shots, self._token = lab, page, shots, token
        self.problems: list[str] = []
        self._allowed = [*_NOISE]
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))

    def allow(self, part: str) -> None:
        """Expect console errors that contain ``part`` from now on: the browser logs every refused request."""
        self._allowed.append(part)

    def _note(self, problem: str) -> None:
        if not any(part in problem for part in self._allowed):
            self.problems.append(problem)

    def notebook(self, path: str, *cells: str, run: bool = True, courier: bool = False) -> Screen:
        """Write a notebook (in a workspace of its own folder) and open it; ``run`` runs every cell.

        A courier brings each run to MLflow, which takes it ten seconds of work: only where that is what the test is about.
        """
        file = self.lab.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        settings = file.parent / "nbops.toml"
        if not settings.exists():
            settings.write_text("" if courier else "courier = false\n")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        nbformat.write(notebook, file)
        self.open(path)
        if run:
            self.command("notebook:run-all-cells")
        return self

    def open(self, path: str, *, kernel: bool = True) -> None:
        """Open a file in a fresh JupyterLab workspace."""
        name = path.replace("/", "-").removesuffix(".ipynb")
        self.page.goto(f"{self.lab.url}/lab/workspaces/{name}/tree/{path}?token={self._token}&reset")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=90_000)
        if kernel:
            self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
            self.page.evaluate(_READY)

    def command(self, name: str, /, **arguments: object) -> None:
        """Run a JupyterLab command and wait for it."""
        self.page.evaluate("([n, a]) => window.jupyterapp.commands.execute(n, a).then(() => null)", [name, arguments])

    def theme(self, name: str) -> None:
        """Switch the theme: ``JupyterLab Light`` or ``JupyterLab Dark``."""
        self.command("apputils:change-theme", theme=name)
        light = "false" if "Dark" in name else "true"
        self.page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached", timeout=20_000)
        # JupyterLab stumbles over its own splash where the theme changes again before that has faded.
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=20_000)
        self.settle(700)

    def settle(self, milliseconds: int) -> None:
        """Wait until what moves stands still, if somebody wants to see the picture."""
        if self._shots is not None:
            self.page.wait_for_timeout(milliseconds)

    def shot(self, name: str, locator: sync_api.Locator | None = None) -> None:
        """Keep a picture for people to look at, if they have asked for it."""
        if self._shots is not None:
            (locator or self.page).screenshot(path=self._shots / f"{name}.png")


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Folder of the pictures: ``NBOPS_SHOTS``. Without it none are made."""
    if not os.environ.get("NBOPS_SHOTS"):
        return None
    folder = Path(os.environ["NBOPS_SHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all browser tests."""
    with _serving(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab that tells people apart by their tokens, as JupyterHub does."""
    base = tmp_path_factory.mktemp("team")
    (base / "people_of_the_tests.py").write_text(_PEOPLE)
    with _serving(base, "--ServerApp.identity_provider_class=people_of_the_tests.People") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """The machine's own Chromium; nothing is downloaded."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        pytest.fail("Chromium is not installed; `make system` installs it (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield found
        found.close()


@pytest.fixture
def screen(lab: Lab, browser: sync_api.Browser, shots: Path | None) -> Iterator[Screen]:
    """A page in a browser profile of its own. No test may leave an error in the console."""
    with _looking(lab, browser, shots, TOKEN) as found:
        yield found


@pytest.fixture
def person(team: Lab, browser: sync_api.Browser, shots: Path | None) -> Iterator[Callable[[str], Screen]]:
    """Pages of the JupyterLab that tells people apart, each in a browser profile of its own."""
    with contextlib.ExitStack() as screens:
        yield lambda name: screens.enter_context(_looking(team, browser, shots, f"token-of-{name}"))


@contextlib.contextmanager
def _looking(lab: Lab, browser: sync_api.Browser, shots: Path | None, token: str) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    found = Screen(lab, context.new_page(), shots, token)
    yield found
    problems = [*found.problems]
    found.page.evaluate(_LEAVE)
    context.close()
    assert problems == []


@contextlib.contextmanager
def _serving(base: Path, *more: str) -> Iterator[Lab]:
    root = base / "work"
    root.mkdir()
    for plugin, values in _SETTINGS.items():
        file = base / "user-settings" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = base / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [_BIN / "jupyter", "lab", *_options(port, root), *_extension(base), *more],
            env=_environment(base),
            stdout=output,
            stderr=output,
        )
    try:
        found = Lab(f"http://127.0.0.1:{port}", root, log)
        _await_server(found, server)
        yield found
    finally:
        server.terminate()
        server.wait(30)
        # Couriers outlive kernels and server for a while; without their workspace they end at once.
        for data in root.rglob(".nbops"):
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Run a piece of Python in the environment under test, in a folder, and give what it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    outputs = [tmp_path_factory.mktemp("python") / name for name in ("output", "errors")]
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("forking.py")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forking:
        assert forking.stdin is not None and forking.stdout is not None

        def run(source: str, folder: Path) -> str:
            for path in outputs:
                path.unlink(missing_ok=True)
            print(json.dumps([source, *map(str, (folder, *outputs))]), file=forking.stdin, flush=True)
            assert forking.stdout.readline() == "0\n", outputs[1].read_text()
            return outputs[0].read_text()

        yield run
        forking.stdin.close()


def _options(port: int, root: Path) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]


def _extension(base: Path) -> list[str]:
    """The built pages beside the server part under test, where that is a checkout: another one may be installed."""
    built = Path(nbops_lab.__file__).parent / "labextension"
    if not (built / "package.json").is_file():
        return []
    folder = base / "labextensions"
    folder.mkdir()
    (folder / "nbops-lab").symlink_to(built)
    return [f"--LabApp.extra_labextensions_path={folder}"]


def _environment(base: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_", "JUPYTER_", "JPY_"))}
    own = {
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(base),
        # What the tests import is what server and kernels import.
        "PYTHONPATH": os.pathsep.join(filter(None, [str(base), os.environ.get("PYTHONPATH", "")])),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "IPYTHONDIR": str(base / "ipython"),
        "MPLCONFIGDIR": str(base / "matplotlib"),
    }
    return {**kept, **own}


def _await_server(lab: Lab, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{lab.url}/api/status?token={TOKEN}", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"JupyterLab did not start:\n{lab.log.read_text()[-4000:]}")
