"""Environments of the engines that pipelines are exported to, each of its own, for the tests alone.

Airflow, Kubeflow Pipelines and Prefect do not fit into one environment with nbops or with each other. As a program this makes
all of them below ``build/exports``; an environment is kept as long as what is asked of it is the same.
"""

import ast
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ENGINES = {
    "airflow": ("apache-airflow-core~=3.3.2", "apache-airflow-providers-standard>=1.21"),
    "kubeflow": ("kfp~=2.17", "kfp-kubernetes~=2.17"),
    # The API of Prefect 3.8 passes what newer versions of fastapi have dropped.
    "prefect": ("prefect~=3.8.8", "fastapi<0.150"),
}
_FOLDER = Path(__file__).parents[1] / "build" / "exports"


def environment(engine: str) -> Path:
    """Give the Python of an engine's environment, which is made now if there is none.

    Parameters
    ----------
    engine
        A key of :data:`ENGINES`.
    """
    wanted = ENGINES[engine]
    key = hashlib.sha256(f"{sys.version} {sys.prefix} {wanted}".encode()).hexdigest()[:10]
    folder = _FOLDER / f"{engine}-{key}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    # Two that ask at once must not make it twice.
    with (_FOLDER / f"{engine}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            for old in _FOLDER.glob(f"{engine}-*"):
                shutil.rmtree(old)
            _install(folder, python, wanted)
            ready.touch()
    return python


def _install(folder: Path, python: Path, wanted: tuple[str, ...]) -> None:
    if importlib.util.find_spec("uv") is None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", *wanted], check=True)
        return
    uv = [sys.executable, "-m", "uv"]
    options, variables = _like_pip()
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", python, *options, *wanted],
        check=True,
        env={**os.environ, **variables},
    )


def _like_pip() -> tuple[list[str], dict[str, str]]:
    """Give uv the indexes and certificates that pip is set to here, which uv does not read by itself."""
    options = ["--index-strategy", "unsafe-best-match"]
    variables: dict[str, str] = {}
    for name, value in _pip_settings().items():
        if name == "cert":
            variables["SSL_CERT_FILE"] = value
        option = {
            "index-url": "--default-index",
            "extra-index-url": "--index",
            "find-links": "--find-links",
            "constraint": "--constraints",
            "trusted-host": "--allow-insecure-host",
        }.get(name)
        for word in value.split() if option else ():
            options += [str(option), word]
    return options, variables


def _pip_settings() -> dict[str, str]:
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found: dict[str, tuple[int, str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        # What a variable says wins over a section for installing, and that over all else.
        rank = {":env:": 2, "install": 1, "global": 0}.get(section, -1)
        if rank >= found.get(name, (0, ""))[0]:
            found[name] = (rank, str(ast.literal_eval(value)))
    return {name: value for name, (_, value) in found.items()}


def main() -> None:
    """Make all environments."""
    for engine in ENGINES:
        environment(engine)


if __name__ == "__main__":
    main()
