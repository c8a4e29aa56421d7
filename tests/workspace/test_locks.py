"""Locks hold between processes and end with their holder."""

import subprocess
import sys

import pytest

from nbops.errors import WorkspaceError
from nbops.workspace.locks import file_lock, try_lock

_HOLDER = """
import sys
from pathlib import Path
from nbops.workspace.locks import try_lock
held = try_lock(Path(sys.argv[1]))
print("held" if held else "refused", flush=True)
sys.stdin.read()
"""


def test_another_process_holds_it_until_it_is_killed(tmp_path):
    path = tmp_path / "locks" / "x.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assert try_lock(path) is None
        with pytest.raises(WorkspaceError, match="held by another process"), file_lock(path, timeout=0.05):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    with file_lock(path, timeout=5):
        assert try_lock(path) is None
    held = try_lock(path)
    assert held is not None
    held.release()
    held.release()
