"""What the model predicts now, and what it is held against: its predictions when it was trained, or the first that were logged.

The profile of a version says what it predicted of rows that it was not fitted on, where its run shows that. Of other versions the
first window of their predictions becomes the reference. It is kept, because the log drops its oldest days.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.data.profile import Profile, profile_frame
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.window import ALL, read_window
from nbops.monitoring.predictions import read_predictions
from nbops.monitoring.predictions.log import prediction_journal
from nbops.registry.facts import outputs_profile
from nbops.workspace.blobs import write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from nbops.monitoring.monitors.looking import Look
    from nbops.records import ModelVersion

OUTPUT, SCORE = "output", "score"
# Fewer predictions are no reference.
_FEWEST = 100
_DAY = 86400.0
_MOST_WINDOWS = 10_000


@dataclass(frozen=True, slots=True)
class Predictions:
    """Both sides as profiles; ``words`` say what the reference is."""

    reference: Profile
    current: Profile
    words: str

    @property
    def names(self) -> list[str]:
        """Names of the columns on both sides."""
        return [column.name for column in self.reference.columns]


def predictions_of(look: Look) -> Predictions | None:
    """Give the predictions of a look's window and their reference; ``None`` where there is nothing to compare or to compare with."""
    version = look.version
    if look.monitor.source != PREDICTIONS or version is None:
        return None
    rows = look.rows.frame
    frame = _outputs(rows[rows["version"] == version.version], version) if "version" in rows.columns else rows.iloc[:0]
    if not len(frame):
        return None
    found = outputs_profile(look.workspace, version)
    if found is not None:
        known, words = found[0], f"what version {version.version} predicted of {found[1]!r} when it was trained"
    else:
        first = _first_window(look, version)
        if first is None:
            return None
        known, words = first
    shared = [column.name for column in known.columns if column.name in frame.columns]
    if not shared:
        return None
    names = {name: _free(name, version) for name in shared}
    reference = Profile(known.rows, tuple(c for c in known.columns if c.name in names))
    current = profile_frame(frame[shared], reference)
    return Predictions(_renamed(reference, names), _renamed(current, names), words)


def with_reference(note: str, predictions: Predictions) -> str:
    """Add to the note of a report what predictions were compared with."""
    return "; ".join(filter(None, [note, f"predictions are compared with {predictions.words}"]))


def _outputs(rows: pd.DataFrame, version: ModelVersion) -> pd.DataFrame:
    from nbops.capture.predicted import labels

    scores = [name for name in rows.columns if name == SCORE or str(name).startswith(f"{SCORE}_")]
    scores = [name for name in scores if rows[name].dtype.kind == "f" and name not in version.features]
    frame = rows[[OUTPUT, *scores]]
    if version.task == "classification" or scores:
        frame = frame.assign(**{OUTPUT: labels(frame[OUTPUT].to_numpy(dtype=object))})
    # Where no scores were kept, the column is there and empty.
    return frame[[name for name in frame.columns if frame[name].notna().any()]]


def _free(name: str, version: ModelVersion) -> str:
    """Name a column of the report; a feature may have the same name."""
    return f"predicted {name}" if name in version.features else name


def _renamed(profile: Profile, names: dict[str, str]) -> Profile:
    return replace(profile, columns=tuple(replace(c, name=names[c.name]) for c in profile.columns))


def _first_window(look: Look, version: ModelVersion) -> tuple[Profile, str] | None:
    start = look.rows.start
    if start is None:
        return None
    folder = prediction_journal(look.workspace, version.model).folder
    path = folder / f"first-outputs-{version.version}.json"
    if not path.exists() and not _write_first(look, version, start, path):
        return None
    told = json.loads(path.read_bytes())
    if told["end"] > start:
        # The window that is looked at is this one, or before it.
        return None
    span = " to ".join(_moment(told[end]) for end in ("start", "end"))
    words = f"the first window of predictions of version {version.version}, {span}, {told['rows']:,} rows"
    return Profile.from_dict(told["profile"]), words


def _write_first(look: Look, version: ModelVersion, before: float, path: Path) -> bool:
    found = _first(look, version, before)
    if found is None:
        return False
    frame, start, end = found
    profile = profile_frame(_outputs(frame, version)).to_dict()
    told = {"start": start, "end": end, "rows": len(frame), "profile": profile}
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    write_atomically(temporary, json.dumps(told).encode("utf-8", "backslashreplace"))
    with suppress(FileExistsError):  # another process was first
        os.link(temporary, path)
    temporary.unlink()
    return True


def _first(look: Look, version: ModelVersion, before: float) -> tuple[pd.DataFrame, float, float] | None:
    """Give the rows and bounds of the first window with enough predictions, if it ended before a time."""
    window = read_window(look.monitor.window)
    oldest = _oldest(look, version, before)
    if oldest is None or window.unit == ALL:
        return None
    if not window.timed:
        frame = _read(look, version, oldest, before).head(window.count)
        enough = len(frame) == window.count
        return (frame, oldest, float(frame["at"].max()) + 1e-6) if enough else None
    bounds = [(before, look.end)]
    while bounds[-1][0] > oldest and len(bounds) < _MOST_WINDOWS:
        bounds.append(window.bounds(bounds[-1][0], look.monitor.timezone))
    for start, end in reversed(bounds[1:]):
        frame = _read(look, version, start, end)
        if len(frame) >= _FEWEST:
            return frame, start, end
    return None


def _oldest(look: Look, version: ModelVersion, before: float) -> float | None:
    """Give the time of the first prediction of a version, reading day by day."""
    journal = prediction_journal(look.workspace, version.model)
    starts = [datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() for day in journal.days()]
    spans: list[tuple[float | None, float]] = [(start, min(start + _DAY, before)) for start in starts if start < before]
    for start, end in [*spans, (None, before)]:
        frame = read_predictions(look.workspace, version.model, start, end, ["at"], version.version)
        if len(frame):
            return float(frame["at"].min())
    return None


def _read(look: Look, version: ModelVersion, start: float, end: float) -> pd.DataFrame:
    frame = read_predictions(look.workspace, version.model, start, end, None, version.version)
    names = [name for name in frame.columns if name in ("at", OUTPUT, SCORE) or str(name).startswith(f"{SCORE}_")]
    return frame[names]


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
