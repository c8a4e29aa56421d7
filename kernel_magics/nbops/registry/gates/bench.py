"""What gates are judged on, and the comparison of a figure with its limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nbops.errors import DataError, UsageError
from nbops.records import GateResult, ModelVersion
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.rows import Rows, Tables
from nbops.registry.gates.sample import Contender, Sample, sample_of
from nbops.workspace import Workspace

# A limit that is passed by less than this share of it is said to be close.
_CLOSE = 0.05
# Kinds whose code may open a file without our knowing.
_FOREIGN = frozenset({"function", "notebook"})
_CLOSE_KINDS = frozenset({"slices", "fairness", "calibration", "latency", "size"})


class Bench:
    """The candidate, the version now held (if any), and the data.

    Parameters
    ----------
    workspace
        Where data lie.
    candidate
        The version that is judged.
    champion
        The version now held.
    """

    def __init__(self, workspace: Workspace, candidate: Contender, champion: Contender | None) -> None:
        self.workspace, self.candidate, self.champion = workspace, candidate, champion
        self._tables = Tables(workspace)
        self._looked_at: dict[str, str] = {}

    @property
    def version(self) -> ModelVersion:
        """The version that is judged, without its model."""
        return self.candidate.version

    @property
    def held(self) -> ModelVersion | None:
        """The version now held, without its model."""
        return None if self.champion is None else self.champion.version

    def sample(self, check: Check) -> Sample:
        """Give the rows of a check; who may change them takes a copy.

        Raises
        ------
        UsageError
            The check names no data or no target.
        DataError
            The data cannot be read, have no rows, lack the target, or have rows without it.
        """
        if not check.data or not check.target:
            raise UsageError("the gate names no data or no target", hint="Set data and target in [gates].")
        return sample_of(self.rows(check.data), check)

    def rows(self, data: str) -> Rows:
        """Give the rows of a file, which is read once for all gates, and note that this gate has looked at them.

        Raises
        ------
        NotFoundError
            There is no such file.
        DataError
            It cannot be read, or changes while it is.
        """
        # Noted also where reading fails: the verdict is stale as soon as the file is there.
        self._looked_at[data] = self._tables.digest(data)
        rows = self._tables.read(data)
        self._looked_at[data] = rows.digest
        return rows

    def begin(self, check: Check) -> None:
        """Forget what the gate before has looked at; code that is not ours may look at the data it declares."""
        self._looked_at.clear()
        if check.data and check.kind in _FOREIGN:
            self._looked_at[check.data] = self._tables.digest(check.data)

    def looked_at(self) -> dict[str, str]:
        """Give the files that this gate has looked at, each with the sha256 of its bytes (empty: it was not there)."""
        return dict(self._looked_at)

    def seen(self, check: Check) -> dict[str, str]:
        """Name the very rows that a check was judged on, if it looked at any."""
        rows = self._tables.known(check.data) if check.data in self._looked_at else None
        return {} if rows is None else {"data": rows.fingerprint}


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
    interval: dict[str, Any] = (
        {"low": low, "high": high} if low is not None and high is not None and math.isfinite(low) else {}
    )
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
