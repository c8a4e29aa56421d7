"""Programs of ours are nobody's children in the user's process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from nbops.capture.aside import Aside


@pytest.mark.parametrize(
    ("script", "answer"),
    [("printf hello", b"hello"), ("printf hello; exit 3", None), ("cat >/dev/null; echo no >&2", b"")],
)
def test_the_answer_of_a_program(script, answer):
    aside = Aside(["/bin/sh", "-c", script], os.environ)
    assert aside.done(30)
    assert aside.take(100) == answer


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
