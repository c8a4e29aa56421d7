"""The prediction log where there is no ``fcntl``: only what Windows can do, which a stand-in for its functions insists on."""

import json
import subprocess
import sys

import pytest

# What Windows refuses: removing or renaming what is open, flushing what is open for reading only, opening folders; and what
# is locked there nobody else can read, so that it must lie behind the content. Without O_BINARY it would change line ends.
_WINDOWS = """
import errno, os, stat, sys, types
import subprocess, asyncio, tempfile, pandas, pyarrow.parquet, sqlalchemy  # ask for fcntl or msvcrt themselves

open_there, BINARY, locked = os.open, 1 << 30, {}

def held(path):
    path = os.path.realpath(path)
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}") == path:
                return True
        except OSError:
            pass
    return False

def refusing(function, places):
    def refuse(*paths, **more):
        if any(held(paths[place]) for place in places):
            raise PermissionError(errno.EACCES, "it is open", str(paths[0]))
        return function(*paths, **more)
    return refuse

def opened(path, flags, *more, **others):
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "a folder", str(path))
    if "/model=churn/" in str(path):
        assert flags & BINARY, path
    return open_there(path, flags & ~BINARY, *more, **others)

def flushed(descriptor, sync=os.fsync):
    with open(f"/proc/self/fdinfo/{descriptor}") as file:
        flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags"))
    if flags & 3 == os.O_RDONLY:
        raise OSError(errno.EBADF, "it is open for reading only")
    sync(descriptor)

def locking(descriptor, mode, count):
    at, found = os.lseek(descriptor, 0, os.SEEK_CUR), os.fstat(descriptor)
    assert at > found.st_size
    key = (found.st_ino, at)
    holder = locked.get(key)
    if holder is not None and holder != descriptor:
        try:
            if os.fstat(holder).st_ino == found.st_ino:
                raise PermissionError(errno.EACCES, "it is locked")
        except PermissionError:
            raise
        except OSError:
            pass
    locked[key] = descriptor

sys.modules["fcntl"] = None
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
os.O_BINARY = BINARY
os.open, os.fsync = opened, flushed
os.unlink, os.remove = refusing(os.unlink, [0]), refusing(os.remove, [0])
os.rename, os.replace = refusing(os.rename, [0, 1]), refusing(os.replace, [0, 1])
del os.fdatasync, os.O_CLOEXEC, os.link
"""

_LOG = """
import json
import pandas as pd
import nbops
from nbops.monitoring.predictions import PredictionLog, PredictionSettings, input_profile, read_labels, read_predictions, record_labels
from nbops.workspace import find_workspace

workspace = find_workspace(sys.argv[1])
with PredictionLog(workspace, "churn") as log:
    ids = log.log(rows=pd.DataFrame({"word": ["a\\nb", "c"]}), outputs=[0, 1], at=1_760_000_000.0)
    open_now = len(read_predictions(workspace, "churn"))
with PredictionLog(workspace, "churn") as log:
    log.log(ids=["third"], outputs=[1], at=1_760_000_001.0)
record_labels(workspace, "churn", ids, [0, 0])
with PredictionLog(workspace, "other", PredictionSettings(rows=False)) as other:
    other.log(rows=pd.DataFrame({"n": [1.0, 2.0]}), outputs=[1, 0])
profiled = input_profile(workspace, "other").rows
found = read_predictions(workspace, "churn")
files = sorted(path.suffix for path in workspace.predictions.rglob("*") if path.is_file() and path.suffix)
problem = log.health.problem
print(json.dumps([open_now, len(found), sorted(found["word"].dropna()), len(read_labels(workspace, "churn")), files, profiled, problem]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the stand-in for Windows looks into /proc")
def test_predictions_are_logged_compacted_and_read(tmp_path):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _WINDOWS + _LOG, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [2, 3, ["a\nb", "c"], 2, [".json", *[".parquet"] * 4], 2, ""]
