"""Who drops predictions and their labels is killed at each of its steps; run as a program, because it forks: ROOT.

After each kill what is retained must be there once, and whoever tidies next must come to the same end. Prints what was found.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from prediction_writers import dies_within

from nbops.monitoring.predictions import PredictionLog, PredictionSettings, record_labels
from nbops.monitoring.predictions.compaction import tidy
from nbops.monitoring.predictions.journal import Journal
from nbops.monitoring.predictions.label_retention import forget_labels
from nbops.workspace import find_workspace

DAY = 86_400.0
T0 = 1_700_000_000.0 // DAY * DAY
DAYS, ROWS = 3, 10


def build(root: Path) -> tuple[Path, int]:
    """Log some days, label them, each label twice, and give the folder and how many bytes two days of it are."""
    workspace = find_workspace(root)
    for day in range(DAYS):
        ids = [f"{day}-{place}" for place in range(ROWS)]
        with PredictionLog(workspace, "m", PredictionSettings()) as log:
            log.log(ids=ids, outputs=[1] * ROWS, at=T0 + day * DAY)
        for wait in (1, 2):
            record_labels(workspace, "m", ids, [1] * ROWS, at=T0 + (day + wait) * DAY)
    folder = workspace.predictions / "model=m"
    sizes = [path.stat().st_size for path in sorted(folder.glob("predictions/day=*/*.parquet"))]
    return folder, sum(sizes[DAYS // 2 :])


def drop(folder: Path, size: int) -> None:
    """Do what a log does when it is tidied."""
    predictions, labels = Journal(folder / "predictions"), Journal(folder / "labels")
    tidy(predictions, most_bytes=size)
    forget_labels(predictions, labels)


def ids(folder: Path) -> Counter[str]:
    """Count the rows by identifier."""
    return Counter(name for table in Journal(folder).read() for name in table.column("prediction_id").to_pylist())


def main() -> None:
    """Kill at the first step, the second, and so on, until none is left."""
    root = Path(sys.argv[1])
    folder, size = build(root)
    kept = {f"{day}-{place}" for day in range(DAYS // 2, DAYS) for place in range(ROWS)}
    wrong: list[str] = []
    # What is imported now is not by each child.
    shutil.copytree(folder, root / "first")
    drop(root / "first", size)
    point, ended = 0, False
    while not ended:
        point += 1
        copy = root / "copy"
        shutil.copytree(folder, copy)
        child = os.fork()
        if child == 0:
            dies_within(point)()
            drop(copy, size)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        predictions, labels = ids(copy / "predictions"), ids(copy / "labels")
        if any(predictions[name] != 1 or labels[name] != 2 for name in kept):
            wrong.append(f"{point}: something retained is lost or doubled")
        drop(copy, size)
        if set(ids(copy / "predictions")) != kept or ids(copy / "labels") != dict.fromkeys(kept, 2):
            wrong.append(f"{point}: not brought to its end")
        shutil.rmtree(copy)
    print(json.dumps({"steps": point, "wrong": wrong}))


if __name__ == "__main__":
    main()
