"""``nbops audit log|verify|report|head``."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from nbops.cli.history import moment_of
from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import NbopsError, UsageError
from nbops.views.registry import audit_text, verdict_text
from nbops.workspace import Workspace


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    audit = commands.add_parser("audit", help="read and prove the audit log")
    parts = audit.add_subparsers(title="commands", metavar="COMMAND", required=True)
    log = parts.add_parser("log", help="show events, the newest last")
    common(log)
    log.add_argument("--model", default="", help="only this model")
    log.add_argument("--action", default="", help="only these, e.g. promote")
    log.add_argument("--from", dest="since", metavar="DATE", help="only from then on")
    log.add_argument("--to", dest="until", metavar="DATE", help="only before then")
    log.add_argument("--limit", type=int, default=50, help="at most so many, the newest (default: 50)")
    log.set_defaults(func=_log)
    verify = parts.add_parser(
        "verify", help="prove the log and that the registry agrees with it; exit code 0 only then"
    )
    common(verify)
    verify.add_argument("--head", action="append", default=[], metavar="SEQ:MAC", help="a head kept elsewhere (repeat)")
    verify.set_defaults(func=_verify)
    report = parts.add_parser("report", help="write an auditor's report as a page and as CSV")
    common(report)
    report.add_argument("--model", default="", help="only this model")
    report.add_argument("--from", dest="since", metavar="DATE", help="only from then on")
    report.add_argument("--to", dest="until", metavar="DATE", help="only before then")
    report.add_argument("--html", metavar="FILE", help="write a self-contained page (default: in .nbops/reports)")
    report.add_argument(
        "--csv",
        metavar="FILE",
        help="write the events as CSV, and beside it as NAME-held.csv what was in Production when",
    )
    report.set_defaults(func=_report)
    head = parts.add_parser("head", help="print SEQ:MAC of the last event, to be kept elsewhere")
    common(head)
    head.set_defaults(func=_head)


def _log(options: argparse.Namespace) -> int:
    from nbops.ledger.audit import read_events

    if not 1 <= options.limit <= 1_000_000:
        raise UsageError("--limit must be from 1 to 1000000.")
    found = read_events(
        workspace_of(options),
        model=options.model,
        action=options.action,
        since=moment_of(options.since, "--from"),
        until=moment_of(options.until, "--to"),
        limit=options.limit,
        newest=True,
    )
    if options.json:
        print_json(found)
    else:
        print(audit_text(found))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from nbops.ledger.anchors import parse
    from nbops.ledger.verification import verify

    heads = []
    for text in options.head:
        head = parse(text)
        if head is None:
            raise UsageError(f"--head {text[:80]}: write it as SEQ:MAC, as `nbops audit head` prints it.")
        heads.append(head)
    workspace = workspace_of(options)
    verdict = verify(workspace, [*heads, *_heads_in_mlflow(workspace)])
    if options.json:
        print_json(verdict)
    else:
        print(verdict_text(verdict))
    return 0 if verdict.ok else 1


def _heads_in_mlflow(workspace: Workspace) -> list[tuple[int, str]]:
    from nbops.tracking.registry_heads import audit_heads_in_mlflow

    try:
        return audit_heads_in_mlflow(workspace)
    except NbopsError as error:
        # A server that is away must not keep the log from being proved by all that is here.
        print(f"nbops: the heads noted in MLflow could not be compared: {error}", file=sys.stderr)
        return []


def _head(options: argparse.Namespace) -> int:
    from nbops.ledger.audit import head

    seq, mac = head(workspace_of(options))
    if options.json:
        print_json({"seq": seq, "mac": mac})
    else:
        print(f"{seq}:{mac}" if seq else "The audit log has no events yet.")
    return 0


def _report(options: argparse.Namespace) -> int:
    from nbops.governance.audit_report import audit_report
    from nbops.views.audit import audit_page
    from nbops.views.document import write_document

    workspace = workspace_of(options)
    since, until = moment_of(options.since, "--from"), moment_of(options.until, "--to")
    heads = _heads_in_mlflow(workspace)
    report = audit_report(workspace, since=since, until=until, model=options.model, heads=heads)
    span = f"from {options.since or 'the first event'} to {options.until or 'now'}"
    made = (report.made_at, report.model, report.held)
    html = audit_page(report.workspace, report.events, report.verdict, report.head, span, *made)
    name = f"audit-{datetime.fromtimestamp(report.made_at).astimezone():%Y%m%d-%H%M%S}.html"
    written = {"html": str(write_document(options.html or workspace.reports / name, html))}
    if options.csv:
        written["csv"] = str(write_document(options.csv, report.to_csv()))
        beside = Path(options.csv)
        written["held_csv"] = str(write_document(beside.with_stem(f"{beside.stem}-held"), report.held_csv()))
    if options.json:
        print_json({**written, "ok": report.verdict.ok, "events": len(report.events), "head": report.head})
    else:
        print("\n".join(f"Written to {path}" for path in written.values()))
        print(verdict_text(report.verdict))
    return 0 if report.verdict.ok else 1
