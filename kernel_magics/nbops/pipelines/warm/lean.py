"""IPython's kernel without the debugger, which no stage needs and whose import is a third of the start."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from nbops.pipelines.warm.ending import end, hush

_OURS = "nbops.pipelines.warm.lean"


def main() -> None:
    """Run the kernel; everything else is as ``ipykernel_launcher`` has it."""
    if sys.path and sys.path[0] in {"", os.getcwd()}:
        del sys.path[0]
    # A fresh kernel has not imported us.
    for name in [name for name in sys.modules if name.partition(".")[0] == "nbops"]:
        del sys.modules[name]
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    importlib.import_module("ipykernel.debugger")
    # The user may import it.
    del sys.modules["debugpy"]
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv[0] = str(launcher.origin) if launcher else sys.argv[0]
    sys.orig_argv = ["ipykernel_launcher" if word == _OURS else word for word in sys.orig_argv]
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.initialize()
    app.start()
    hush(app)
    end(0)


if __name__ == "__main__":
    main()
