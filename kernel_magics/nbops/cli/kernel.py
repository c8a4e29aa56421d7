"""``nbops kernel``."""

from __future__ import annotations

import argparse
import sys

from nbops.cli.options import common, print_json


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    text = "kernels that start fast: install, remove, end their warm parents"
    kernel = commands.add_parser("kernel", help=text, epilog="Every action takes --json.")
    actions = kernel.add_subparsers(dest="action", metavar="ACTION", required=True)
    install = actions.add_parser("install", help='add the kernel "nbops fast Python" to JupyterLab')
    common(install)
    install.add_argument("--user", action="store_true", help="for all servers of this user, not of this environment")
    install.add_argument("--display-name", metavar="TEXT", help="what launchers call it")
    install.set_defaults(func=_install)
    remove = actions.add_parser("remove", help="take it away again")
    common(remove)
    remove.set_defaults(func=_remove)
    stop = actions.add_parser("stop", help="end the warm parents of this user; running kernels live on")
    common(stop)
    stop.set_defaults(func=_stop)


def _install(options: argparse.Namespace) -> int:
    from nbops.pipelines.warm.specs import DISPLAY, NAME, install_spec

    display = options.display_name or DISPLAY
    folder = install_spec(user=options.user, display=display)
    if options.json:
        print_json({"name": NAME, "display_name": display, "folder": str(folder)})
    else:
        print(f"The kernel {display!r} ({NAME}) is installed in {folder}.")
        if sys.platform != "linux":
            print("On this system it starts as any other: kernels are forked on Linux only.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from nbops.pipelines.warm.specs import NAME, remove_spec

    folder = remove_spec()
    if options.json:
        print_json({"name": NAME, "folder": str(folder)})
    else:
        print(f"The kernel {NAME} is removed from {folder}.")
    return 0


def _stop(options: argparse.Namespace) -> int:
    stopped = 0
    if sys.platform == "linux":
        from nbops.errors import WorkspaceError
        from nbops.pipelines.warm.asking import stop_parents
        from nbops.pipelines.warm.reasons import Unforkable

        try:
            stopped = stop_parents()
        except Unforkable as reason:
            raise WorkspaceError(f"{reason}.") from reason
    if options.json:
        print_json({"stopped": stopped})
    else:
        print(f"{stopped} warm parent{'' if stopped == 1 else 's'} ended.")
    return 0
