"""Runs pieces of Python, each in a process forked from this one, which has imported what they need: a second in place of seven.

Run as a script: for each line of input, a JSON list of source, folder, file for the output and file for the errors, it runs the
source there as ``python -c`` would and answers with the exit status.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import traceback
from types import ModuleType

MODULES = (
    "pandas",
    "sklearn.linear_model",
    "skops.io",
    "skl2onnx",
    "mlflow",
    "nbops.registry",
    "nbops.tracking.tracker",
)


def run(source: str, folder: str, *outputs: str) -> int:
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(folder)
    random.seed()
    main = sys.modules["__main__"] = ModuleType("__main__")
    sys.argv, sys.path[0] = ["-c"], ""
    try:
        exec(compile(source, "<string>", "exec"), main.__dict__)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    for name in MODULES:
        importlib.import_module(name)
    from nbops.pipelines.warm.ending import end

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = run(*json.loads(line))
            finally:
                end(status)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
