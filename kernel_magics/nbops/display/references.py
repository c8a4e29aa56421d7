"""What a reference names that is no data itself: a version of a model, or a frame that a run has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.errors import UsageError
from nbops.workspace import Workspace, find_workspace

MODEL = "models:/"


@dataclass(frozen=True, slots=True)
class Reference:
    """What was named: its profile or the data as given, the weights of a model, and ``words`` where its name says little."""

    data: Any
    importance: Mapping[str, float] = field(default_factory=dict)
    words: str = ""


def resolved(reference: Any, workspace: Workspace | None = None) -> Reference:
    """Give the stored profile that a reference names, or the reference itself.

    Parameters
    ----------
    reference
        ``models:/NAME/3`` or ``models:/NAME@ALIAS``; ``run:WHICH/FRAME``, ``data:FINGERPRINT``, the id of a run or a fingerprint;
        or data.
    workspace
        Where those are; the workspace of the working directory by default.

    Raises
    ------
    NotFoundError, UsageError
        There is no such version, run or frame, or several are meant.
    RegistryError, TrackingError
        It has no profile.
    """
    if not isinstance(reference, str):
        return Reference(reference)
    if reference.startswith(MODEL):
        from nbops.registry.facts import importance_at, profile_at

        workspace = workspace or find_workspace()
        profile, weights = profile_at(reference, workspace=workspace), importance_at(reference, workspace=workspace)
        known = {column.name for column in profile.columns}
        # Of a feature that the profile had no room for nothing can be compared.
        return Reference(profile, {name: weight for name, weight in weights.items() if name in known})
    from nbops.tracking.frame_profiles import names_tracked, tracked_frame

    if not names_tracked(reference):
        return Reference(reference)
    found = tracked_frame(workspace or find_workspace(), reference)
    return Reference(found.profile, words=found.words)


def with_rows(current: Any) -> None:
    """Refuse what names a stored profile where data are needed.

    Raises
    ------
    UsageError
        It is the name of a version, or of a frame that a run has seen.
    """
    if isinstance(current, str) and current.startswith((MODEL, "run:", "data:")):
        raise UsageError(
            f"{current[:80]} names a stored profile, which can only be the reference.",
            hint="Compare data with it: the reference comes first.",
        )
