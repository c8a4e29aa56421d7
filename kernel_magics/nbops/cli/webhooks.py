"""``nbops webhooks``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.status import webhooks_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("webhooks", help="who is told of events, and what has not arrived")
    common(parser)
    parser.add_argument("--retry", action="store_true", help="try at once what waits or was given up")
    parser.set_defaults(func=_webhooks)


def _webhooks(options: argparse.Namespace) -> int:
    from nbops.tracking.courier import ensure_running
    from nbops.tracking.webhooks import retry, summary

    workspace = workspace_of(options)
    if options.retry and retry(workspace):
        ensure_running(workspace)
    found = summary(workspace)
    if options.json:
        print_json(found)
    else:
        print(webhooks_text(found))
    return 1 if any(hook["given_up"] for hook in found) else 0
