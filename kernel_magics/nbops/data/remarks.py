"""What a person should look at in a profile: constant columns, marks for missing, repeated rows and the like."""

from __future__ import annotations

from dataclasses import dataclass

from nbops.data.profile import ColumnProfile, Profile

_MANY_NULLS = 0.5
_UNBALANCED = 0.95
_MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: ``column`` (empty for the frame), a short ``kind``, and ``words`` for a person."""

    column: str
    kind: str
    words: str


def remarks_on(profile: Profile) -> tuple[Remark, ...]:
    """Give what is remarkable, in the order of the columns; what concerns the whole frame comes first."""
    found = []
    if profile.duplicates:
        share = profile.duplicates / profile.rows
        found.append(
            Remark("", "duplicate rows", f"{profile.duplicates:,} rows ({_share(share)}) repeat an earlier one")
        )
    for column in profile.columns:
        found += [Remark(column.name, kind, words) for kind, words in _of_column(column)]
    return tuple(found)


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"


def _of_column(column: ColumnProfile) -> list[tuple[str, str]]:
    found = []
    if column.rows and column.kind == "empty":
        return [("empty", "has no value at all")]
    if column.distinct == 1 and column.kind in {"number", "category", "boolean", "time"}:
        found.append(("constant", "has one value only"))
    if column.kind == "identifier":
        found.append(("identifier", "nearly every value is different: it names the rows"))
    if column.rows and column.nulls > _MANY_NULLS * column.rows:
        found.append(("missing", f"{column.nulls / column.rows:.0%} of the rows have no value"))
    for mark, count in column.sentinels.items():
        found.append(
            (
                "mark for missing",
                f"{count:,} {'cell holds' if count == 1 else 'cells hold'} {mark}, far from all others",
            )
        )
    if 0 < column.texts < column.count:
        found.append(("mixed types", f"{column.texts:,} of {column.count:,} cells are text, the others are not"))
    elif column.kind == "number" and column.texts:
        lost = f"; {1 - column.parsed:.2%} of the cells are no number" if column.parsed < 1 else ""
        found.append(("numbers as text", f"are numbers kept as text{lost}"))
    if column.infinite:
        found.append(("infinite", f"{column.infinite:,} cells are infinite"))
    if column.blank:
        found.append(("blank", f"{column.blank:,} cells hold nothing but blanks"))
    if column.kind in {"category", "boolean"} and 1 < column.distinct <= _MOST_CLASSES and column.count:
        name, most = max(column.categories.items(), key=lambda pair: pair[1])
        if most > _UNBALANCED * column.count:
            found.append(("unbalanced", f"{name} has {most / column.count:.1%} of the rows"))
    if column.kind == "nested":
        found.append(("nested", "holds nested or complex values, which are not looked into"))
    return found
