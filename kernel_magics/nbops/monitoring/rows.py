"""What is told of whole rows."""

from __future__ import annotations

from nbops.data.profile import Profile
from nbops.monitoring.significance import share_test

_LEVEL = 0.001
_EFFECT = 0.02


def duplicate_findings(before: Profile, after: Profile) -> tuple[str, ...]:
    """Say that more rows repeat others than in the reference; only where both counted them."""
    if before.duplicates is None or after.duplicates is None:
        return ()
    shares = before.duplicates / before.rows, after.duplicates / after.rows
    p = share_test(before.duplicates, before.rows, after.duplicates, after.rows)
    # A larger sample of the same data repeats itself more often; only more repetitions in no more rows tell something.
    larger = after.rows > 1.5 * before.rows
    if shares[1] - shares[0] < _EFFECT or p > _LEVEL or larger:
        return ()
    return (f"repeated rows {shares[0]:.1%} → {shares[1]:.1%}",)
