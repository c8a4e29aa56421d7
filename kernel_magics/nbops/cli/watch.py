"""``nbops watch``."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator

from nbops.cli.options import common, workspace_of
from nbops.errors import UsageError
from nbops.records import AuditEvent, to_wire
from nbops.views.registry import event_text
from nbops.workspace import Workspace
from nbops.workspace.location import sqlite_path

# How often the ledger is asked: a SQLite file whether it was written, a server for its last event.
_LOCAL, _REMOTE = 0.1, 1.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "watch",
        help="print what happens in the registry, as it happens",
        description="Prints events of the audit log, one a line, until it is interrupted.",
    )
    common(parser)
    parser.add_argument("--since", type=int, metavar="SEQ", help="begin after this event; 0: with the first one")
    parser.add_argument("--model", default="", help="only this model")
    parser.add_argument("--action", action="append", default=[], metavar="A", help="only this, e.g. promote (repeat)")
    parser.add_argument("--once", action="store_true", help="print what is there already and end")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many events")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="end after so long; exit code 3")
    parser.set_defaults(func=_watch)


def _watch(options: argparse.Namespace) -> int:
    from nbops.ledger.audit import head

    if options.since is not None and options.since < 0:
        raise UsageError("--since must be the number of an event, or 0.")
    if options.count is not None and options.count < 1:
        raise UsageError("--count must be at least 1.")
    workspace = workspace_of(options)
    after = options.since
    if after is None:
        after = 0 if options.once else head(workspace)[0]
    end = None if options.timeout is None else time.monotonic() + options.timeout
    wait = (lambda: False) if options.once else _changes(workspace, end)
    for count, event in enumerate(_events(workspace, after, options, wait), 1):
        # A pipe would otherwise hold lines back until there are many.
        print(json.dumps(to_wire(event), ensure_ascii=False) if options.json else event_text(event), flush=True)
        if count == options.count:
            return 0
    return 0 if options.once else 3


def _events(
    workspace: Workspace, after: int, options: argparse.Namespace, wait: Callable[[], bool]
) -> Iterator[AuditEvent]:
    from nbops.ledger.audit import read_events

    while True:
        while found := read_events(workspace, after=after, limit=500):
            for event in found:
                after = event.seq
                if options.model in ("", event.model) and (not options.action or event.action in options.action):
                    yield event
        if not wait():
            return


def _changes(workspace: Workspace, end: float | None) -> Callable[[], bool]:
    """Give a function that waits until there may be something new, and says whether to go on."""
    from nbops.tracking.watch import Watch

    path = sqlite_path(workspace.ledger_uri)
    file = Watch(path) if path is not None else None

    def wait() -> bool:
        while True:
            if end is not None and time.monotonic() >= end:
                return False
            if file is None:
                time.sleep(_REMOTE)
                return True
            if file.changed():
                return True
            time.sleep(_LOCAL)

    return wait
