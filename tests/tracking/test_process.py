"""An identity that no later process can share."""

from __future__ import annotations

import os
import subprocess
import sys

from nbops.tracking.process import is_alive, process_identity


def test_this_process_lives():
    identity = process_identity()
    assert identity.startswith(f"{os.getpid()}:")
    assert is_alive(identity)


def test_a_killed_process_is_dead_even_before_it_is_reaped():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = process_identity(child.pid)
    assert is_alive(identity)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(identity)
    child.communicate()
    assert not is_alive(identity)
    assert process_identity(child.pid) == ""


def test_the_same_pid_at_another_time_or_boot_is_another_process():
    pid, start, boot, host = process_identity().split(":", 3)
    assert not is_alive(":".join((pid, str(int(start) + 1), boot, host)))
    assert not is_alive(f"{pid}:{start}:0000beef:{host}")


def test_nobody_knows_about_other_machines():
    assert is_alive("1:2:3:elsewhere")
    assert is_alive("not an identity")
