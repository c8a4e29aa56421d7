"""Files of a run, laid out in a folder that goes to MLflow as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nbops.tracking.parts import free

_LONGEST = 200


class Placing:
    """Puts files into a folder, each under the path it has or the nearest that can be.

    Parameters
    ----------
    folder
        An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._taken: set[str] = set()
        self._dropped: list[str] = []

    def put(self, path: str, data: bytes) -> None:
        """Place a file; one that cannot be is named by :meth:`note`, and does not keep the others from MLflow."""
        path = self._fit(path)
        target = self._folder / path
        try:
            if self._folder not in target.resolve().parents:
                raise ValueError("it is outside of the run")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except (OSError, ValueError) as error:
            self._dropped.append(f"{path!r}: {error}")
        else:
            self._taken |= {path, *(parent.as_posix() for parent in Path(path).parents)}

    def note(self) -> None:
        """Say in a file which ones are left out, if any."""
        if self._dropped:
            self.put("output/not-delivered.txt", "\n".join(self._dropped).encode("utf-8", "backslashreplace"))

    def empty(self) -> bool:
        """Whether there is no file."""
        return not self._taken

    def _fit(self, path: str) -> str:
        parts = [_short(part) for part in path.split("/")]
        # What is a file cannot be a folder too.
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if (self._folder / above).is_file():
                parts[depth - 1] = free(above, self._taken).rpartition("/")[2]
        return free("/".join(parts), self._taken)


def _short(part: str) -> str:
    raw = part.encode("utf-8", "replace")
    if len(raw) <= _LONGEST:
        return part
    ending = Path(part).suffix if len(Path(part).suffix) <= 10 else ""
    mark = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[: _LONGEST - 20].decode('utf-8', 'ignore')}_{mark}{ending}"
