"""The process that judges gates: loads the models, judges one gate after the other, says a line for each.

``python -P -m nbops.registry.gates.worker`` reads one JSON object, a line, from its input. What people's functions print goes to
the error stream, so that nothing but verdicts stands between the runner and the verdicts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any, TextIO

from nbops.errors import NbopsError
from nbops.records import to_wire
from nbops.registry.gates.bench import Bench
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.judging import judge
from nbops.registry.gates.sample import Contender
from nbops.registry.loading import load_model
from nbops.registry.reading import get_version
from nbops.workspace import Workspace, find_workspace


def main() -> int:
    """Judge what is asked for on the standard input."""
    # Threads of a forked or printing library may still write to descriptor 1: keep it for ourselves.
    said = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    asked = json.loads(_question())
    workspace = find_workspace(asked["workspace"])
    try:
        bench = Bench(
            workspace,
            _load(workspace, asked["model"], asked["version"]),
            None if asked["champion"] is None else _load(workspace, asked["model"], asked["champion"]),
        )
    except NbopsError as error:
        _say(said, loaded=False, message=str(error))
        return 0
    except Exception as error:  # a model's own code may raise anything
        _say(said, loaded=False, message=f"{type(error).__name__}: {error}"[:500])
        return 0
    _say(said, loaded=True)
    for number, check in asked["checks"]:
        _say(said, number=number, result=to_wire(judge(Check(**check), bench)))
    return 0


def _question() -> str:
    """Read what is asked, and stop with all that was started when nobody waits for the answer any more."""
    asked = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    question = asked.readline()

    def wait() -> None:
        asked.read()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    return question


def _load(workspace: Workspace, name: str, version: int) -> Contender:
    return Contender(get_version(workspace, name, version), load_model(name, version, workspace=workspace))


def _say(to: TextIO, **what: Any) -> None:
    to.write(json.dumps(what, default=str, allow_nan=False) + "\n")
    to.flush()


if __name__ == "__main__":
    sys.exit(main())
