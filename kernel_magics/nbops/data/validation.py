"""Rules inferred from a reference and checked on other data.

Rules are plain values that a person can read, edit and keep under version control. An *error* is something a model
should not be given; a *warning* is something a person should look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nbops.data.kinds import is_text, text_as_booleans, text_as_numbers
from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_MOST_LISTED = 50
_NULL_SLACK = 0.05
# Numbers people write for "missing"; told when they stand far outside all the others.
_SENTINELS = (-9999.0, -999.0, -99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0, 99999999.0, 999999999.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRules:
    """What is expected of one column.

    ``nulls`` is the largest share of missing cells, ``minimum`` and ``maximum`` the range of numbers (``None`` for no limit),
    ``categories`` the allowed values (``None`` for any), ``unique`` whether no value may come twice,
    ``text`` whether numbers may be kept as text, as they were in the reference.
    """

    name: str
    kind: str
    nulls: float = 1.0
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    unique: bool = False
    text: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of all columns, in order."""

    columns: tuple[ColumnRules, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {"columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Rules:
        """Read what :meth:`to_dict` gave, possibly edited by hand.

        Raises
        ------
        DataError
            A key is unknown or missing.
        """
        try:
            rows = [
                ColumnRules(
                    **{**row, "categories": None if row.get("categories") is None else tuple(row["categories"])}
                )
                for row in data["columns"]
            ]
        except (KeyError, TypeError) as error:
            raise DataError(f"These are no rules: {error}.") from error
        return cls(tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule. ``severity`` is ``error`` or ``warning``; ``rows`` counts the cells concerned."""

    column: str
    rule: str
    severity: str
    message: str
    value: float | str | None = None
    limit: float | str | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What was found; ``passed`` when no finding is an error."""

    rows: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return all(finding.severity != "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {"passed": self.passed, "rows": self.rows, "findings": [asdict(finding) for finding in self.findings]}

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.rows:,} rows, nothing to object to"
        lines = [f"{'✕' if f.severity == 'error' else '▲'} {f.column}: {f.message}" for f in self.findings]
        return "\n".join([f"{self.rows:,} rows, {'passed' if self.passed else 'not passed'}", *lines])


def infer_rules(reference: pd.DataFrame) -> Rules:
    """Infer rules from data that are taken to be good.

    Ranges are widened by the width of the reference on both sides, because new data may well go a little beyond; a
    column without negative numbers must stay so. Categories are listed up to 50.

    Parameters
    ----------
    reference
        Shape ``(rows, columns)``.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    profile = profile_frame(reference)
    return Rules(tuple(_infer(column, reference) for column in profile.columns))


def validate(frame: pd.DataFrame, rules: Rules) -> ValidationReport:
    """Check data against rules, and for dirt that needs no rule.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    rules
        From :func:`infer_rules`, or written by hand.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    profile = profile_frame(frame)
    findings = [finding for rule in rules.columns for finding in _check(rule, profile, frame)]
    known = {rule.name for rule in rules.columns}
    for column in profile.columns:
        if column.name not in known:
            findings.append(_warning(column.name, "unknown column", "is not in the reference"))
        findings += _dirt(column, frame)
    if not len(frame):
        findings.insert(0, Finding(column="", rule="rows", severity="error", message="there are no rows"))
    return ValidationReport(len(frame), tuple(findings))


def _infer(column: ColumnProfile, reference: pd.DataFrame) -> ColumnRules:
    nulls = min(1.0, column.nulls / column.rows + _NULL_SLACK) if column.nulls else 0.0
    minimum = maximum = None
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        width = column.maximum - column.minimum
        minimum = 0.0 if column.minimum >= 0 > column.minimum - width else column.minimum - width
        maximum = column.maximum + width
    categories = None
    if column.kind in {"category", "boolean"} and not column.rest and column.distinct <= _MOST_LISTED:
        categories = tuple(sorted(column.categories))
    return ColumnRules(
        name=column.name,
        kind=column.kind,
        nulls=round(nulls, 4),
        minimum=minimum,
        maximum=maximum,
        categories=categories,
        unique=column.kind == "identifier" and reference[_label(reference, column.name)].dropna().is_unique,
        text=column.kind == "number" and column.parsed > 0,
    )


def _check(rule: ColumnRules, profile: Profile, frame: pd.DataFrame) -> Iterator[Finding]:
    column = profile.column(rule.name)
    if column is None:
        yield _error(rule.name, "column", "is missing")
        return
    values = frame[_label(frame, rule.name)]
    if rule.kind == "number" and is_text(values):
        read, words = text_as_numbers(column, values, usual=rule.text)
        if read is None:
            said = f"is text, expected number; {words} of {column.rows} cells hold no number"
            yield _error(rule.name, "type", said, "text", rule.kind, words or column.count)
            return
        column = read
    if rule.kind == "boolean":
        column = text_as_booleans(column)
    share = column.nulls / column.rows if column.rows else 0.0
    if share > rule.nulls:
        yield _error(
            rule.name, "nulls", f"{share:.1%} missing, at most {rule.nulls:.1%}", share, rule.nulls, column.nulls
        )
    alike = {rule.kind, column.kind}
    if "empty" in alike or rule.kind == "any":
        return
    # Whether a text looks like an identifier depends on how many rows there are.
    if len(alike) > 1 and not alike <= {"category", "identifier", "number"}:
        yield _error(rule.name, "type", f"is {column.kind}, expected {rule.kind}", column.kind, rule.kind, column.count)
        return
    if len(alike) > 1 and "number" in alike and "identifier" not in alike:
        yield _error(rule.name, "type", f"is {column.kind}, expected {rule.kind}", column.kind, rule.kind, column.count)
        return
    yield from _check_values(rule, column, values)


def _check_values(rule: ColumnRules, column: ColumnProfile, values: pd.Series) -> Iterator[Finding]:
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        numbers = _as_numbers(values)
        if rule.minimum is not None and column.minimum < rule.minimum:
            below = int((numbers < rule.minimum).sum())
            said = f"{below} below {rule.minimum:g}, the smallest is {column.minimum:g}"
            yield _error(rule.name, "minimum", said, column.minimum, rule.minimum, below)
        if rule.maximum is not None and column.maximum > rule.maximum:
            above = int((numbers > rule.maximum).sum())
            said = f"{above} above {rule.maximum:g}, the largest is {column.maximum:g}"
            yield _error(rule.name, "maximum", said, column.maximum, rule.maximum, above)
    if rule.categories is not None and column.kind == "identifier":
        # So many different values that the profile counts none of them.
        strange = values.dropna().astype(str)
        strange = strange[~strange.isin(rule.categories)]
        if len(strange):
            named = ", ".join(repr(name) for name in strange.iloc[:3])
            said = f"{len(strange)} rows in unknown categories: {named}"
            yield _error(rule.name, "categories", said, named, None, len(strange))
    elif rule.categories is not None:
        fresh = {name: count for name, count in column.categories.items() if name not in rule.categories}
        if fresh:
            named = ", ".join(repr(name) for name in list(fresh)[:3])
            said = f"{sum(fresh.values())} rows in unknown categories: {named}"
            yield _error(rule.name, "categories", said, named, None, sum(fresh.values()))
    if rule.unique and (twice := int(values.dropna().duplicated().sum())):
        yield _error(rule.name, "unique", f"{twice} values come more than once", twice, 0, twice)


def _dirt(column: ColumnProfile, frame: pd.DataFrame) -> Iterator[Finding]:
    if column.rows and column.nulls == column.rows:
        yield _warning(column.name, "empty", "has no value at all", rows=column.rows)
    if column.blank:
        yield _warning(column.name, "blank", f"{column.blank} cells hold only blanks", rows=column.blank)
    if column.kind in {"category", "number"} and 0.5 < column.parsed < 1:
        yield _warning(
            column.name, "text numbers", f"numbers kept as text; {1 - column.parsed:.2%} of them do not parse"
        )
    if column.infinite:
        yield _warning(column.name, "infinite", f"{column.infinite} infinite values", rows=column.infinite)
    if column.kind == "number" and column.maximum in _SENTINELS:
        usual = column.quantile(0.9)
        if usual is not None and column.maximum is not None and column.maximum > 20 * max(abs(usual), 1.0):
            hits = int((_as_numbers(frame[_label(frame, column.name)]) == column.maximum).sum())
            said = f"{hits} cells hold {column.maximum:.0f}, which looks like a mark for missing"
            yield _warning(column.name, "sentinel", said, rows=hits)


def _as_numbers(values: pd.Series) -> pd.Series:
    import pandas as pd

    return pd.to_numeric(values, errors="coerce") if not pd.api.types.is_numeric_dtype(values.dtype) else values


def _label(frame: pd.DataFrame, name: str) -> Any:
    return next(label for label in frame.columns if str(label) == name)


def _error(column: str, rule: str, message: str, value: Any = None, limit: Any = None, rows: int = 0) -> Finding:
    return Finding(column=column, rule=rule, severity="error", message=message, value=value, limit=limit, rows=rows)


def _warning(column: str, rule: str, message: str, rows: int = 0) -> Finding:
    return Finding(column=column, rule=rule, severity="warning", message=message, rows=rows)
