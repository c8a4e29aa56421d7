"""What a check of data found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nbops.redaction import redact, redacted_cells

Severity = Literal["error", "warning"]
_LONGEST = 60
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule. ``rows`` counts the cells concerned; ``examples`` shows some of their values.

    An *error* is something a model should not be given; a *warning* is something a person should look at.
    """

    column: str
    rule: str
    severity: Severity
    message: str
    value: float | str | None = None
    limit: float | str | None = None
    rows: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What was found; ``passed`` when no finding is an error. ``against`` says in words by which rules."""

    rows: int
    findings: tuple[Finding, ...]
    against: str = ""
    columns: int = 0

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What a model should not be given."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def sentence(self) -> str:
        """The conclusion in one sentence."""
        errors, warnings = len(self.errors), len(self.findings) - len(self.errors)
        rows = count_of(self.rows, "row")
        # It may be one row that does not, or a column that is not there.
        told = (
            f"{rows} meet{'s' if self.rows == 1 else ''} the rules"
            if self.passed
            else f"The data ({rows}) do not meet the rules"
        )
        told += f" of {self.against}" if self.against else ""
        counts = [count_of(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
        return told + (f": {', '.join(counts)}." if counts else ".")

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        findings = [{**asdict(finding), "examples": list(finding.examples)} for finding in self.findings]
        return {
            "passed": self.passed,
            "rows": self.rows,
            "columns": self.columns,
            "against": self.against,
            "sentence": self.sentence,
            "findings": findings,
        }

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.rows:,} rows, nothing to object to"
        lines = [
            f"{'✕' if f.severity == 'error' else '▲'} {f.column and f'{f.column}: '}{f.message}" for f in self.findings
        ]
        return "\n".join([f"{self.rows:,} rows, {'passed' if self.passed else 'not passed'}", *lines])


def error(column: str, rule: str, message: str, value: Any = None, limit: Any = None, rows: int = 0) -> Finding:
    """Make a finding that is an error."""
    return Finding(column=column, rule=rule, severity="error", message=message, value=value, limit=limit, rows=rows)


def warning(column: str, rule: str, message: str, rows: int = 0) -> Finding:
    """Make a finding that is a warning."""
    return Finding(column=column, rule=rule, severity="warning", message=message, rows=rows)


def examples_of(values: Iterable[Any], column: str = "") -> tuple[str, ...]:
    """Give the first few different values of a column as short texts, secrets replaced."""
    found: dict[str, None] = {}
    for value in values:
        text = f"{value:.6g}" if isinstance(value, float) else _without_secrets(column, value)
        found[text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"] = None
        if len(found) == _SHOWN:
            break
    return tuple(found)


def _without_secrets(column: str, value: Any) -> str:
    """Give a cell as text, before it is cut: half a token is a secret too."""
    if isinstance(value, str):
        return repr(redacted_cells(column, [value])[0])
    return redact(str(value))[0]


def count_of(many: int, noun: str) -> str:
    """Give ``1 row`` or ``1,200 rows``."""
    return f"{many:,} {noun}" if many == 1 else f"{many:,} {noun}s"
