"""Rules that data are checked against, wherever they stand, and what broke them as a part of a drift report."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbops.data.findings import ValidationReport
from nbops.data.profile import Profile
from nbops.data.reading import path_of, read_table
from nbops.data.rules import Rules, infer_rules
from nbops.data.rulesets import load_rules
from nbops.data.schema import is_schema
from nbops.data.sources import read_source
from nbops.data.validation import validate
from nbops.errors import UsageError
from nbops.monitoring.further import rows_of
from nbops.tracking.frame_profiles import names_tracked, tracked_frame
from nbops.workspace import Workspace, find_workspace

REFERENCE = "reference"
_NAMED = re.compile(r"[^\W\d][\w-]*(?:@\d+)?")
# Findings that a report holds; what is beyond them is counted.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Ruled:
    """Rules, or a schema of pandera, and what they are called."""

    rules: Any
    words: str


def rules_of(against: Any, workspace: Workspace | None = None) -> tuple[Any, str]:
    """Give the rules that something stands for, see :func:`nbops.validating.validate`, and what they are called."""
    if isinstance(against, Ruled):
        return against.rules, against.words
    if isinstance(against, Rules) or is_schema(against):
        return against, ""
    if isinstance(against, Profile):
        return infer_rules(against), "the profile"
    if not isinstance(against, (str, os.PathLike)):
        return infer_rules(read_table(against)), "the reference"
    text = os.fspath(against)
    if text.startswith("models:/"):
        from nbops.registry.facts import profile_at

        learnt = profile_at(text, workspace=workspace)
        return infer_rules(learnt), f"the data that {text.removeprefix('models:/')} learnt from"
    if names_tracked(text):
        found_frame = tracked_frame(workspace or find_workspace(), text)
        return infer_rules(found_frame.profile), found_frame.words
    path = path_of(text)
    if path.is_file() and _holds_rules(path):
        from nbops.data.rulesfile import read_rules

        return read_rules(path), path.name
    if _NAMED.fullmatch(text) and not path.exists():
        found = load_rules(workspace or find_workspace(), text)
        return found.rules, found.label
    return infer_rules(read_source(text)), path.name


def asks_for(rules: Any) -> bool:
    """Whether rules were given: neither nothing nor ``False`` nor an empty name."""
    return not (rules is None or rules is False or (isinstance(rules, str) and not rules))


def ruled(rules: Any, reference: Any, workspace: Workspace | None = None) -> Ruled:
    """Give the rules that a comparison asks for: ``True`` or ``reference`` stand for those inferred from the reference."""
    if rules is not True and not (isinstance(rules, str) and rules == REFERENCE):
        return Ruled(*rules_of(rules, workspace))
    known = reference if isinstance(reference, Profile) else rows_of(reference)
    return Ruled(infer_rules(known), "the reference")


def quality_of(current: Any, given: Ruled, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """Check rows against rules; give what a drift report holds of it.

    Parameters
    ----------
    current
        A frame, or what :func:`nbops.monitoring.further.rows_of` reads.
    given
        The rules.
    columns
        Only these; what else there is is of no account then.

    Raises
    ------
    UsageError
        There are no rows, only a profile of them.
    """
    if isinstance(current, Profile):
        raise UsageError("A profile has no rows to check against rules.", hint="Give the data, or leave the rules out.")
    frame, rules = rows_of(current), given.rules
    if columns is not None and isinstance(rules, Rules):
        wanted = set(columns)
        frame = frame.loc[:, [str(name) in wanted for name in frame.columns]]
        rules = replace(rules, columns=tuple(one for one in rules.columns if one.name in wanted), extra="allow")
    return quality_part(validate(frame, rules, against=given.words))


def quality_part(report: ValidationReport) -> dict[str, Any]:
    """Give what a drift report holds of a check of rules: ``sentence``, ``passed`` and ``findings``, the worst first."""
    found = report.to_dict()
    findings = found["findings"]
    return {**found, "findings": findings[:_MOST], "more": max(0, len(findings) - _MOST)}


def _holds_rules(path: Path) -> bool:
    if path.suffix.lower() == ".toml":
        return True
    if path.suffix.lower() != ".json":
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and isinstance(found.get("columns"), (list, dict))
