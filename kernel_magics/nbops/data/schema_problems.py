"""What pandera objects to, as findings: column, rule, how many rows, examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbops.data.findings import Finding, count_of, examples_of
from nbops.data.rules import ColumnRules
from nbops.redaction import redact

if TYPE_CHECKING:
    import pandas as pd

# What pandera calls its own checks.
_NAMES = {"field_uniqueness": "unique", "column_in_dataframe": "column", "not_nullable": "nulls"}


def problem_finding(problem: Any, frame: pd.DataFrame, rule: ColumnRules | None = None) -> Finding:
    """Give a finding for a ``pandera.errors.SchemaError``; ``rule`` is ours of that column, if it is ours."""
    named = str(problem.schema.name or "") if problem.schema.name in frame.columns else ""
    # Of a person's own schema the check is told with its figures, such as less_than(10).
    label = _label(problem.check) if rule is not None else _NAMES.get(str(problem.check), _told(problem.check))
    if label == "column":
        return Finding(column=str(problem.failure_cases), rule=label, severity="error", message="is missing")
    cells = _cells(problem, frame, named)
    if cells is None:
        # It could not be checked at all, or it is said of the whole column, such as its type.
        # pandera's words may hold cells.
        said = _not_checked(problem, label, rule) or " ".join(redact(str(problem))[0].split())[:200]
        return Finding(column=named, rule=label, severity="error", message=said)
    return Finding(
        column=named,
        rule=label,
        severity="warning" if rule is not None and label in rule.warn else "error",
        message=_words(label, cells, rule, named) if named else f"{count_of(len(cells), 'row')} against {label}",
        value=_value(label, cells, named) if named else None,
        limit=_limit(label, rule),
        rows=len(cells),
        examples=examples_of(cells, named) if named else tuple(f"row {row}" for row in cells.index[:3]),
    )


def _not_checked(problem: Any, label: str, rule: ColumnRules | None) -> str:
    """Say that a check stumbled, without the traceback that pandera puts into its words; nothing where it did not."""
    text = redact(str(problem))[0]
    if "Traceback (most recent call last)" not in text:
        return ""
    if rule is not None:
        return f"{label} cannot be checked of a column of kind {rule.kind}"
    return f"{label} could not be checked: {' '.join(text.partition('Traceback')[0].split())[:200]}"


def _label(check: Any) -> str:
    found = str(getattr(check, "name", None) or check)
    return _NAMES.get(found, found)


def _told(check: Any) -> str:
    return str(getattr(check, "error", None) or _label(check))


def _cells(problem: Any, frame: pd.DataFrame, named: str) -> pd.Series | None:
    """Give the cells that break a check, or its answers for the rows that do; nothing where it is not about rows."""
    import pandas as pd

    output, label = problem.check_output, _label(problem.check)
    if isinstance(output, pd.Series) and output.dtype == bool:
        broken = output[~output]
        # pandera leaves out the missing ones, so rows are found by label where labels are unique.
        return frame.loc[broken.index, named] if named and frame.index.is_unique else broken
    if named and label == "unique":
        values = frame[named].dropna()
        return values[values.duplicated()]
    if named and label == "nulls":
        return frame[named][frame[named].isna()]
    cases = problem.failure_cases
    if (
        isinstance(cases, pd.DataFrame)
        and len(cases)
        and cases.get("index") is not None
        and cases["index"].notna().all()
    ):
        return cases.set_index("index")["failure_case"]
    return None


def _words(label: str, cells: pd.Series, rule: ColumnRules | None, named: str) -> str:
    count = f"{len(cells):,}"
    if rule is None:
        return f"{count_of(len(cells), 'cell')} against {label}"
    if label == "minimum":
        return f"{count} below {rule.minimum:g}, the smallest is {cells.min():g}"
    if label == "maximum":
        return f"{count} above {rule.maximum:g}, the largest is {cells.max():g}"
    if label == "categories":
        return f"{count_of(len(cells), 'row')} in unknown categories: {', '.join(examples_of(cells, named))}"
    return {
        "unique": f"{count} values come more than once",
        "whole": f"{count} numbers are not whole",
        "pattern": f"{count} texts do not match {rule.pattern}",
        "length": f"{count} texts are longer than {rule.longest} characters",
    }.get(label, f"{count_of(len(cells), 'cell')} against {label}")


def _value(label: str, cells: pd.Series, named: str) -> float | str | None:
    if label in ("minimum", "maximum"):
        return float(cells.min() if label == "minimum" else cells.max())
    return float(len(cells)) if label == "unique" else next(iter(examples_of(cells, named)), None)


def _limit(label: str, rule: ColumnRules | None) -> float | str | None:
    found = {"minimum": "minimum", "maximum": "maximum", "pattern": "pattern", "length": "longest"}.get(label)
    if rule is not None and found:
        return getattr(rule, found)  # type: ignore[no-any-return]
    return 0.0 if label == "unique" else None
