"""Where inputs are not kept, their profile is: of each batch, made so that all of a version add up."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbops.data.profile import Profile, profile_frame
from nbops.errors import NbopsError
from nbops.monitoring.predictions.journal import Journal
from nbops.registry import training_profile
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Profiled:
    """Inputs of one day and version that are profiled and not kept."""

    version: int | None
    day: str
    frame: pd.DataFrame

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return int(self.frame.memory_usage().sum())


class Profiler:
    """Profiles inputs against what the version was trained on, or, where that is not known, against what came first.

    Parameters
    ----------
    workspace, model
        Whose inputs.
    journal
        Where the profile of what came first is kept.
    """

    def __init__(self, workspace: Workspace, model: str, journal: Journal) -> None:
        self._workspace, self._model, self._journal = workspace, model, journal
        self._references: dict[int | None, Profile] = {}

    def __call__(self, items: list[Profiled]) -> list[bytes]:
        """Give a profile for each day and version, as JSON."""
        import pandas as pd

        parts: dict[tuple[int | None, str], list[pd.DataFrame]] = defaultdict(list)
        for item in items:
            parts[item.version, item.day].append(item.frame)
        found = []
        for (version, day), frames in parts.items():
            frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
            profile = profile_frame(frame, self._reference(version, frame))
            found.append(json.dumps({"version": version, "day": day, "profile": profile.to_dict()}).encode())
        return found

    def _reference(self, version: int | None, frame: pd.DataFrame) -> Profile:
        if version not in self._references:
            self._references[version] = self._trained(version) or self._first(version, frame)
        return self._references[version]

    def _trained(self, version: int | None) -> Profile | None:
        if version is not None:
            with suppress(NbopsError):
                return training_profile(self._model, version, workspace=self._workspace)
        return None

    def _first(self, version: int | None, frame: pd.DataFrame) -> Profile:
        path = self._journal.folder / f"first-{version or 0}.json"
        with self._journal.lock():
            # Whichever process is first; links, which would do without a lock, not every file system knows.
            if not path.exists():
                write_atomically(path, json.dumps(profile_frame(frame).to_dict()).encode())
        return Profile.from_dict(json.loads(path.read_bytes()))
