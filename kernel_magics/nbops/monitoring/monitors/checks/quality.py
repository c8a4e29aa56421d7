"""The window's rows against rules: those of a file or kept under a name, or those inferred from the reference."""

from __future__ import annotations

from dataclasses import replace

from nbops.data.reading import path_of
from nbops.data.rules import Rules, infer_rules
from nbops.data.rulesets import load_rules
from nbops.data.rulesfile import read_rules
from nbops.data.validation import validate
from nbops.monitoring.monitors.checks.drifting import compared_columns, inputs
from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.monitoring.ruling import quality_part
from nbops.records import Check, CheckResult, MonitorState

_NAMED = 3
_KEPT = 50


def check_quality(look: Look, check: Check) -> CheckResult:
    """Validate. A broken rule that is an error is an alert, one that is a warning a warning, unless a limit says otherwise."""
    frame = look.rows.frame
    if not len(frame):
        raise NothingYet("There are no rows in the window.")
    report = validate(inputs(look), _rules(look, check))
    # It stands in the report of the look too.
    look.quality = quality_part(report)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    told = errors or list(report.findings)
    named = "; ".join(f"{one.column} {one.message}".strip() for one in told[:_NAMED])
    more = f"; {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    words = f"Quality: {named}{more}" if told else f"Quality: {report.rows:,} rows meet the rules"
    value = float(len(errors))
    state: MonitorState = "alert" if errors else "warning" if told else "ok"
    if check.threshold is not None or check.warning is not None:
        state, words = judge(check, value), against(check, value, words)
    return CheckResult(
        check=check.name,
        kind="quality",
        state=state,
        message=words,
        value=value,
        limit=check.threshold if check.threshold is not None else 0.0,
        columns=tuple(dict.fromkeys(one.column for one in told if one.column)),
        detail={"findings": report.to_dict()["findings"][:_KEPT], "rows": report.rows},
    )


def _rules(look: Look, check: Check) -> Rules:
    said = str(check.options.get("rules", ""))
    if said:
        file = path_of(look.workspace.root / said)
        return read_rules(file) if file.is_file() else load_rules(look.workspace, said).rules
    rules = infer_rules(look.reference)
    columns = compared_columns(look, check)
    if columns is None:
        return rules
    # What else the data hold is of no account for the model.
    wanted = set(columns)
    return replace(rules, columns=tuple(one for one in rules.columns if one.name in wanted), extra="allow")
