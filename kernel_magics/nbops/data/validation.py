"""Data checked against rules that were inferred from a reference, or written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbops.data.dirt import dirt
from nbops.data.findings import Finding, ValidationReport, count_of, error, warning
from nbops.data.kinds import is_text, text_as_booleans, text_as_numbers
from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.data.rules import ColumnRules, Relation, Rules, infer_rules
from nbops.data.schema import is_schema, schema_findings, value_findings
from nbops.data.typed import as_numbers, as_times, as_words
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnRules", "Finding", "Relation", "Rules", "ValidationReport", "infer_rules", "validate"]
_TEXTS = frozenset({"category", "identifier", "text", "boolean"})


def validate(frame: pd.DataFrame, rules: Any, *, against: str = "", profile: Profile | None = None) -> ValidationReport:
    """Check data against rules, and for dirt that needs no rule.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    rules
        From :func:`infer_rules`, or written by hand; or a schema or model of pandera.
    against
        What the rules are of, in words.
    profile
        Of this very frame, where somebody has made it already: it is not looked through a second time.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    profile = profile or profile_frame(frame)
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if is_schema(rules):
        findings = schema_findings(frame, rules)
    elif isinstance(rules, Rules):
        findings = _all_findings(frame, rules, profile)
    else:
        raise DataError(f"A {type(rules).__name__} is no set of rules.", hint="Give Rules, or a schema of pandera.")
    findings += [finding for column in profile.columns for finding in dirt(column, frame)]
    if not len(frame) and not any(finding.rule == "rows" for finding in findings):
        findings.insert(0, error("", "rows", "there are no rows"))
    order = {name: position for position, name in enumerate(frame.columns)}
    findings.sort(key=lambda finding: (finding.severity != "error", order.get(finding.column, -1)))
    return ValidationReport(len(frame), tuple(findings), against, len(frame.columns))


def _all_findings(frame: pd.DataFrame, rules: Rules, profile: Profile) -> list[Finding]:
    findings: list[Finding] = []
    readable: dict[str, pd.Series] = {}
    for rule in rules.columns:
        column = profile.column(rule.name)
        if column is None:
            if not rule.optional:
                findings.append(_graded(rule, error(rule.name, "column", "is missing")))
            continue
        found, values = _kind_findings(rule, column, frame[rule.name])
        findings += [_graded(rule, finding) for finding in found]
        if values is not None:
            readable[rule.name] = values
    findings += _frame_findings(frame, rules, profile)
    if readable and len(frame):
        import pandas as pd

        # Rows are found by position, whatever the index is.
        plain = {name: values.reset_index(drop=True) for name, values in readable.items()}
        findings += value_findings(pd.DataFrame(plain), rules)
    return findings


def _frame_findings(frame: pd.DataFrame, rules: Rules, profile: Profile) -> Iterator[Finding]:
    known = {rule.name for rule in rules.columns}
    for column in profile.columns:
        if column.name not in known and rules.extra != "allow":
            say = error if rules.extra == "error" else warning
            yield say(column.name, "unknown column", "is not in the reference")
    if rules.rows > 1 and len(frame) < rules.rows:
        yield error("", "rows", f"{len(frame):,} rows, at least {rules.rows:,}", float(len(frame)), float(rules.rows))
    if rules.duplicates is not None and len(frame):
        twice = int(frame.astype(str).duplicated().sum())
        if twice > rules.duplicates * len(frame):
            said = f"{count_of(twice, 'row')} the same as an earlier one, at most {rules.duplicates:.1%}"
            yield error("", "duplicates", said, twice / len(frame), rules.duplicates, twice)
    for one in rules.relations:
        for name in (one.left, one.right):
            if isinstance(name, str) and name not in frame.columns:
                yield error(name, "relation", f"is missing, and {one} needs it")


def _kind_findings(
    rule: ColumnRules, column: ColumnProfile, values: pd.Series
) -> tuple[list[Finding], pd.Series | None]:
    """Say whether a column is what it should be; give its values so that they can be checked, or nothing."""
    if rule.kind == "number" and is_text(values):
        read, words = text_as_numbers(column, values, usual=rule.text)
        if read is None:
            said = f"is text, expected number; {words} of {column.rows} cells hold no number"
            return [error(rule.name, "type", said, "text", rule.kind, words or column.count)], None
        column = read
    if rule.kind == "boolean":
        column = text_as_booleans(column)
    found: list[Finding] = []
    share = column.nulls / column.rows if column.rows else 0.0
    if share > rule.nulls:
        said = f"{share:.1%} missing, at most {rule.nulls:.1%}"
        found.append(error(rule.name, "nulls", said, share, rule.nulls, column.nulls))
    alike = {rule.kind, column.kind}
    if "empty" in alike or (alike & {"vector", "nested"} and len(alike) == 1):
        return found, None
    if rule.kind != "any" and not _same_kind(rule.kind, column, values):
        said = f"is {column.kind}, expected {rule.kind}"
        return [*found, error(rule.name, "type", said, column.kind, rule.kind, column.count)], None
    return found, _readable(rule, column, values)


def _same_kind(expected: str, column: ColumnProfile, values: pd.Series) -> bool:
    """Whether a column is what it should be. Whether a text looks like an identifier depends on how many rows there are."""
    if expected == column.kind or {expected, column.kind} <= _TEXTS - {"boolean"}:
        return True
    if "identifier" in (expected, column.kind):
        return {expected, column.kind} <= {"identifier", "number", "category", "text"}
    # Truth values with gaps, and whole numbers that name things, are told by their values.
    if expected in _TEXTS and column.kind in {"number", "boolean"}:
        return not is_text(values) and expected != "boolean" and column.distinct <= 50
    return False


def _readable(rule: ColumnRules, column: ColumnProfile, values: pd.Series) -> pd.Series:
    if rule.kind == "number" or (rule.kind == "any" and column.kind == "number"):
        return as_numbers(values)
    if rule.kind == "time":
        return as_times(values)
    words = as_words(values)
    if rule.kind == "boolean" and words.notna().any():
        words = words.where(words.str.strip() != "", None)
    return words


def _graded(rule: ColumnRules, finding: Finding) -> Finding:
    return replace(finding, severity="warning") if finding.rule in rule.warn else finding
