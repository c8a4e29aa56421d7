"""A profile of each frame that a block reads or writes, kept once for each content.

Made beside the fingerprint, while the frame is sure to be what was fingerprinted. A block has 50 ms for it, half of them
before it begins; what would take longer is profiled on rows spread over the frame, and what would take longer even so is
not. Which it was, the run says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbops.capture.kept import kept
from nbops.capture.profiling import Counted, spread_rows
from nbops.records import ArtifactRef, DataRef
from nbops.redaction import Redactor
from nbops.workspace import Workspace
from nbops.workspace.profiles import KIND, known, path_of_profile

BUDGET = 50.0
_FEWEST = 500
# Milliseconds, measured: a column of few rows, and a thousand further ones of it.
_COLUMN, _NUMBERS, _LABELS, _TEXTS, _LONG, _LISTS = 0.55, 0.06, 0.1, 1.0, 4.0, 5.0
_LISTED = 12.0
_LOOKED_AT, _WORDS = 64, 40
_TOO_LONG = f"it would take longer than a block has ({BUDGET:.0f} ms)"


@dataclass(slots=True)
class _Frame:
    """A frame with what a column of it costs at least, and a thousand rows of it."""

    value: Any
    ref: DataRef
    fixed: float
    thousand: float

    @property
    def cost(self) -> float:
        return self.fixed + self.thousand * self.ref.rows / 1000

    def rows_for(self, budget: float) -> int:
        """Give how many rows can be counted in so many milliseconds."""
        return self.ref.rows if self.cost <= budget else int(1000 * (budget - self.fixed) / self.thousand)


class FrameProfiles:
    """Profiles frames within the time that a block has for it.

    ``said`` maps a fingerprint to what was profiled of it: ``all rows``, ``30,000 of 200,000 rows``, or why nothing.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._wanted: bool | None = None
        self._spent = 0.0
        self._counted: dict[str, tuple[Counted, int, int]] = {}
        self._stored: dict[str, bytes] = {}
        self.said: dict[str, str] = {}

    def take(self, frames: Iterable[tuple[Any, DataRef]], share: float = 1.0) -> None:
        """Profile those that have no profile yet, the cheapest first, in at most a ``share`` of the block's time."""
        if self._wanted is None:
            self._wanted = kept(self._workspace.root)["frame_profiles"]
        if not self._wanted:
            return
        new = sorted((_costed(value, ref) for value, ref in self._new(frames)), key=lambda frame: frame.cost)
        left = share * BUDGET - self._spent
        for number, frame in enumerate(new):
            try:
                took = self._profile(frame, left / (len(new) - number))
            except Exception as error:  # cells may be of any class; the other frames are good all the same
                self.said[frame.ref.fingerprint] = f"none: {type(error).__name__}: {error}"
                took = frame.fixed
            left -= took
            self._spent += took

    def blobs(self, redactor: Redactor) -> list[tuple[ArtifactRef, bytes]]:
        """Give all profiles as files of the run."""
        for print_, (counted, rows, sampled) in self._counted.items():
            told = {"version": 1, "fingerprint": print_, "rows": rows, "sampled": sampled}
            told["profile"] = counted.told(redactor)
            text = json.dumps(told, ensure_ascii=False, allow_nan=False)
            self._stored[print_] = text.encode("utf-8", "backslashreplace")
        self._counted = {}
        return [(_file(print_, content), content) for print_, content in self._stored.items()]

    def _new(self, frames: Iterable[tuple[Any, DataRef]]) -> Iterable[tuple[Any, DataRef]]:
        for value, ref in frames:
            if ref.fingerprint in self.said or not hasattr(value, "iloc"):
                continue
            self.said[ref.fingerprint] = "none: another frame came first"
            if (content := known(self._workspace, ref.fingerprint)) is not None:
                told = json.loads(content)
                self._stored[ref.fingerprint] = content
                self.said[ref.fingerprint] = _rows(told["sampled"], told["rows"])
            elif problem := _problem(value):
                self.said[ref.fingerprint] = f"none: {problem}"
            else:
                yield value, ref

    def _profile(self, frame: _Frame, budget: float) -> float:
        total, most = frame.ref.rows, frame.rows_for(budget)
        least = min(_FEWEST, total)
        if most < least and frame.fixed + frame.thousand * least / 1000 <= BUDGET - self._spent:
            # A wide frame may take the time of others that may never come.
            most = least
        if most < least:
            self.said[frame.ref.fingerprint] = f"none: {_TOO_LONG}"
            return 0.0
        value = frame.value.to_frame(_name(frame)) if frame.value.ndim == 1 else frame.value
        taken = value if most >= total else value.iloc[spread_rows(total, most)]
        counted = Counted(taken, (), value)
        self._counted[frame.ref.fingerprint] = counted, total, len(taken)
        self.said[frame.ref.fingerprint] = _rows(len(taken), total)
        return frame.fixed + frame.thousand * len(taken) / 1000


def _problem(value: Any) -> str:
    if not value.size:
        return "it is empty"
    if value.ndim == 2 and not value.columns.is_unique:
        return "it has two columns of one name"
    # To look at each column of a frame of thousands would take long by itself.
    return _TOO_LONG if value.ndim == 2 and value.shape[1] * _COLUMN > BUDGET else ""


def _name(frame: _Frame) -> Any:
    return frame.value.name if frame.value.name is not None else frame.ref.name


def _costed(value: Any, ref: DataRef) -> _Frame:
    columns = [value] if value.ndim == 1 else [value.iloc[:, i] for i in range(value.shape[1])]
    rates = [_rate(column) for column in columns]
    return _Frame(value, ref, sum(_LISTED if rate == _LISTS else _COLUMN for rate in rates), sum(rates))


def _rate(column: Any) -> float:
    """Give what a thousand rows of a column cost; of cells that are no numbers some are looked at."""
    if column.dtype.kind in "biufcmM" or str(column.dtype) == "category":
        return _NUMBERS
    seen = column.iloc[:: max(1, len(column) // _LOOKED_AT)].tolist()[:_LOOKED_AT]
    if any(hasattr(cell, "__len__") and not isinstance(cell, str) for cell in seen):
        return _LISTS
    texts = [str(cell) for cell in seen]
    if 2 * len(set(texts)) < len(texts):
        return _LABELS
    return _LONG if sum(map(len, texts)) > _WORDS * len(texts) else _TEXTS


def _rows(sampled: int, total: int) -> str:
    return "all rows" if sampled == total else f"{sampled:,} of {total:,} rows"


def _file(fingerprint: str, content: bytes) -> ArtifactRef:
    return ArtifactRef(
        path=path_of_profile(fingerprint),
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type="application/json",
        kind=KIND,
    )
