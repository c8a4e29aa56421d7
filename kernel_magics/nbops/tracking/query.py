"""The language of searches: words, and conditions such as ``auc > 0.85 and max_depth = 6``."""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.engine import Connection

from nbops.errors import UsageError
from nbops.ledger import tables

_CONDITION = re.compile(
    r"""(?P<field>"[^"]+"|[^\s<>=!~"]+)\s*(?P<op><=|>=|!=|==|=|<|>|~)\s*(?P<value>"[^"]*"|'[^']*'|[^\s<>=!~]+)"""
)
_COLUMNS = (
    "name",
    "status",
    "experiment",
    "kind",
    "notebook",
    "author",
    "origin",
    "code",
    "duration",
    "started_at",
    "cpu",
)
_NUMBERS = frozenset({"duration", "started_at", "cpu"})
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """``field op value``; ``op`` is one of ``< <= > >= = != ~``."""

    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions and words that must all hold."""

    conditions: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()


def parse(text: str) -> Query:
    """Read a query.

    Raises
    ------
    UsageError
        An operator stands without a field or value.
    """
    conditions, rest, position = [], [], 0
    for match in _CONDITION.finditer(text):
        rest.append(text[position : match.start()])
        position = match.end()
        op = "=" if match["op"] == "==" else match["op"]
        conditions.append(Condition(_bare(match["field"]), op, _bare(match["value"])))
    words = [
        word
        for found in " ".join([*rest, text[position:]]).split()
        if (word := found.strip("\"'")) and word.lower() not in {"and", ","}
    ]
    for word in words:
        if re.search(r"[<>=~]", word):
            raise UsageError(
                f"The condition at {word!r} is not whole.", hint="Write it as: auc > 0.85 and max_depth = 6"
            )
    return Query(tuple(conditions), tuple(words))


def where(connection: Connection, query: Query) -> list[ColumnElement[bool]]:
    """Turn a query into conditions on the table ``runs``.

    Raises
    ------
    UsageError
        A field is unknown, or a number is compared with something that is none.
    """
    found = [_one(connection, condition) for condition in query.conditions]
    return found + [_word(word) for word in query.words]


def known_metrics(connection: Connection) -> list[str]:
    """Give the names of all metrics."""
    return sorted(connection.scalars(select(tables.latest_metrics.c.name).distinct()))


def unknown_field(field: str, known: Sequence[str]) -> UsageError:
    """Give the error for a field that no run has."""
    near = difflib.get_close_matches(field, known, 1)
    hint = f"Did you mean {near[0]!r}?" if near else "Use a metric, a parameter, or name, status, experiment, duration."
    return UsageError(f"No run has a metric or parameter {field!r}.", hint=hint)


def _one(connection: Connection, condition: Condition) -> ColumnElement[bool]:
    runs = tables.runs
    if condition.field in _COLUMNS:
        column = runs.c[condition.field]
        if condition.field in _NUMBERS:
            return _number(column, condition)
        value = condition.value.upper() if condition.field == "status" else condition.value
        return _text(column, condition.op, value, condition)
    alternatives = []
    latest, params, tags = tables.latest_metrics, tables.params, tables.tags
    if connection.scalar(select(latest.c.name).where(latest.c.name == condition.field).limit(1)) is not None:
        alternatives.append(_metric(condition))
    if connection.scalar(select(params.c.name).where(params.c.name == condition.field).limit(1)) is not None:
        alternatives.append(_param(connection, condition))
    if connection.scalar(select(tags.c.key).where(tags.c.key == condition.field).limit(1)) is not None:
        same = (tags.c.run_id == runs.c.run_id) & (tags.c.key == condition.field)
        alternatives.append(
            select(1).where(same, _text(tags.c.value, condition.op, condition.value, condition)).exists()
        )
    if not alternatives:
        names = connection.scalars(select(params.c.name).distinct())
        raise unknown_field(condition.field, [*_COLUMNS, *known_metrics(connection), *names])
    return or_(*alternatives)


def _metric(condition: Condition) -> ColumnElement[bool]:
    latest = tables.latest_metrics
    number = _as_number(condition)
    if math.isnan(number):
        held = latest.c.special == "NaN"
    else:
        held = and_(latest.c.value.is_not(None), _COMPARE[_no_tilde(condition)](latest.c.value, number))
    return tables.runs.c.run_id.in_(select(latest.c.run_id).where(latest.c.name == condition.field, held))


def _param(connection: Connection, condition: Condition) -> ColumnElement[bool]:
    params = tables.params
    having = select(params.c.run_id).where(params.c.name == condition.field)
    try:
        number = float(condition.value)
    except ValueError:
        held: Any = _text(params.c.value, condition.op, condition.value, condition)
        return tables.runs.c.run_id.in_(having.where(held))
    if condition.op == "~":
        return tables.runs.c.run_id.in_(having.where(_text(params.c.value, "~", condition.value, condition)))
    # Parameters are text; comparing them as numbers is left to Python, because databases differ in what a cast of
    # other text gives.
    values = connection.scalars(select(params.c.value).distinct().where(params.c.name == condition.field)).all()
    held = params.c.value.in_([value for value in values if _holds(value, condition.op, number)])
    return tables.runs.c.run_id.in_(having.where(held))


def _holds(value: str, op: str, number: float) -> bool:
    try:
        return bool(_COMPARE[op](float(value), number))
    except ValueError:
        return op == "!="


def _number(column: Any, condition: Condition) -> ColumnElement[bool]:
    result: ColumnElement[bool] = _COMPARE[_no_tilde(condition)](column, _as_number(condition))
    return result


def _as_number(condition: Condition) -> float:
    try:
        return float(condition.value)
    except ValueError:
        raise UsageError(f"{condition.field} is a number; {condition.value!r} is none.") from None


def _no_tilde(condition: Condition) -> str:
    if condition.op == "~":
        raise UsageError(f"{condition.field} is a number; compare it with < <= > >= = or !=.")
    return condition.op


def _text(column: Any, op: str, value: str, condition: Condition) -> ColumnElement[bool]:
    if op == "~":
        return _contains(column, value)
    if op not in {"=", "!="}:
        raise UsageError(f"{condition.field} is text; compare it with = != or ~.")
    result: ColumnElement[bool] = _COMPARE[op](column, value)
    return result


def _word(word: str) -> ColumnElement[bool]:
    runs, params = tables.runs, tables.params
    columns = (runs.c.name, runs.c.experiment, runs.c.notebook, runs.c.code, runs.c.run_id, runs.c.error_message)
    # Not correlated: one walk over all parameters is faster than a look at those of each run.
    in_params = select(params.c.run_id).where(or_(_contains(params.c.name, word), _contains(params.c.value, word)))
    return or_(*(_contains(column, word) for column in columns), runs.c.run_id.in_(in_params))


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    result: ColumnElement[bool] = func.lower(column).contains(text.lower(), autoescape=True)
    return result


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
