"""The warm parent as a program: ``python -m nbops.pipelines.warm.server '{…}'``; it is started by those who need it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from json import dumps, loads
from pathlib import Path
from typing import Any

from nbops.pipelines.warm.places import Place, sweep


def main(text: str) -> int:
    """Import, listen, fork; give the exit status.

    Parameters
    ----------
    text
        JSON: ``folder`` and ``name`` of its place, ``lock`` (an open file that holds its lock), ``modules``, ``idle``,
        ``left_out`` (modules that cannot be imported beforehand), ``options`` of the interpreter.
    """
    told = loads(text)
    place = Place(Path(told["folder"]), told["name"])
    # A shell that leaves a process behind has it ignore these.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    log = _log()
    try:
        return _serve(told, place, log)
    except BaseException as error:
        place.failure.write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        log.exception("cannot be a parent")
        return 1


def _serve(told: dict[str, Any], place: Place, log: logging.Logger) -> int:
    from nbops.pipelines.warm.preloading import Unrepeatable, prepare
    from nbops.pipelines.warm.serving import Parent

    environment = os.environ.copy()
    left_out = list(told.get("left_out", []))
    try:
        prepared = prepare([name for name in told["modules"] if not _among(name, left_out)])
    except Unrepeatable as error:
        if error.module in left_out:
            raise
        log.warning("%s: left out", error)
        told["left_out"] = [*left_out, error.module]
        os.set_inheritable(told["lock"], True)
        words = [sys.executable, *told["options"], "-m", "nbops.pipelines.warm.server", dumps(told)]
        os.execve(sys.executable, words, environment)
    place.failure.unlink(missing_ok=True)
    sweep(place.folder)
    os.set_inheritable(told["lock"], False)
    Parent(place, told["lock"], prepared, float(told["idle"])).serve()
    return 0


def _log() -> logging.Logger:
    # Not the root: that is the kernels'.
    log = logging.getLogger("nbops.warm")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    return log


def _among(name: str, left_out: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in left_out)


if __name__ == "__main__":
    # As ipykernel's own launcher: the folder it starts in is no place for modules.
    if sys.path[0] in {"", os.getcwd()}:
        del sys.path[0]
    sys.exit(main(sys.argv[1]))
