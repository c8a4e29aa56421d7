"""``nbops promote``, ``rollback``, ``request``, ``requests``, ``approve``, ``reject``, ``archive`` and ``vacate``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import PromotionConflict, PromotionRefused
from nbops.records import to_wire
from nbops.views.registry import approval_text, promotion_text, requests_text

CONFLICT, REFUSED = 3, 4
_Parsers = argparse._SubParsersAction


def add_parser(commands: _Parsers[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    promote = _add(commands, "promote", "let a version hold a lifecycle stage or alias", _promote, version=True)
    promote.epilog = (
        "Exit codes: 0 promoted, 3 another version holds it (it is named), 4 gates, approvals or card refuse."
    )
    promote.add_argument("--expect", metavar="HOLDER", help="version that must hold it now, or none")
    promote.add_argument("--digest", default="", help="digest of the version that was looked at")
    promote.add_argument("--gate-report", default="", metavar="DIGEST", help="gate report that was looked at")
    promote.add_argument("--reason", default="", help="why")
    promote.add_argument("--no-gates", action="store_true", help="do not run missing gates; refuse instead")
    promote.add_argument("--dry-run", action="store_true", help="change nothing, say what would happen")
    rollback = _add(commands, "rollback", "give a stage or alias back to a former holder", _rollback)
    rollback.add_argument("--to", metavar="VERSION", help="the former holder (default: whom the present one replaced)")
    rollback.add_argument("--reason", required=True, help="why")
    request = _add(commands, "request", "ask for a promotion", _request, version=True)
    request.add_argument("--comment", default="", help="what to look at")
    approve = _add(commands, "approve", "let a version through", _approve, version=True)
    approve.add_argument("--comment", "--reason", default="", help="what was looked at")
    approve.add_argument("--digest", default="", help="digest of the version that was looked at")
    approve.add_argument("--pickle", action="store_true", help="let its pickle be loaded (needs --reason)")
    reject = _add(commands, "reject", "say no to a version", _reject, version=True)
    reject.add_argument("--reason", "--comment", required=True, help="why")
    archive = _add(commands, "archive", "archive a version", _archive, version=True, target=False)
    archive.add_argument("--reason", default="", help="why")
    vacate = _add(commands, "vacate", "let nobody hold a stage or alias", _vacate)
    vacate.add_argument("--reason", required=True, help="why")
    requests = commands.add_parser("requests", help="list what waits for approval")
    common(requests)
    requests.add_argument("name", nargs="?", default="", help="only this model")
    requests.set_defaults(func=_requests)


def _add(
    commands: _Parsers[argparse.ArgumentParser],
    name: str,
    text: str,
    func: Any,
    *,
    version: bool = False,
    target: bool = True,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text)
    common(parser)
    parser.add_argument("name", help="registered model")
    if version:
        parser.add_argument("version", help="number or alias")
    if target:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--stage", choices=("Staging", "Production"), help="lifecycle stage (default: Production)")
        chosen.add_argument("--alias", help="alias instead, such as champion")
        chosen.add_argument("--target", help="either")
    parser.set_defaults(func=func)
    return parser


def _target(options: argparse.Namespace) -> str:
    return str(options.stage or options.alias or options.target or "Production")


def _promote(options: argparse.Namespace) -> int:
    from nbops.registry import promote
    from nbops.registry.targets import expected_holder

    workspace = workspace_of(options)
    extra: dict[str, Any] = {} if options.expect is None else {"expect": expected_holder(options.expect)}
    try:
        done = promote(
            options.name,
            options.version,
            _target(options),
            digest=options.digest,
            gate_report=options.gate_report,
            reason=options.reason,
            evaluate=not options.no_gates,
            dry_run=options.dry_run,
            workspace=workspace,
            **extra,
        )
    except PromotionConflict as error:
        return _told(options, error, CONFLICT, holder=error.holder, expected=error.expected)
    except PromotionRefused as error:
        return _told(options, error, REFUSED, reasons=error.reasons, kinds=error.kinds)
    _mirror(workspace)
    if options.json:
        print_json(
            {"promoted": not done.dry_run, "holder": done.version if not done.dry_run else done.previous}
            | to_wire(done)
        )
    else:
        print(promotion_text(done))
    return REFUSED if done.dry_run and done.obstacles else 0


def _told(options: argparse.Namespace, error: PromotionConflict | PromotionRefused, code: int, **facts: Any) -> int:
    if options.json:
        print_json({"promoted": False, "message": error.message, "hint": error.hint, **facts})
    print(f"nbops: {error}", file=sys.stderr)
    return code


def _rollback(options: argparse.Namespace) -> int:
    from nbops.registry import rollback

    workspace = workspace_of(options)
    done = rollback(options.name, _target(options), to=options.to, reason=options.reason, workspace=workspace)
    _mirror(workspace)
    return _show(options, done, promotion_text(done))


def _request(options: argparse.Namespace) -> int:
    from nbops.registry import request_promotion

    workspace = workspace_of(options)
    made = request_promotion(
        options.name, options.version, _target(options), comment=options.comment, workspace=workspace
    )
    _mirror(workspace)
    return _show(options, made, f"{made.requested_by} asks: {made.model} version {made.version} to {made.target}")


def _approve(options: argparse.Namespace) -> int:
    from nbops.registry import approve, approve_pickle

    workspace = workspace_of(options)
    if options.pickle:
        given = approve_pickle(options.name, options.version, reason=options.comment, workspace=workspace)
    else:
        given = approve(
            options.name,
            options.version,
            _target(options),
            comment=options.comment,
            digest=options.digest,
            workspace=workspace,
        )
    _mirror(workspace)
    return _show(options, given, approval_text(given))


def _reject(options: argparse.Namespace) -> int:
    from nbops.registry import reject

    workspace = workspace_of(options)
    given = reject(options.name, options.version, _target(options), reason=options.reason, workspace=workspace)
    _mirror(workspace)
    return _show(options, given, approval_text(given))


def _archive(options: argparse.Namespace) -> int:
    from nbops.registry import archive

    workspace = workspace_of(options)
    found = archive(options.name, options.version, reason=options.reason, workspace=workspace)
    _mirror(workspace)
    return _show(options, found, f"{found.model} version {found.version} is archived")


def _vacate(options: argparse.Namespace) -> int:
    from nbops.registry import vacate_target

    workspace = workspace_of(options)
    previous = vacate_target(options.name, _target(options), reason=options.reason, workspace=workspace)
    _mirror(workspace)
    return _show(
        options, {"previous": previous}, f"Nobody holds {_target(options)} of {options.name} now (before: {previous})"
    )


def _requests(options: argparse.Namespace) -> int:
    from nbops.ledger import open_ledger
    from nbops.registry.approvals import open_requests

    with open_ledger(workspace_of(options)).connect() as connection:
        found = open_requests(connection, options.name)
    return _show(options, found, requests_text(found))


def _mirror(workspace: Any) -> None:
    """See to it that MLflow and the webhooks are told."""
    from nbops.tracking.courier import ensure_running

    ensure_running(workspace)


def _show(options: argparse.Namespace, value: Any, text: str) -> int:
    if options.json:
        print_json(value)
    else:
        print(text)
    return 0
