"""What the start of a kernel imports, asks of the environment and changes in it: learnt from one that is thrown away."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from dataclasses import dataclass
from typing import Any

from nbops.pipelines.warm.variables import reads_noted

# Arguments of a stage's kernel: nothing of it goes into the user's history.
QUIET = ("--log-level=CRITICAL", "--HistoryManager.hist_file=:memory:")


@dataclass(frozen=True, slots=True)
class Learnt:
    """Modules in the order of their import, names of variables, and files of IPython's settings that may be read."""

    modules: tuple[str, ...]
    variables: frozenset[str]
    settings: tuple[str, ...]


def learn() -> Learnt:
    """Start a kernel in a forked process, up to its first cell, and give what it told before it ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as told:
                json.dump(_started(), told)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(pid, 0)
    found = json.loads(text or "[[], [], []]")
    return Learnt(tuple(found[0]), frozenset(found[1]), tuple(found[2]))


def _started() -> list[list[str]]:
    variables: set[str] = set()
    folder = tempfile.mkdtemp(prefix="nbops-")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    try:
        with reads_noted(variables):
            from ipykernel.kernelapp import IPKernelApp

            app: Any = IPKernelApp.instance()
            app.parent_handle = 1
            app.init_poller = app.init_extensions = app.init_code = lambda: None
            app.initialize(["-f", os.path.join(folder, "kernel.json"), "--transport=ipc", *QUIET])
            app.shell.run_cell("None", store_history=False, silent=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(ImportError):
        importlib.import_module("IPython.extensions.storemagic")
    names = ["ipython_config", "ipython_kernel_config"]
    settings = [
        os.path.join(path, name + ending)
        for path in app.config_file_paths
        for name in names
        for ending in (".py", ".json")
    ]
    return [list(sys.modules), sorted(variables), settings]
