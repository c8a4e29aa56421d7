"""What a version can be promoted to: the lifecycle stages Staging and Production, or an alias."""

from __future__ import annotations

import re

from nbops.errors import UsageError

PRODUCTION, STAGING, ARCHIVED = "Production", "Staging", "Archived"
STAGES = (STAGING, PRODUCTION)
# The alias that goes with Production, so that whoever follows it through MLflow gets what is in production.
CHAMPION = "champion"
PICKLE = "load:pickle"
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_BY_LOWER = {stage.lower(): stage for stage in STAGES}


def target_name(target: str) -> str:
    """Give the name of a target as it is stored: stages in their own spelling, aliases as they are.

    Raises
    ------
    UsageError
        It is neither a stage one can promote to nor a possible alias.
    """
    stage = _BY_LOWER.get(target.strip().lower())
    if stage is not None:
        return stage
    if target.strip().lower() in {"archived", "none"}:
        raise UsageError(
            f"Nothing is promoted to {target.strip()}.", hint="`nbops archive NAME VERSION` archives a version."
        )
    check_alias(target)
    # Where MLflow lies in MySQL, names that differ in case are one: another spelling must not go round the policy.
    return CHAMPION if target.lower() == CHAMPION else target


def is_stage(target: str) -> bool:
    """Whether a stored target is a lifecycle stage, not an alias."""
    return target in STAGES


def check_alias(alias: str) -> None:
    """Refuse an alias that MLflow would not take, or that reads like a lifecycle stage.

    Raises
    ------
    UsageError
        It does not start with a letter, holds other than letters, digits, ``_`` and ``-``, or is reserved.
    """
    if not _ALIAS.fullmatch(alias) or alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise UsageError(
            f"{alias!r} cannot be an alias.",
            hint="Start with a letter, use letters, digits, _ and -; 'latest' and 'v1' are reserved.",
        )
    if alias.lower() in {*_BY_LOWER, "archived", "none"}:
        raise UsageError(f"{alias!r} is a lifecycle stage, not an alias.", hint="Promote to it instead.")


def expected_holder(text: str) -> int | None:
    """Read whom a person expects to hold a target: a version's number, or ``none``.

    Raises
    ------
    UsageError
        It is neither.
    """
    word = text.strip().lower()
    if word in {"none", "nobody"}:
        return None
    if not re.fullmatch(r"v?\d{1,9}", word, re.ASCII):
        raise UsageError(f"--expect {text}: give a version's number, or none.")
    return int(word.removeprefix("v"))
