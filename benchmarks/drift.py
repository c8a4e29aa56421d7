"""A drift report of 1,000,000 rows and 20 columns against the bare reading of the files, one pass of sums, and Evidently."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from measure import in_turn, report, seconds

_ROOT = Path(__file__).parents[1]
_ROW_GROUP = 131_072
_EVIDENTLY = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
started = time.perf_counter()
before, after = (pd.read_parquet(path) for path in sys.argv[1:])
numbers = [c for c in before if c.startswith("n_")]
words = [c for c in before if c.startswith("c_")]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=words, timestamp="ts")
sides = [Dataset.from_pandas(frame, data_definition=definition) for frame in (after, before)]
Report([DataDriftPreset()]).run(*sides)
print(json.dumps(time.perf_counter() - started))
"""
_LARGE = """
import json, sys, time
from pathlib import Path
from nbops.data.scan import profile_source
peak_of_all = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
paths = sorted(Path(sys.argv[1]).iterdir())
reference = profile_source(paths[0])
took, parts = [], []
for path in paths[:4]:
    started = time.perf_counter()
    parts.append(profile_source(path, reference))
    took.append(time.perf_counter() - started)
one = peak_of_all()
started = time.perf_counter()
whole = profile_source(Path(sys.argv[1]), reference)
all_of_them = time.perf_counter() - started
merged = parts[0]
for i in range(1, len(paths)):
    merged = merged.merge(parts[i % 2])
if merged != whole:
    raise SystemExit("merged parts are not the whole")
print(json.dumps({
    "one file, ms": min(took) * 1000, "all files, s": all_of_them, "all files / as many times one": all_of_them / len(paths) / min(took),
    "memory of one file, MB": one, "memory of all files, MB": peak_of_all(),
}))
"""
# A first report of few rows loads what is imported late.
_MEMORY = """
import sys
from pathlib import Path
import pandas as pd
from nbops.monitoring.drift import drift
# What getrusage gives is that of the parent at least.
peak_of_all = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
few = pd.DataFrame({"a": range(100), "b": ["x", "y"] * 50})
drift(few, few)
peak = peak_of_all()
drift(*sys.argv[1:])
print((peak_of_all() - peak) * 1024 / 1e6)
"""


def main(rows: int = 1_000_000, repeats: int = 5, files: int = 4, peer: bool = True) -> bool:
    """Print the figures; give whether the goals are reached."""
    from nbops.data.scan import profile_source
    from nbops.monitoring.drift import drift

    with tempfile.TemporaryDirectory() as folder:
        before, after = (_written(Path(folder) / f"{seed}.parquet", rows, seed) for seed in (1, 2))
        extra = _extra_memory(before, after)
        frames = [pd.read_parquet(path) for path in (before, after)]
        chosen = [frame.astype({name: "category" for name in frame if name.startswith("c_")}) for frame in frames]
        small = [frame[: rows // 10] for frame in frames]
        arrays = [frame[name].to_numpy() for frame in frames for name in frame if name.startswith("n_")]
        stored = profile_source(before)
        taken = in_turn(
            {
                "bare pyarrow read of both": lambda: [pq.read_table(path) for path in (before, after)],
                "the same, texts as dictionaries": lambda: [_read(path) for path in (before, after)],
                "report from two Parquet files": lambda: drift(before, after),
                "report of a file against a stored profile": lambda: drift(stored, after),
                "numpy sums over the numbers": lambda: [array.sum() for array in arrays],
                "report of two frames": lambda: drift(*frames),
                "report of two frames, texts as categories": lambda: drift(*chosen),
                "report of a frame against a stored profile": lambda: drift(stored, frames[1]),
                "report of two frames of a tenth of the rows": lambda: drift(*small),
            },
            repeats,
        )
        own = taken["report from two Parquet files"]
        peer_taken = _evidently(before, after) if peer else 0.0
        linear = _linear(Path(folder), rows, files)
    figures = {f"{name}, ms": took * 1000 for name, took in taken.items()}
    ratios = {
        "from Parquet / bare read": own / taken["bare pyarrow read of both"],
        "from Parquet / read as dictionaries": own / taken["the same, texts as dictionaries"],
        "in memory / sums": taken["report of two frames"] / taken["numpy sums over the numbers"],
        "in memory, texts as categories / sums": taken["report of two frames, texts as categories"]
        / taken["numpy sums over the numbers"],
        "stored profile / two frames": taken["report of a frame against a stored profile"]
        / taken["report of two frames"],
        "extra memory, MB": extra,
        f"time per row, {files} files / 1 file": linear,
    }
    if peer_taken:
        ratios["Evidently / nbops, from Parquet"] = peer_taken / own
    reached = ratios["from Parquet / bare read"] <= 1.8 and ratios["in memory / sums"] <= 30 and extra <= 200
    reached = reached and ratios["stored profile / two frames"] <= 0.6 and linear < 1.5
    reached = reached and (not peer_taken or peer_taken / own >= 100)
    goal = "1.8 times the read, 30 times the sums, half of it against a stored profile, 200 MB, 100 times Evidently"
    report(f"drift of {rows:,} rows, 20 columns", figures | ratios, goal, reached)
    return reached


def large(rows: int = 2_000_000, files: int = 50) -> bool:
    """Profile 100 million rows in files beside each other: bounded memory, linear time, and the sum of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        few = [_written(Path(folder) / f"{seed}.parquet", rows, seed) for seed in (1, 2)]
        many = Path(folder) / "many"
        many.mkdir()
        for i in range(files):
            # The same two files under many names take the place of two.
            os.link(few[i % 2], many / f"{i:03d}.parquet")
        done = subprocess.run([sys.executable, "-c", _LARGE, str(many)], check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    reached = (
        figures["all files / as many times one"] < 1.3
        and figures["memory of all files, MB"] < 1.2 * figures["memory of one file, MB"]
    )
    report(f"a profile of {rows * files:,} rows in {files} files", figures, "linear time, bounded memory", reached)
    return reached


def _written(path: Path, rows: int, seed: int) -> Path:
    """Write 14 columns of numbers, 5 of categories and one of times; half of them move with the seed."""
    draw, move = np.random.default_rng(seed), float(seed > 1)
    columns: dict[str, object] = {f"n_{i}": draw.normal(0.05 * i * move, 1 + 0.02 * i, rows) for i in range(6)}
    columns |= {f"n_{6 + i}": draw.lognormal(0.1 * i * move, 1.5, rows) for i in range(3)}
    columns["n_9"] = draw.poisson(5 + move / 2, rows).astype(float)
    columns["n_10"] = np.where(draw.random(rows) < 0.7, 0.0, draw.gamma(2, 2, rows))
    columns["n_11"] = draw.standard_t(3, rows)
    for name in ("n_12", "n_13"):
        columns[name] = np.where(draw.random(rows) < 0.05 + 0.1 * move, np.nan, draw.normal(size=rows))
    for kinds in (2, 5, 20, 200, 2000):
        share = 1 / np.arange(1, kinds + 1) ** (1 + 0.1 * move)
        names = np.array([f"kind_{i:04d}" for i in range(kinds)])
        chosen = draw.choice(kinds, rows, p=share / share.sum())
        columns[f"c_{kinds}"] = pa.DictionaryArray.from_arrays(pa.array(chosen.astype(np.int32)), pa.array(names)).cast(
            pa.string()
        )
    columns["ts"] = np.datetime64("2026-01-01", "us") + np.sort(draw.random(rows) * 2.6e12).astype("timedelta64[us]")
    pq.write_table(pa.table(columns), path, row_group_size=_ROW_GROUP, compression="zstd")
    return path


def _read(path: Path) -> object:
    return pq.read_table(path, read_dictionary=[name for name in pq.read_schema(path).names if name.startswith("c_")])


def _linear(folder: Path, rows: int, files: int) -> float:
    """Give how long a row takes among many files, as a multiple of how long it takes in one; the same rows must add up."""
    from nbops.data.scan import profile_source

    many = folder / "many"
    many.mkdir()
    paths = [_written(many / f"{i:03d}.parquet", rows, 1 + i % 2) for i in range(files)]
    reference = profile_source(paths[0])
    one = seconds(lambda: profile_source(paths[0], reference))
    taken = seconds(lambda: profile_source(many, reference))
    merged = profile_source(paths[0], reference)
    for path in paths[1:]:
        merged = merged.merge(profile_source(path, reference))
    if merged != profile_source(many, reference):
        raise AssertionError("merged parts are not the whole")
    return taken / files / one


def _evidently(before: Path, after: Path) -> float:
    """Time Evidently in its own environment, since it needs pandas 2; nothing where it cannot be installed."""
    place = _ROOT / "build" / "bench-evidently"
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
            needs = ["evidently==0.7.23", "pandas<3", "pyarrow"]
            subprocess.run([python, "-m", "pip", "install", "-q", *needs], check=True, capture_output=True)
        done = subprocess.run(
            [python, "-c", _EVIDENTLY, str(before), str(after)], check=True, capture_output=True, text=True
        )
        return float(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        print(f"  Evidently cannot be measured here: {' '.join(str(error).split())[:120]}")
        return 0.0


def _extra_memory(before: Path, after: Path) -> float:
    """Give how much a report adds to the largest memory of a process of its own, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(before), str(after)], check=True, capture_output=True, text=True
    )
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--large", action="store_true", help="100 million rows in 50 files instead")
    parser.add_argument("--no-peer", action="store_true", help="leave Evidently out")
    given = parser.parse_args()
    if given.large:
        large()
    else:
        main(given.rows, given.repeats, given.files, not given.no_peer)
