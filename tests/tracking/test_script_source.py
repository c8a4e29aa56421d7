"""The code of a ``with nbops.track()`` block, wherever and however it is written."""

from __future__ import annotations

import contextlib
import textwrap

import pytest

import nbops
from nbops.tracking.search import get_run


@pytest.fixture
def run_script(workspace, monkeypatch):
    """Run a script in this process and give its last run."""
    monkeypatch.chdir(workspace.root)

    def run(text, **names):
        path = workspace.root / "script.py"
        path.write_text(textwrap.dedent(text))
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "script", "nbops": nbops, **names})
        return get_run(workspace, "last")

    return run


def test_a_flush_left_text_hides_nothing(run_script):
    found = run_script(
        '''
def work():
    with nbops.track("sql"):
        lr = 0.1
        query = """
SELECT 1
  FROM t"""
        # a comment
        auc = lr * 9.0
work()
        '''
    )
    assert found.metrics == {"auc": 0.9}
    assert found.params["lr"] == "0.1"
    assert found.code.startswith('lr = 0.1\nquery = """\nSELECT 1\n  FROM t"""\n# a comment\nauc')


def test_a_block_on_one_line_and_one_that_begins_with_a_decorator(run_script):
    assert run_script('with nbops.track("one"): lr = 0.5; auc = lr * 2.0').code == "lr = 0.5; auc = lr * 2.0\n"
    found = run_script(
        """
        with nbops.track("decorated"):
            @staticmethod
            def step():
                return 1.5
            auc = step() * 1.0
        """
    )
    assert found.code.startswith("@staticmethod\ndef step():\n    return 1.5\n")
    assert found.metrics == {"auc": 1.5}


def test_a_block_in_an_exit_stack_is_where_it_was_entered(run_script, workspace):
    found = run_script(
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(nbops.track("stack"))
            lr = 0.5
        """,
        contextlib=contextlib,
    )
    assert found.cell.notebook == (workspace.root / "script.py").as_posix()
    assert found.params == {"lr": "0.5"}
    assert "source/script.py" in [ref.path for ref in found.artifacts]
