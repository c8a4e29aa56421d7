"""``nbops scheduler``."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from nbops.scheduling.scheduler import Scheduler


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "scheduler",
        help="run the scheduler as a service",
        description="Starts what schedules say until it is interrupted. Any number may run; one of them leads.",
    )
    common(parser)
    parser.add_argument("--once", action="store_true", help="do what is due now and end, for cron or systemd")
    parser.add_argument("--listen", metavar="HOST:PORT", help="let programs that have the token fire schedules")
    parser.set_defaults(func=_scheduler)


def _scheduler(options: argparse.Namespace) -> int:
    from nbops.scheduling.listening import TOKEN, address_of, listening
    from nbops.scheduling.scheduler import Scheduler

    if options.once and options.listen:
        raise UsageError("--once and --listen do not go together.")
    workspace = workspace_of(options)
    workspace.ensure()
    scheduler = Scheduler(workspace)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    if options.once:
        led = scheduler.once()
        print_json({"leads": led}) if options.json else print("done" if led else "another process leads, or none need")
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        facts = {"workspace": str(workspace.root)}
        if options.listen:
            place = stack.enter_context(listening(workspace, address_of(options.listen), lambda: scheduler.leads))
            # What is started from here has no business with it.
            os.environ.pop(TOKEN, None)
            facts["listens"] = f"http://{place[0]}:{place[1]}"
        _say(options, facts)
        _run(scheduler, stop)
    if not stop.is_set():
        raise WorkspaceError(f"{workspace.root} is no longer the workspace that this began in.")
    return 0


def _run(scheduler: Scheduler, stop: threading.Event) -> None:
    # Signals reach the main thread at once only when it waits for nothing but them.
    thread = threading.Thread(target=scheduler.run, args=(stop,), name="nbops-scheduler")
    thread.start()
    while thread.is_alive():
        thread.join(0.5)


def _say(options: argparse.Namespace, facts: dict[str, str]) -> None:
    if options.json:
        print_json(facts)
    else:
        print(", ".join(["scheduler of " + facts["workspace"], *([facts["listens"]] if "listens" in facts else [])]))
    sys.stdout.flush()
