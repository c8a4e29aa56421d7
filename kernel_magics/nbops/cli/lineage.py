"""``nbops lineage``."""

from __future__ import annotations

import argparse
import json

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.document import page, write_document
from nbops.views.lineage import lineage_html, lineage_svg, lineage_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    lineage = commands.add_parser("lineage", help="what something came from and what came from it")
    common(lineage)
    lineage.add_argument("start", help="churn, churn@3, churn:champion, a run, a data fingerprint or a data file")
    lineage.add_argument("--direction", choices=("both", "before", "after"), default="both", help="which way (both)")
    lineage.add_argument("--svg", metavar="FILE", help="write a picture")
    lineage.add_argument("--html", metavar="FILE", help="write a self-contained page")
    lineage.add_argument("--openlineage", metavar="FILE", help="write OpenLineage events, one a line")
    lineage.set_defaults(func=_lineage)


def _lineage(options: argparse.Namespace) -> int:
    from nbops.governance.lineage import lineage
    from nbops.governance.openlineage import openlineage_events

    workspace = workspace_of(options)
    found = lineage(workspace, options.start, direction=options.direction)
    written = []
    if options.svg:
        written.append(write_document(options.svg, lineage_svg(found)))
    if options.html:
        written.append(write_document(options.html, page(f"Lineage of {options.start}", lineage_html(found))))
    if options.openlineage:
        events = openlineage_events(found, workspace.root.name or "nbops", workspace.root)
        written.append(write_document(options.openlineage, "".join(json.dumps(event) + "\n" for event in events)))
    if options.json:
        print_json(found)
    elif written:
        print("\n".join(f"Written to {path}" for path in written))
    else:
        print(lineage_text(found))
    return 0
