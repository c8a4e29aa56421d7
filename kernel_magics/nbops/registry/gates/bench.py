"""What gates are judged on, and the comparison of a figure with its limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.errors import DataError
from nbops.records import GateResult
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import Contender, Sample, read_sample
from nbops.workspace import Workspace

# A limit that is passed by less than this share of it is said to be close.
_CLOSE = 0.05
_CLOSE_KINDS = frozenset({"slices", "fairness", "calibration", "latency", "size"})


@dataclass(frozen=True, slots=True)
class Bench:
    """The candidate, the version now held (if any), and where data lie."""

    workspace: Workspace
    candidate: Contender
    champion: Contender | None
    _samples: dict[tuple[str, str], Sample] = field(default_factory=dict)

    def sample(self, check: Check) -> Sample:
        """Give the rows of a check, read once for all gates; who may change them takes a copy.

        Raises
        ------
        UsageError
            The check names no data or no target.
        DataError
            The data cannot be read, have no rows, lack the target, or have rows without it.
        """
        key = (check.data, check.target)
        if key not in self._samples:
            self._samples[key] = read_sample(self.workspace, check)
        return self._samples[key]

    def seen(self, check: Check) -> dict[str, str]:
        """Name the very rows that a check was judged on, if it looked at any."""
        sample = self._samples.get((check.data, check.target))
        return {} if sample is None else {"data": sample.fingerprint}


def limited(
    check: Check,
    value: float,
    evidence: Mapping[str, Any],
    *,
    champion: float | None = None,
    low: float | None = None,
    high: float | None = None,
    about: str = "",
    least: Any = None,
    most: Any = None,
) -> GateResult:
    """Compare a value with the limits ``min`` and ``max`` of a check (or those given).

    Raises
    ------
    DataError
        The value is not a finite number.
    """
    least, most = check.options.get("min", least), check.options.get("max", most)
    if not math.isfinite(value):
        raise DataError(f"it measured {value}, which is no figure")
    inside = _inside(value, least, most)
    bounds = (("≥", least), ("≤", most))
    limit = " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
    near = [abs(value - bound) <= _CLOSE * abs(bound) for bound in (least, most) if bound]
    interval = {"low": low, "high": high} if low is not None and high is not None and math.isfinite(low) else {}
    if check.options.get("interval"):
        limit += " for all of the interval"
        if inside and not (interval and _inside(low, least, None) and _inside(high, None, most)):
            inside, about = False, "the value is inside the limit, its interval is not"
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if inside else "failed",
        value=value,
        champion=champion,
        limit=limit,
        close=inside and any(near) and check.kind in _CLOSE_KINDS,
        message=about,
        evidence=dict(evidence),
        **interval,
    )


def _inside(value: float | None, least: float | None, most: float | None) -> bool:
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
