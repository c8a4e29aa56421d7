"""Rules of a data set as plain values that a person reads, edits and keeps under version control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("number", "category", "boolean", "time", "text", "vector", "nested", "identifier", "empty", "any")
# What can be broken of a column; ``warn`` names those that only warn.
COLUMN_RULES = ("column", "type", "nulls", "minimum", "maximum", "whole", "categories", "pattern", "length", "unique")
OPERATORS = ("<=", ">=", "==", "!=", "<", ">")
_MOST_LISTED = 50
_NULL_SLACK = 0.05
_RELATION = re.compile(
    r"\s*(?P<left>`[^`]+`|[^`<>=!]+?)\s*(?P<operator><=|>=|==|!=|<|>)\s*(?P<right>`[^`]+`|[^`<>=!]+?)\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRules:
    """What is expected of one column.

    ``nulls`` is the largest share of missing cells, ``minimum`` and ``maximum`` the range of numbers (``None`` for no limit),
    ``whole`` whether numbers have no fraction, ``categories`` the allowed values (``None`` for any), ``pattern`` a regular
    expression that a text matches as a whole, ``longest`` its most characters, ``unique`` whether no value may come twice,
    ``text`` whether numbers may be kept as text, as they were in the reference. ``optional`` columns may be missing. ``warn``
    names the rules of :data:`COLUMN_RULES` that warn instead of being an error.
    """

    name: str
    kind: str
    nulls: float = 1.0
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    categories: tuple[str, ...] | None = None
    pattern: str = ""
    longest: int | None = None
    unique: bool = False
    text: bool = False
    optional: bool = False
    warn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """What holds between two columns, or a column and a number, in each row that has both."""

    left: str
    operator: str
    right: str | float

    def __str__(self) -> str:
        # A number is written so that it is read as the same one.
        right = _quoted(self.right) if isinstance(self.right, str) else repr(float(self.right)).removesuffix(".0")
        return f"{_quoted(self.left)} {self.operator} {right}"

    @classmethod
    def parse(cls, text: str) -> Relation:
        """Read ``start <= end``; names with signs of their own stand in backquotes.

        Raises
        ------
        DataError
            It is no comparison.
        """
        match = _RELATION.fullmatch(text)
        if match is None:
            raise DataError(f"{text!r} compares nothing.", hint="Write `start <= end` or `age >= 0`.")
        left, operator, right = (match[name] for name in ("left", "operator", "right"))
        if right.startswith("`"):
            return cls(left.strip("`"), operator, right.strip("`"))
        try:
            return cls(left.strip("`"), operator, float(right))
        except ValueError:
            return cls(left.strip("`"), operator, right)


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of all columns, in order, of whole rows, and how many rows there must at least be.

    ``extra`` says what a column that no rule names is: ``warn``, ``error`` or ``allow``. ``duplicates`` is the largest share of
    rows that repeat another one, ``None`` where nobody counts them.
    """

    columns: tuple[ColumnRules, ...]
    relations: tuple[Relation, ...] = ()
    rows: int = 1
    extra: str = "warn"
    duplicates: float | None = None

    def column(self, name: str) -> ColumnRules | None:
        """Give the rules of a column, ``None`` if it has none."""
        return next((column for column in self.columns if column.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        found: dict[str, Any] = {"columns": [asdict(column) for column in self.columns]}
        plain = Rules(())
        if self.relations:
            found["relations"] = [str(relation) for relation in self.relations]
        for name in ("rows", "extra", "duplicates"):
            if getattr(self, name) != getattr(plain, name):
                found[name] = getattr(self, name)
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rules:
        """Read what :meth:`to_dict` gave, possibly edited by hand.

        Raises
        ------
        DataError
            A key is unknown or missing, or a value cannot be a rule; the message names column and key.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("columns"), list):
            raise DataError("These are no rules: there is no list of columns.")
        unknown = sorted(data.keys() - {"columns", "relations", "rows", "extra", "duplicates"})
        if unknown:
            raise DataError(f"These are no rules: unknown key {unknown[0]!r}.")
        columns = tuple(_column(row) for row in data["columns"])
        _once(column.name for column in columns)
        extra = data.get("extra", "warn")
        if extra not in ("warn", "error", "allow"):
            raise DataError(f"These are no rules: extra must be warn, error or allow, not {extra!r}.")
        rows, duplicates = data.get("rows", 1), data.get("duplicates")
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
            raise DataError(f"These are no rules: rows must be a number from 0 on, not {rows!r}.")
        if duplicates is not None and not _share(duplicates):
            raise DataError(f"These are no rules: duplicates must be a share from 0 to 1, not {duplicates!r}.")
        relations = data.get("relations", [])
        if not isinstance(relations, list):
            raise DataError("These are no rules: relations must be a list of comparisons.")
        return cls(columns, tuple(Relation.parse(str(text)) for text in relations), rows, extra, duplicates)


def infer_rules(reference: pd.DataFrame | Profile) -> Rules:
    """Infer rules from data that are taken to be good.

    Ranges are widened by the width of the reference on both sides, because new data may well go a little beyond; a
    column without negative numbers must stay so. Categories are listed up to 50.

    Parameters
    ----------
    reference
        Shape ``(rows, columns)``, or its profile, such as the one that is stored with a model's version.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    profile = reference if isinstance(reference, Profile) else profile_frame(reference)
    rules = (_infer(column) for column in profile.columns)
    if isinstance(reference, Profile):
        return Rules(tuple(rules))
    # A profile tells of a sample of many values whether they come twice; the frame tells of all.
    named = {str(name): name for name in reference.columns}
    known = [*rules]
    unique = (r.unique and bool(reference[named[r.name]].dropna().is_unique) for r in known)
    return Rules(tuple(replace(rule, unique=alone) for rule, alone in zip(known, unique, strict=True)))


def _neat(limit: float, seen: float) -> float:
    """Give a limit that a person is to read without the noise of its last digits, unless it would exclude what was seen."""
    short = float(f"{limit:.12g}")
    return short if (short - seen) * (limit - seen) > 0 else limit


def _infer(column: ColumnProfile) -> ColumnRules:
    rows = max(column.rows, 1)
    nulls = min(1.0, column.nulls / rows + _NULL_SLACK) if column.nulls else 0.0
    minimum = maximum = None
    if column.kind == "number" and column.minimum is not None and column.maximum is not None:
        width = column.maximum - column.minimum
        minimum = 0.0 if column.minimum >= 0 > column.minimum - width else _neat(column.minimum - width, column.minimum)
        maximum = _neat(column.maximum + width, column.maximum)
    categories = None
    # Of a stored profile the rare categories have no names any more.
    if (
        column.kind in {"category", "boolean"}
        and not column.rest
        and not column.folds
        and column.distinct <= _MOST_LISTED
    ):
        categories = tuple(sorted(column.categories))
    return ColumnRules(
        name=column.name,
        kind=column.kind,
        nulls=round(nulls, 4),
        minimum=minimum,
        maximum=maximum,
        categories=categories,
        unique=column.kind == "identifier" and column.distinct == column.count,
        text=column.kind == "number" and column.parsed > 0,
    )


def _column(row: Any) -> ColumnRules:
    if not isinstance(row, Mapping):
        raise DataError(f"These are no rules: {row!r} is no column.")
    known = {one.name for one in fields(ColumnRules)}
    wrong = sorted(str(key) for key in row.keys() - known)
    where = f"column {row.get('name', '?')!r}"
    if wrong:
        raise DataError(
            f"These are no rules: {where} has an unknown key {wrong[0]!r}.", hint=f"Known: {', '.join(sorted(known))}."
        )
    for needed in ("name", "kind"):
        if not isinstance(row.get(needed), str) or not row[needed]:
            raise DataError(f"These are no rules: {where} has no {needed}.")
    found = {**row}
    if row["kind"] not in KINDS:
        raise DataError(
            f"These are no rules: {where} cannot be of kind {row['kind']!r}.", hint=f"Kinds: {', '.join(KINDS)}."
        )
    if not _share(row.get("nulls", 1.0)):
        raise DataError(f"These are no rules: nulls of {where} must be a share from 0 to 1, not {row['nulls']!r}.")
    for name in ("minimum", "maximum", "longest"):
        if row.get(name) is not None and not _number(row[name]):
            raise DataError(f"These are no rules: {name} of {where} must be a number, not {row[name]!r}.")
    for name in ("whole", "unique", "text", "optional"):
        if not isinstance(row.get(name, False), bool):
            raise DataError(f"These are no rules: {name} of {where} must be true or false.")
    for name in ("categories", "warn"):
        if row.get(name) is not None:
            if isinstance(row[name], str) or not isinstance(row[name], Iterable):
                raise DataError(f"These are no rules: {name} of {where} must be a list.")
            found[name] = tuple(str(value) for value in row[name])
    strange = [name for name in found.get("warn", ()) if name not in COLUMN_RULES]
    if strange:
        raise DataError(
            f"These are no rules: {where} cannot warn of {strange[0]!r}.", hint=f"Rules: {', '.join(COLUMN_RULES)}."
        )
    try:
        re.compile(row.get("pattern", ""))
    except (re.error, TypeError) as error:
        raise DataError(f"These are no rules: pattern of {where} is no regular expression ({error}).") from None
    return ColumnRules(**found)


def _once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"These are no rules: column {name!r} comes twice.")
        seen.add(name)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _share(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _quoted(name: str) -> str:
    # Columns may be called "inf" or "nan", which would be read as numbers.
    if name.lower() in ("inf", "infinity", "nan"):
        return f"`{name}`"
    return name if re.fullmatch(r"[^\W\d][\w .-]*", name) and name == name.strip() else f"`{name}`"
