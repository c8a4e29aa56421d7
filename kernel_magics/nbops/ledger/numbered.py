"""Rows by their number, whatever number is asked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false

# What the databases' whole numbers of rows hold.
_MOST = 2**31 - 1


def numbered(column: ColumnElement[Any], number: int) -> ColumnElement[bool]:
    """Say that a column is ``number``; of one that no row can have a database would complain in its own words."""
    return column == number if isinstance(number, int) and 0 <= number <= _MOST else false()
