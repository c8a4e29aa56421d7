"""Both data sets of a comparison as profiles that can be compared, and the windows that limits are learned from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbops.data.profile import Profile, profile_frame
from nbops.data.scan import profile_both, profile_source
from nbops.errors import DataError, UsageError
from nbops.monitoring.further import rows_of
from nbops.monitoring.learning import windows_of


@dataclass(frozen=True, slots=True)
class Sides:
    """The profiles of both sides, and of the reference's windows where there are any."""

    reference: Profile
    current: Profile
    windows: tuple[Profile, ...] = ()


def both_sides(reference: Any, current: Any, *, learn: bool, windows: int | Sequence[Any] | None) -> Sides:
    """Profile what is not profiled yet.

    Raises
    ------
    DataError
        A data set cannot be read, or windows were profiled differently.
    UsageError
        There is nothing to learn from.
    """
    if not learn:
        return Sides(*profile_both(_as_one(reference), _as_one(current)))
    if isinstance(windows, Sequence) and not isinstance(windows, str):
        given = list(windows)
    elif isinstance(reference, (list, tuple)):
        given = list(reference)
    elif isinstance(reference, Profile):
        raise UsageError(
            "A profile without rows has no windows to learn limits from.",
            hint="Give reference_windows: data sets or profiles of at least 10 windows.",
        )
    else:
        frame = rows_of(reference)
        after = profile_frame(rows_of(current)) if not isinstance(current, Profile) else current
        given = windows_of(frame, windows if isinstance(windows, int) else None, after.rows)
        reference = frame
    if not given:
        raise DataError("There are no reference windows to learn from.")
    if isinstance(reference, (list, tuple)):
        profiles = _windows(given, None)
        before = functools.reduce(Profile.merge, profiles)
    else:
        before = _profiled(reference, None)
        profiles = _windows(given, before)
    return Sides(before, _profiled(current, before), tuple(profiles))


def _windows(given: list[Any], reference: Profile | None) -> list[Profile]:
    found: list[Profile] = []
    for one in given:
        found.append(_profiled(one, reference or (found[0] if found else None)))
    return found


def _profiled(data: Any, reference: Profile | None) -> Profile:
    return profile_source(_as_one(data), reference)


def _as_one(data: Any) -> Any:
    """Give several data sets as one frame, and others as they are."""
    return rows_of(data) if isinstance(data, (list, tuple, Mapping)) else data
