"""``nbops profile``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nbops.cli.options import common, workspace_of


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("profile", help="show what the columns of data are, and what to look at")
    common(parser)
    parser.add_argument("data", help="file, folder, pattern, duckdb:SELECT …, run:WHICH/FRAME or data:FINGERPRINT")
    parser.add_argument("--columns", default="", metavar="NAMES", help="only these, separated by commas")
    parser.add_argument("--target", default="", metavar="COLUMN", help="say which columns alone tell this one")
    parser.add_argument("--html", metavar="FILE", help="write the table there")
    parser.set_defaults(func=_profile)


def _profile(options: argparse.Namespace) -> int:
    from nbops.display.profile_report import profile
    from nbops.views.profile import profile_html

    columns = [name.strip() for name in options.columns.split(",") if name.strip()] or None
    found = profile(options.data, columns=columns, target=options.target, workspace=workspace_of(options))
    if options.html:
        page = f'<!doctype html><meta charset="utf-8"><title>Profile</title>{profile_html(found, found.remarks)}'
        Path(options.html).write_text(page, encoding="utf-8")
    print(json.dumps(found.to_dict()) if options.json else found)
    return 0
