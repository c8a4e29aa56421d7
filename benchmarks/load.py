"""`%load_ext nbops` against `%load_ext autoreload`, each in a fresh IPython."""

import statistics
import subprocess
import sys

from measure import report

_SCRIPT = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before = set(sys.modules)
started = time.perf_counter()
shell.run_line_magic("load_ext", sys.argv[1])
print(time.perf_counter() - started, len(set(sys.modules) - before))
"""


def main(repeats: int = 15) -> bool:
    """Print the figures; give whether the goal is reached."""
    taken: dict[str, list[float]] = {"nbops": [], "autoreload": []}
    modules: dict[str, int] = {}
    for round_number in range(repeats + 1):
        for name, values in taken.items():
            done = subprocess.run([sys.executable, "-c", _SCRIPT, name], capture_output=True, text=True, check=True)
            took, added = done.stdout.split()[-2:]
            modules[name] = int(added)
            if round_number:
                values.append(float(took))
    ours, theirs = (statistics.median(taken[name]) for name in ("nbops", "autoreload"))
    report(
        "%load_ext nbops against %load_ext autoreload",
        {
            "nbops, ms": ours * 1000,
            "autoreload, ms": theirs * 1000,
            "nbops / autoreload": ours / theirs,
            "modules nbops adds": modules["nbops"],
            "modules autoreload adds": modules["autoreload"],
        },
        "at most autoreload",
        ours <= theirs,
    )
    return ours <= theirs


if __name__ == "__main__":
    main()
