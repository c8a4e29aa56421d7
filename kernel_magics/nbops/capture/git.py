"""State of version control, without keeping the cell waiting.

Commit and branch are read from git's own files. The uncommitted patch comes from one ``git diff`` that is started
with the cell and collected at its end; when it is not ready by then, the last known answer for the same commit and
index is taken.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from nbops.capture.aside import Aside
from nbops.records import GitState

_LIMIT = 1_000_000
# Kept so that an answer which comes after its cell is taken by a later one.
_unfinished: list[GitReader] = []
_known: dict[tuple[str, str, int], str] = {}


@dataclass(frozen=True, slots=True)
class _Repository:
    root: Path
    folder: Path


class GitReader:
    """Reads the state of the repository around ``folder``; never raises."""

    def __init__(self, folder: Path) -> None:
        self._aside: Aside | None = None
        self._key = ("", "", 0)
        self.commit = ""
        self._repository = _find(folder)
        if self._repository is None:
            return
        commit, branch = _head(self._repository.folder)
        self.commit = commit
        self._state = GitState(commit=commit, branch=branch, root=str(self._repository.root))
        self._key = (str(self._repository.root), commit, _modified(self._repository.folder / "index"))
        if commit:
            self._start(self._repository.root)

    def read(self) -> tuple[GitState | None, str]:
        """Give the state and the uncommitted patch; waits a few milliseconds at most."""
        if self._repository is None:
            return None, ""
        _collect()
        if not self.finish(0.02 if self._key not in _known else 0.002):
            _unfinished.append(self)
        patch = _known.get(self._key)
        return replace(self._state, dirty=None if patch is None else bool(patch)), patch or ""

    def _start(self, root: Path) -> None:
        with contextlib.suppress(OSError):
            self._aside = Aside(
                ["git", "-C", str(root), "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv"],
                {**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            )

    def finish(self, wait: float = 0.0) -> bool:
        """Take the answer if it is there after so many seconds; say whether it was."""
        if self._aside is None:
            return True
        if not self._aside.done(wait):
            return False
        patch = self._aside.take(_LIMIT)
        self._aside = None
        if patch is not None:
            _known[self._key] = patch.decode("utf-8", "replace")
        return True


def _collect() -> None:
    _unfinished[:] = [reader for reader in _unfinished if not reader.finish()]


def _find(folder: Path) -> _Repository | None:
    for root in (folder, *folder.parents):
        marker = root / ".git"
        try:
            if marker.is_dir():
                return _Repository(root, marker)
            if marker.is_file():
                text = marker.read_text("utf-8").strip()
                if text.startswith("gitdir:"):
                    return _Repository(root, (root / text[7:].strip()).resolve())
        except (OSError, UnicodeDecodeError):
            return None
    return None


def _head(folder: Path) -> tuple[str, str]:
    try:
        text = (folder / "HEAD").read_text("utf-8").strip()
        if not text.startswith("ref:"):
            return text, ""
        ref = text[4:].strip()
        branch = ref.removeprefix("refs/heads/")
        common = folder
        shared = folder / "commondir"
        if shared.exists():
            common = (folder / shared.read_text("utf-8").strip()).resolve()
        loose = common / ref
        if loose.exists():
            return loose.read_text("utf-8").strip(), branch
        packed = common / "packed-refs"
        if packed.exists():
            for line in packed.read_text("utf-8").splitlines():
                if line.endswith(" " + ref):
                    return line.partition(" ")[0], branch
        return "", branch
    except (OSError, UnicodeDecodeError):
        return "", ""


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
