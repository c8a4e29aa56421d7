"""Rules as a pandera schema, and what pandera says of data as findings.

pandera (Niels Bantilan, SciPy 2020) checks the values; what a column is, and how much of it is missing, is read off the
profile before, for a file makes text of a whole column because of one cell.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbops.data.findings import Finding
from nbops.data.rules import ColumnRules, Relation, Rules
from nbops.data.schema_problems import problem_finding

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"number": "float64", "boolean": "bool", "time": "datetime64[ns]"}


def to_pandera(rules: Rules) -> Any:
    """Give the rules as a ``pandera.DataFrameSchema`` for frames whose columns are of their kinds already.

    Examples
    --------
    >>> from nbops.data.rules import ColumnRules, Rules
    >>> rules = Rules((ColumnRules(name="age", kind="number", minimum=0.0),))
    >>> to_pandera(rules).columns["age"].checks
    [<Check minimum: greater_than_or_equal_to(0.0)>]
    """
    import pandera.pandas as pa

    columns = {rule.name: _column(rule) for rule in rules.columns}
    return pa.DataFrameSchema(
        columns, checks=[_relation(one) for one in rules.relations], strict=rules.extra == "error"
    )


def is_schema(value: Any) -> bool:
    """Whether something is a schema or model of pandera; pandera is not imported to find out."""
    kind = value if isinstance(value, type) else type(value)
    return any(base.__module__.startswith("pandera.") for base in kind.__mro__)


def value_findings(frame: pd.DataFrame, rules: Rules) -> list[Finding]:
    """Check the values of a frame whose columns are of their kinds; columns without rules must not be in it."""
    wanted = tuple(rule for rule in rules.columns if rule.name in frame.columns)
    relations = tuple(one for one in rules.relations if _known(one, frame))
    schema = to_pandera(Rules(wanted, relations))
    for column in schema.columns.values():
        # Of what kind a column is has been seen to.
        column.dtype, column.nullable = None, True
    return [problem_finding(one, frame, rules.column(one.schema.name or "")) for one in _problems(schema, frame)]


def schema_findings(frame: pd.DataFrame, schema: Any) -> list[Finding]:
    """Check a frame against a schema or model that a person wrote with pandera."""
    made = schema.to_schema() if hasattr(schema, "to_schema") else schema
    return [problem_finding(one, frame) for one in _problems(made, frame)]


def _problems(schema: Any, frame: pd.DataFrame) -> Iterator[Any]:
    from pandera.errors import SchemaError, SchemaErrors

    try:
        # What pandera and a person's checks print is not for the cell.
        with contextlib.redirect_stdout(io.StringIO()):
            schema.validate(frame, lazy=True)
    except SchemaErrors as problems:
        yield from problems.schema_errors
    except SchemaError as problem:
        yield problem


def _column(rule: ColumnRules) -> Any:
    import pandera.pandas as pa

    checks = []
    if rule.minimum is not None:
        checks.append(pa.Check.ge(rule.minimum, name="minimum"))
    if rule.maximum is not None:
        checks.append(pa.Check.le(rule.maximum, name="maximum"))
    if rule.whole:
        checks.append(pa.Check(lambda values: values % 1 == 0, name="whole", error="whole"))
    if rule.categories is not None:
        checks.append(pa.Check.isin(_allowed(rule), name="categories"))
    if rule.pattern:
        checks.append(pa.Check.str_matches(f"(?:{rule.pattern})\\Z", name="pattern"))
    if rule.longest is not None:
        checks.append(pa.Check.str_length(max_value=int(rule.longest), name="length"))
    return pa.Column(
        _KINDS.get(rule.kind),
        checks,
        nullable=rule.nulls > 0,
        unique=rule.unique,
        required=not rule.optional,
        name=rule.name,
    )


def _allowed(rule: ColumnRules) -> list[Any]:
    """Give the allowed values as the column holds them; rules keep them as text."""
    found: list[Any] = list(rule.categories or ())
    if rule.kind == "number":
        with contextlib.suppress(ValueError):
            return [float(value) for value in found]
    return found


def _relation(one: Relation) -> Any:
    import operator

    import pandera.pandas as pa

    compare = {
        "<=": operator.le,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        ">": operator.gt,
    }

    def holds(frame: pd.DataFrame) -> Any:
        left, right = frame[one.left], frame[one.right] if isinstance(one.right, str) else one.right
        # What is missing on either side says nothing; a comparison with it is false.
        known = left.notna() & (frame[one.right].notna() if isinstance(one.right, str) else True)
        return compare[one.operator](left, right) | ~known

    return pa.Check(holds, name=str(one), error=str(one), ignore_na=False)


def _known(one: Relation, frame: pd.DataFrame) -> bool:
    return one.left in frame.columns and (not isinstance(one.right, str) or one.right in frame.columns)
