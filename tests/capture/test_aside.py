"""Programs of ours are nobody's children in the user's process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
import time

import pytest

from nbops.capture.aside import Aside
from nbops.capture.git import GitReader


@pytest.mark.parametrize(
    ("script", "answer"),
    [("printf hello", b"hello"), ("printf hello; exit 3", None), ("cat >/dev/null; echo no >&2", b"")],
)
def test_the_answer_of_a_program(script, answer):
    aside = Aside(["/bin/sh", "-c", script], os.environ)
    assert aside.done(30)
    assert aside.take(100) == answer


def test_a_process_with_many_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1500:
        pytest.skip("this machine allows a process no more than a thousand open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1500), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        aside = Aside(["/bin/sh", "-c", "printf hello"], os.environ)
        assert aside.done(30)
        assert aside.take(100) == b"hello"
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_takes_its_time_is_not_waited_for(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    aside = Aside(["cat", str(gate)], os.environ)
    assert not aside.done()
    gate.write_text("late")
    assert aside.done(30)
    assert aside.take(3) == b"lat"


def test_a_program_that_is_not_there():
    aside = Aside(["no-such-program-anywhere"], os.environ)
    assert aside.done(30)
    assert aside.take(10) is None


def test_a_cell_that_waits_for_children_finds_none_of_ours(tmp_path):
    (tmp_path / "nbops.toml").write_text("")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            import nbops

            def waited():
                try:
                    return os.wait()
                except ChildProcessError:
                    return None

            with nbops.track("first"):
                inside = waited()
            after = waited()
            print(inside, after)
            """
        )
    )
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *arguments], check=True)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    try:
        assert done.stdout == "None None\n", done.stderr
    finally:
        holder = (tmp_path / ".nbops" / "locks" / "courier.lock").read_text()
        os.kill(int(holder.partition(":")[0]), 15)


def test_changes_that_git_has_not_told_yet_are_not_known(tmp_path, monkeypatch):
    programs, gate = tmp_path / "bin", tmp_path / "gate"
    programs.mkdir()
    os.mkfifo(gate)
    # A git that takes its time, as in a large repository on a slow disk.
    (programs / "git").write_text(f"#!/bin/sh\ncat '{gate}'\n")
    (programs / "git").chmod(0o755)
    folder = tmp_path / "repo"
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/trunk\n")
    (folder / ".git" / "refs" / "heads" / "trunk").write_text("a" * 40 + "\n")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    state, patch = GitReader(folder).read()
    assert state is not None
    assert (state.commit, state.branch, state.dirty, patch) == ("a" * 40, "trunk", None, "")
    gate.write_text("")
    # The answer to the first counts for the second, which asks in vain.
    deadline = time.monotonic() + 30
    while (state := GitReader(folder).read()[0]).dirty is None and time.monotonic() < deadline:
        gate.write_text("")
    assert state.dirty is False
    # Nobody is left waiting.
    gate.write_text("")


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc to see it by")
def test_where_nobody_reaps_what_is_left_behind_it_does_not_pile_up(monkeypatch):
    # A process whose end nobody has asked for, as all that are left behind in such a container.
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    monkeypatch.setattr("nbops.capture.aside._left", [(str(ended.pid), time.monotonic() - 60)])
    first = Aside(["/bin/sh", "-c", "echo $PPID"], os.environ)
    assert first.done(30)
    assert first.take(20).strip() == str(os.getpid()).encode()
    ended.wait()
    second = Aside(["/bin/sh", "-c", "echo $PPID"], os.environ)
    assert second.done(30)
    assert second.take(20).strip() != str(os.getpid()).encode()
