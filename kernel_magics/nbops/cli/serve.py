"""``nbops serve``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from nbops.cli.options import common, workspace_of

if TYPE_CHECKING:
    from nbops.serving.recording import Recorder
    from nbops.serving.served import Served
    from nbops.workspace import Workspace

_LOCAL = ("127.0.0.1", "::1", "localhost")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    serve = commands.add_parser(
        "serve",
        help="serve a registered model over HTTP",
        epilog="GET /ping, GET /version, POST /invocations as MLflow has it, POST /labels, GET /metrics. NBOPS_SERVE_TOKEN, if set, must be given as a bearer token.",
    )
    common(serve)
    serve.add_argument("which", metavar="NAME[@TARGET|/VERSION]", help="by default the version in Production")
    serve.add_argument("--port", type=int, default=5001, help="port (default: 5001); 0 is any that is free")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--no-log", action="store_true", help="do not log what is predicted")
    serve.add_argument("--with-caller", action="store_true", help=argparse.SUPPRESS)
    serve.set_defaults(func=_serve)


def _serve(options: argparse.Namespace) -> int:
    from nbops.serving.app import TOKEN, application
    from nbops.serving.served import load_served
    from nbops.serving.server import listen, serve

    workspace = workspace_of(options)
    served = load_served(options.which, workspace)
    recorder = _recorder(options, served, workspace)
    token = os.environ.get(TOKEN, "")
    if options.host not in _LOCAL and not token:
        print(f"! whoever reaches {options.host} can use it: set {TOKEN}", file=sys.stderr)

    def ready(url: str) -> None:
        found = served.version
        if options.json:
            # One line, because it is not the end: whoever started this waits for it.
            print(json.dumps({"url": url, **served.facts()}), flush=True)
        else:
            print(f"{found.model} version {found.version} ({found.digest[:12]}) answers on {url}", flush=True)

    if options.with_caller:
        threading.Thread(target=_end_with_caller, daemon=True).start()
    ended = recorder.close if recorder is not None else lambda: None
    app = application(served, token=token, recorder=recorder)
    serve(app, listen(options.host, options.port), ready, ended)
    return 0


def _recorder(options: argparse.Namespace, served: Served, workspace: Workspace) -> Recorder | None:
    from nbops.monitoring.predictions import read_prediction_settings
    from nbops.serving.recording import Recorder

    settings = read_prediction_settings(workspace)
    return Recorder(served, workspace, settings) if settings.log and not options.no_log else None


def _end_with_caller() -> None:
    """End when whoever has started this process has ended, however that came about: its end of our input is closed."""
    sys.stdin.buffer.read()
    os._exit(0)
