"""What is told of whole rows: how many repeat others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbops.data.duplicates import repeated_rows
from nbops.data.profile import Profile
from nbops.monitoring.further import rows_of
from nbops.monitoring.significance import share_test

_LEVEL = 0.001
_EFFECT = 0.02


def counted_rows(
    before: Profile, after: Profile, reference: Any, current: Any, columns: Sequence[str] | None
) -> tuple[Profile, Profile]:
    """Give both profiles with their repeated rows counted, where there are rows: over the columns that both have."""
    shared = {column.name for column in before.columns} & {column.name for column in after.columns}
    wanted = [name for name in (shared if columns is None else columns) if name in shared]
    reference, current = (side if isinstance(side, Profile) else rows_of(side) for side in (reference, current))
    if hasattr(reference, "iloc") and hasattr(current, "iloc"):
        before, after = (
            replace(profile, duplicates=repeated_rows(frame, wanted))
            for profile, frame in ((before, reference), (after, current))
        )
    elif hasattr(current, "iloc") and before.duplicates is not None:
        # A stored count is of all columns of the reference.
        after = replace(after, duplicates=repeated_rows(current, [column.name for column in before.columns]))
    return before, after


def duplicate_rows(before: Profile, after: Profile) -> dict[str, Any]:
    """Give the duplicate rate of both sides; nothing where one of them was not counted.

    Returns
    -------
    dict
        ``reference`` and ``current``: shares of rows that repeat an earlier one; ``rows``: how many these are; ``p`` of a two-sample
        test of shares; ``changed``: whether it is told as data quality.
    """
    if before.duplicates is None or after.duplicates is None or not before.rows or not after.rows:
        return {}
    shares = before.duplicates / before.rows, after.duplicates / after.rows
    p = share_test(before.duplicates, before.rows, after.duplicates, after.rows)
    # A larger sample of the same data repeats itself more often; only more repetitions in no more rows tell something.
    larger = after.rows > 1.5 * before.rows
    return {
        "reference": float(f"{shares[0]:.6g}"),
        "current": float(f"{shares[1]:.6g}"),
        "rows": [before.duplicates, after.duplicates],
        "p": float(f"{p:.6g}"),
        "changed": bool(shares[1] - shares[0] >= _EFFECT and p <= _LEVEL and not larger),
    }


def duplicate_words(found: Mapping[str, Any]) -> str:
    """Say the duplicate rate of both sides; empty where it is not known."""
    return f"repeated rows {found['reference']:.1%} → {found['current']:.1%}" if found else ""
