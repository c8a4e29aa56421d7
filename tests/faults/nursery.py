"""A warm process that makes others by fork, so that fifty of them cost no fifty imports.

Run as a script: it imports what the first line of its input asks for, then reads one JSON line after another:
``{"do": "track" | "cells" | "courier" | "promote" | "register", ...}`` forks a process and answers with its pid, ``{"reap": pid}`` waits for one.
What such a process acknowledges it writes to the file ``acks``, one line per call that has returned, straight to the
kernel, so that it stays when the process is killed.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path

CELL = """%%track {name}
from sklearn.linear_model import LogisticRegression
depth = {number}
frame = pd.DataFrame({{"a": range(50), "b": [i % 2 for i in range(50)]}})
model = LogisticRegression(C=depth + 1).fit(frame[["a"]], frame["b"])
score = float({number}) / 7
print("ran {name}")
"""


class Acks:
    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, **what):
        os.write(self._file, (json.dumps(what) + "\n").encode())


def track(request):
    """Scripts' way: runs with series, parameters, files and models, one after the other until the end comes."""
    from sklearn.linear_model import LogisticRegression

    import nbops
    from nbops.workspace import find_workspace

    say, workspace = Acks(request["acks"]), find_workspace(request["workspace"])
    path = Path(request["acks"]).with_suffix(".txt")
    for number in range(10_000):
        name = f"{request['name']}-{number}"
        with nbops.track(name, workspace=workspace, params={"number": number}) as run:
            say(did="start", run=run.run_id, name=name)
            for step in range(number % 7 + 1):
                value = number + step / 10
                run.metric("loss", value, step)
                say(did="metric", run=run.run_id, step=step, value=value)
            run.param("half", number / 2)
            path.write_text(f"file of {name}", encoding="utf-8")
            run.artifact(path, "note.txt")
            if number % 3 == 0:
                run.model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
        say(did="finish", run=run.run_id, name=name, number=number)


def cells(request):
    """Notebooks' way: an IPython shell that runs ``%%track`` cells."""
    import pandas
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    say = Acks(request["acks"])
    os.chdir(request["workspace"])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    shell = InteractiveShell()
    shell.display_pub = CapturingDisplayPublisher()
    shell.user_ns["pd"] = pandas
    shell.run_line_magic("load_ext", "nbops")
    for number in range(10_000):
        shell.display_pub.outputs.clear()
        shell.run_cell(CELL.format(name=f"{request['name']}-{number}", number=number), store_history=True)
        bundle = shell.display_pub.outputs[-1]["data"]["application/vnd.nbops.run.v1+json"]
        say(did="finish", run=bundle["run"]["run_id"], name=bundle["run"]["name"], number=number)


def courier(request):
    """A courier that says when it begins to mirror a run, and may be told to die so many statements after."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from nbops.tracking import courier as module
    from nbops.tracking.mirror import Mirror

    say, left = Acks(request["acks"]), [0]
    mirror_run = Mirror.deliver

    def deliver(self, run, *others):
        left[0] = left[0] or request["statements"]
        say(did="mirror", run=run.run_id)
        return mirror_run(self, run, *others)

    def count(*_):
        if left[0]:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    Mirror.deliver = deliver
    event.listen(Engine, "before_cursor_execute", count)
    log = os.open(Path(request["acks"]).with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    module.main(["--workspace", request["workspace"]])


def promote(request):
    """A registry in use: promotions and rollbacks, one after the other until the end comes."""
    from nbops.registry import holder, rollback
    from nbops.registry import promote as promote_version
    from nbops.workspace import find_workspace

    say, workspace = Acks(request["acks"]), find_workspace(request["workspace"])
    number = holder(workspace, "churn", "Production") or 0
    for turn in range(10_000):
        if turn % 5 == 4:
            done = rollback("churn", to=number % 3 + 1, reason="back", workspace=workspace)
        else:
            done = promote_version("churn", number % 3 + 1, expect=number or None, workspace=workspace)
        number = done.version
        say(did=done.kind, version=number, seq=done.audit_seq)


def register(request):
    """A registry that grows: a model and its version, one after the other until the end comes."""
    from sklearn.linear_model import LogisticRegression

    import nbops
    from nbops.registry import register as register_model
    from nbops.workspace import find_workspace

    say, workspace = Acks(request["acks"]), find_workspace(request["workspace"])
    for number in range(10_000):
        with nbops.track(f"{request['name']}-{number}", workspace=workspace) as run:
            run.model(LogisticRegression(C=number + 1.0).fit([[0.0], [1.0]], [0, 1]), "model")
        version = register_model("churn", run_id=run.run_id, workspace=workspace)
        say(version=version.version, run=run.run_id, c=number + 1.0)


def main():
    for module in json.loads(sys.stdin.readline()):
        importlib.import_module(module)
    print("warm", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "reap" in request:
            print(os.waitpid(request["reap"], 0)[1], flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            # Whatever happens, the child must not go on as the nursery.
            try:
                os.close(0)
                {"track": track, "cells": cells, "courier": courier, "promote": promote, "register": register}[
                    request["do"]
                ](request)
            finally:
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
