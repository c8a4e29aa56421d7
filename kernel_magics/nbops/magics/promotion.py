"""``%promote``, ``%rollback``, ``%request``, ``%approve`` and ``%reject``."""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show
from nbops.views.registry import approval_text, promotion_html, promotion_text

_TARGET = [Option("stage", "Staging or Production (the default)", "STAGE"), Option("alias", "alias instead", "ALIAS")]
_PROMOTE = Grammar(
    "%promote",
    "Show a version against the holder of a stage or alias; with --yes, promote it.",
    [
        *_TARGET,
        Option("reason", "why", "TEXT"),
        Option("expect", "version that must hold it now, or none", "HOLDER"),
        Option("yes", "promote now instead of showing the panel"),
        Option("dry-run", "say what would happen"),
        Option("text", "show the comparison without buttons"),
    ],
    words="name version",
)
_ROLLBACK = Grammar(
    "%rollback",
    "Give a stage or alias back to a former holder.",
    [*_TARGET, Option("to", "the former holder", "VERSION"), Option("reason", "why (needed)", "TEXT")],
    words="name",
)
_REQUEST = Grammar(
    "%request", "Ask for a promotion.", [*_TARGET, Option("comment", "what to look at", "TEXT")], words="name version"
)
_APPROVE = Grammar(
    "%approve",
    "Let a version through.",
    [
        *_TARGET,
        Option("comment", "what was looked at", "TEXT"),
        Option("pickle", "let its pickle be loaded (needs a comment)"),
    ],
    words="name version",
)
_REJECT = Grammar(
    "%reject", "Say no to a version.", [*_TARGET, Option("reason", "why (needed)", "TEXT")], words="name version"
)


def promote(line: str) -> Any:
    """Show the promotion panel, or promote."""
    call = Call(_PROMOTE, line)
    if not call.wanted:
        return
    name, version = _words(call, "%promote", 2)
    target, given = _target(call), call.arguments
    if given.flag("yes") or given.flag("dry-run"):
        _now(call, name, version, target)
        return
    from nbops.display import promotion

    promotion(name, version, target, buttons=not given.flag("text"), workspace=call.workspace)


def rollback(line: str) -> None:
    """Roll back."""
    call = Call(_ROLLBACK, line)
    if not call.wanted:
        return
    from nbops.registry import rollback as roll_back

    (name,) = _words(call, "%rollback", 1)
    given = call.arguments
    done = roll_back(
        name, _target(call), to=given.one("to") or None, reason=given.one("reason"), workspace=call.workspace
    )
    _mirror(call)
    show(promotion_text(done), promotion_html(done))


def request(line: str) -> None:
    """Ask for a promotion."""
    call = Call(_REQUEST, line)
    if not call.wanted:
        return
    from nbops.registry import request_promotion

    name, version = _words(call, "%request", 2)
    made = request_promotion(
        name, version, _target(call), comment=call.arguments.one("comment"), workspace=call.workspace
    )
    _mirror(call)
    show(f"{made.requested_by} asks: {made.model} version {made.version} to {made.target}")


def approve(line: str) -> None:
    """Approve a version."""
    call = Call(_APPROVE, line)
    if not call.wanted:
        return
    from nbops.registry import approve as approve_version
    from nbops.registry import approve_pickle

    name, version = _words(call, "%approve", 2)
    comment = call.arguments.one("comment")
    if call.arguments.flag("pickle"):
        given = approve_pickle(name, version, reason=comment, workspace=call.workspace)
    else:
        given = approve_version(name, version, _target(call), comment=comment, workspace=call.workspace)
    _mirror(call)
    show(approval_text(given))


def reject(line: str) -> None:
    """Reject a version."""
    call = Call(_REJECT, line)
    if not call.wanted:
        return
    from nbops.registry import reject as reject_version

    name, version = _words(call, "%reject", 2)
    given = reject_version(name, version, _target(call), reason=call.arguments.one("reason"), workspace=call.workspace)
    _mirror(call)
    show(approval_text(given))


def _now(call: Call, name: str, version: str, target: str) -> None:
    from nbops.registry import promote as promote_version
    from nbops.registry.targets import expected_holder

    given = call.arguments
    extra: dict[str, Any] = {}
    if expected := given.one("expect"):
        extra["expect"] = expected_holder(expected)
    done = promote_version(
        name,
        version,
        target,
        reason=given.one("reason"),
        dry_run=given.flag("dry-run"),
        workspace=call.workspace,
        **extra,
    )
    _mirror(call)
    show(promotion_text(done), promotion_html(done))


def _words(call: Call, magic: str, count: int) -> tuple[str, ...]:
    words = call.arguments.words
    if len(words) != count:
        wanted = "a model's name" + (" and a version" if count == 2 else "")
        raise UsageError(f"{magic} takes {wanted}.", hint=f"See {magic} -h.")
    return words


def _target(call: Call) -> str:
    stage, alias = call.arguments.one("stage"), call.arguments.one("alias")
    if stage and alias:
        raise UsageError("Give --stage or --alias, not both.")
    return stage or alias or "Production"


def _mirror(call: Call) -> None:
    """See to it that MLflow and the webhooks are told."""
    from nbops.tracking.courier import ensure_running

    ensure_running(call.workspace)
