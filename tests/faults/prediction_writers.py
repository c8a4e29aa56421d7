"""Writers of a prediction log that are killed; run as a program, because it forks: ROOT KILLS SEED.

After each kill, all that any writer was told to be on disk must be read once. Prints what was found as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbops.monitoring.predictions import committing, compaction, forgetting, label_retention, segment
from nbops.monitoring.predictions.log import PredictionLog, prediction_journal
from nbops.monitoring.predictions.settings import PredictionSettings
from nbops.workspace import durability, find_workspace

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY
# Small, so that every batch is soon compacted and merged, and kills fall into that.
committing._SEGMENT_BYTES = 4_000
compaction.MANY = 3


def write(root: Path, name: str, pipe: int, die: Callable[[], None]) -> None:
    """Log batches and tell the pipe of each that is acknowledged, until killed."""
    die()
    log = PredictionLog(find_workspace(root), "m", PredictionSettings(rows=True))
    number = 0
    while True:
        rows = random.randint(1, 5)
        ids = [f"{name}-{number + place}" for place in range(rows)]
        number += rows
        log.log(
            ids=ids, rows={"x": list(range(rows))}, outputs=[1] * rows, at=[T0 + (n % 2) * DAY for n in range(rows)]
        )
        os.write(pipe, (" ".join(ids) + "\n").encode())
        if random.random() < 0.05:
            log.close()


def dies_within(point: int) -> Callable[[], None]:
    """Make a function that lets the process kill itself at its n-th step of those that change files, half-way through writes."""

    def install() -> None:
        left = [point]

        def stepped(real: Callable[..., Any]) -> Callable[..., Any]:
            def step(*given: Any, **named: Any) -> Any:
                left[0] -= 1
                if left[0] <= 0:
                    if real is writing:
                        with contextlib.suppress(OSError):
                            writing(given[0], bytes(given[1])[: len(given[1]) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            return step

        writing = os.write
        for module in (segment, compaction, forgetting, label_retention, durability):
            module.os = _Stepping(stepped)  # type: ignore[attr-defined]
        Path.unlink = stepped(Path.unlink)  # type: ignore[method-assign]

    return install


class _Stepping:
    """The module ``os`` as segments and compaction see it."""

    def __init__(self, stepped: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._made = {name: stepped(getattr(os, name)) for name in ("write", "replace", "rename", "fdatasync", "fsync")}

    def __getattr__(self, name: str) -> Any:
        return self._made[name] if name in self._made else getattr(os, name)


def round_of(root: Path, number: int, point: int | None) -> list[str]:
    """Let two writers write, kill one or both, and give what they were told."""
    readers, children = [], []
    for writer in range(2):
        reader, pipe = os.pipe()
        child = os.fork()
        if child == 0:
            random.seed(number * 2 + writer)
            try:
                write(root, f"{number}-{writer}", pipe, dies_within(point) if point and not writer else lambda: None)
            finally:
                os._exit(1)
        os.close(pipe)
        readers.append(reader)
        children.append(child)
    told = _killed_at_some_time(readers, children, by_itself=point is not None)
    for reader in readers:
        os.close(reader)
    return told


def _killed_at_some_time(readers: list[int], children: list[int], *, by_itself: bool) -> list[str]:
    heard = dict.fromkeys(readers, b"")
    end = time.monotonic() + random.uniform(0.02, 0.25)
    while time.monotonic() < end or by_itself:
        for reader in select.select(readers, [], [], 0.01)[0]:
            data = os.read(reader, 65536)
            heard[reader] += data
            if not data:
                by_itself, end = False, 0.0
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    for reader in readers:
        while data := os.read(reader, 65536):
            heard[reader] += data
    # What was cut off was not heard to be acknowledged.
    return [name for data in heard.values() for line in data.split(b"\n")[:-1] for name in line.decode().split()]


def main() -> None:
    """Kill, look, and say what was found."""
    root, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    random.seed(seed)
    journal = prediction_journal(find_workspace(root), "m")
    acknowledged: list[str] = []
    lost, doubled = set[str](), set[str]()
    for number in range(kills):
        # Every second one dies at a step of its own, the others whenever it comes.
        acknowledged += round_of(root, number, random.randint(1, 120) if number % 2 else None)
        stored = Counter(name for table in journal.read() for name in table.column("prediction_id").to_pylist())
        lost |= set(acknowledged) - stored.keys()
        doubled |= {name for name, count in stored.items() if count > 1}
    left = len(journal.segments())
    with PredictionLog(find_workspace(root), "m") as log:
        log.log(ids=["last"], outputs=[1])
    stored = Counter(name for table in journal.read() for name in table.column("prediction_id").to_pylist())
    print(
        json.dumps(
            {
                "acknowledged": len(acknowledged),
                "lost": sorted(lost | (set(acknowledged) - stored.keys())),
                "doubled": sorted(doubled | {name for name, count in stored.items() if count > 1}),
                "abandoned": left,
                "open": len(journal.segments()),
            }
        )
    )


if __name__ == "__main__":
    main()
