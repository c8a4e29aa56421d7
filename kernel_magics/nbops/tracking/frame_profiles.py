"""The profile of a frame that a run has read or written, by run or by the fingerprint of its content."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nbops.data.compact import expanded
from nbops.data.profile import Profile
from nbops.errors import NotFoundError, TrackingError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.records import DataRef, Run
from nbops.tracking.delivery import deliver
from nbops.tracking.search import get_run
from nbops.workspace import Workspace
from nbops.workspace.blobs import read
from nbops.workspace.profiles import path_of_profile

_RUN, _DATA = "run:", "data:"
_HEXADECIMAL = re.compile(r"[0-9a-f]{8,64}")
_HINT = "nbops show RUN lists the data of a run; [track] frame_profiles switches their profiles off."


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """The profile of a tracked frame; ``words`` say which frame, and of how many rows where not of all."""

    profile: Profile
    fingerprint: str
    words: str


def names_tracked(reference: Any) -> bool:
    """Whether something names a tracked frame: ``run:ID/FRAME``, ``data:FINGERPRINT``, or an id or fingerprint that is no file."""
    if not isinstance(reference, str):
        return False
    if reference.startswith((_RUN, _DATA)):
        return True
    return bool(_HEXADECIMAL.fullmatch(reference.partition("/")[0])) and not Path(reference).exists()


def tracked_frame(workspace: Workspace, reference: str) -> TrackedFrame:
    """Give the profile of a tracked frame.

    Parameters
    ----------
    workspace
        Whose runs.
    reference
        ``run:WHICH/FRAME``, with whatever names a run and the name of the frame in its code (not needed where the run has one
        only; as the run left it, where it changed the frame); ``data:FINGERPRINT``, of which eight digits do; or one of both
        without the word in front.

    Raises
    ------
    NotFoundError
        There is no such run or frame.
    TrackingError
        The frame has no profile, and why.
    UsageError
        Several are meant.
    """
    deliver(workspace)
    if reference.startswith(_DATA):
        return _by_fingerprint(workspace, reference.removeprefix(_DATA))
    if reference.startswith(_RUN):
        return _of_run(workspace, reference.removeprefix(_RUN))
    try:
        return _of_run(workspace, reference)
    except NotFoundError:
        return _by_fingerprint(workspace, reference)


def _of_run(workspace: Workspace, text: str) -> TrackedFrame:
    which, slash, name = text.rpartition("/")
    run = get_run(workspace, which if slash else text)
    frames = {ref.name: ref for ref in run.data}
    # What it was changed to stands for it.
    frames |= {ref.name: ref for ref in run.data if ref.context == "written"}
    if not slash:
        there = {ref.name: ref for ref in frames.values() if _told(run, ref)[:4] not in {"", "none"}}
        if len({ref.fingerprint for ref in there.values()}) > 1:
            raise UsageError(f"Run {run.name} has several frames.", hint=f"Say which: run:{text}/{next(iter(there))}.")
        name = next(iter(there or frames), "")
    if name not in frames:
        names = ", ".join(list(frames)[:10]) or "none"
        raise NotFoundError(f"Run {run.name} has no frame {name!r}.", hint=f"It has {names}.")
    return _read(workspace, frames[name], run)


def _by_fingerprint(workspace: Workspace, text: str) -> TrackedFrame:
    refs = tables.data_refs
    if not _HEXADECIMAL.fullmatch(text):
        raise NotFoundError(f"{text[:80]!r} is no fingerprint.", hint="Give at least eight of its 64 digits.")
    with open_ledger(workspace).connect() as connection:
        like = select(refs.c.run_id, refs.c.name, refs.c.fingerprint).where(refs.c.fingerprint.startswith(text))
        runs = tables.runs
        found = connection.execute(
            like.join(runs, runs.c.run_id == refs.c.run_id).order_by(runs.c.started_at.desc()).limit(200)
        ).all()
    if not found:
        raise NotFoundError(f"No run or data that a run has seen begins with {text[:16]!r}.", hint=_HINT)
    if len({row.fingerprint for row in found}) > 1:
        raise UsageError(f"Several data begin with {text!r}.", hint="Give more of the fingerprint.")
    for row in found:
        run = get_run(workspace, row.run_id)
        # The run that saw it last may have had no time for it, or be of a workspace whose files are elsewhere.
        with contextlib.suppress(TrackingError):
            ref = next(ref for ref in run.data if ref.name == row.name and ref.fingerprint == row.fingerprint)
            return _read(workspace, ref, run)
    raise TrackingError(f"No profile is kept of the data {text[:12]}.", hint=_HINT)


def _read(workspace: Workspace, ref: DataRef, run: Run) -> TrackedFrame:
    path, said = path_of_profile(ref.fingerprint), _told(run, ref)
    digests = [file.digest for file in run.artifacts if file.path == path]
    if not digests:
        why = said.removeprefix("none: ") if said.startswith("none") else "the run kept none"
        raise TrackingError(f"There is no profile of {ref.name} of run {run.name}: {why}.", hint=_HINT)
    try:
        stored = json.loads(read(workspace, digests[0]))
    except NotFoundError as error:
        raise TrackingError(f"The profile of {ref.name} of run {run.name} is not in this workspace.") from error
    part = "" if stored["sampled"] == stored["rows"] else f", profiled on {said}"
    return TrackedFrame(expanded(stored["profile"]), ref.fingerprint, f"{ref.name} of run {run.name}{part}")


def _told(run: Run, ref: DataRef) -> str:
    return run.profiles.get(ref.fingerprint, "")
