"""Options and output that commands share."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.records import to_wire
from nbops.workspace import Workspace, find_workspace


def common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    parser.add_argument("-C", dest="folder", metavar="FOLDER", help="look for the workspace from this folder upwards")


def workspace_of(options: argparse.Namespace) -> Workspace:
    """Find the workspace that the options name.

    Raises
    ------
    UsageError
        ``-C`` names no folder.
    """
    if options.folder is not None and not Path(options.folder).is_dir():
        raise UsageError(f"-C {options.folder}: there is no such folder.")
    return find_workspace(options.folder)


def folder_of(options: argparse.Namespace) -> Path:
    """Give where paths start that the workspace is to keep: the folder of ``-C``, or the working directory."""
    return Path.cwd() if options.folder is None else Path(options.folder).absolute()


def print_json(value: Any) -> None:
    """Print records or plain values as JSON."""
    json.dump(to_wire(value), sys.stdout, indent=2, ensure_ascii=False)
    print()
