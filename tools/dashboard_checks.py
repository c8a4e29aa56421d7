"""What dashboards are checked with, for the tests alone: Grafana's types of its own dashboards, and the parser of Prometheus.

As a program this installs both from npm below ``build/grafana``; they are kept as long as what is asked for is the same.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("@grafana/schema@13.2.3", "@prometheus-io/lezer-promql@0.315.0", "typescript@~5.9.0")
_FOLDER = Path(__file__).parents[1] / "build" / "grafana"


def packages() -> Path:
    """Give the folder with ``node_modules``, which is filled now if it is not.

    Raises
    ------
    CalledProcessError
        npm cannot install them.
    """
    ready, wanted = _FOLDER / ".ready", " ".join(PACKAGES)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    # Two that ask at once must not install twice.
    with (_FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != wanted:
            shutil.rmtree(_FOLDER / "node_modules", ignore_errors=True)
            options = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--no-package-lock")
            (_FOLDER / "package.json").write_text('{"private": true, "type": "module"}')
            # npm would otherwise look upwards for a project.
            subprocess.run(
                ["npm", "install", *options, *PACKAGES], cwd=_FOLDER, check=True, env={**os.environ, "CI": "1"}
            )
            ready.write_text(wanted)
    return _FOLDER


if __name__ == "__main__":
    print(packages())
