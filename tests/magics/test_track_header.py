"""The %%track line is found and taken out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.magics.header import find_header, remove_track


def removed(cell: str) -> str:
    return "".join(remove_track(cell.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("cell", "rest", "line", "body"),
    [
        ("%%track\nx = 1", "x = 1", "", "x = 1"),
        ("\n\n  %%track --name a\n  x = 1", "\n\n  x = 1", "--name a", "  x = 1"),
        ("%%time\n%%track\nx", "%%time\nx", "", "x"),
        ("%%track\n%%time\nx", "%%time\nx", "", "x"),
        ("%%capture out\n\n%%track a\nx\n%%track", "%%capture out\n\nx\n%%track", "a", "x\n%%track"),
        ("%%track", "", "", ""),
    ],
)
def test_found_and_removed(cell, rest, line, body):
    assert removed(cell) == rest
    header = find_header(cell)
    assert (header.rest, header.line, header.body) == (rest, line, body)


@pytest.mark.parametrize(
    "cell",
    ["x = 1\n%%track", "%%tracker\nx", "%%track?", "%%writefile a.py\n%%track\n", "%track", "", "# %%track\n%%track"],
)
def test_left_alone(cell):
    assert removed(cell) == cell
    assert find_header(cell) is None


@pytest.mark.parametrize("line", ["-h", "--nmae x", "--name", "'"])
def test_a_wrong_line_stays_for_the_magic_to_say_so(line):
    assert removed(f"%%track {line}\nx") == f"%%track {line}\nx"


@given(st.text(alphabet="%track \n\tx=1-", max_size=60))
def test_removing_takes_at_most_one_line_and_is_pure(cell):
    lines = cell.splitlines(keepends=True)
    copy = list(lines)
    once = remove_track(lines)
    assert lines == copy
    assert len(lines) - len(once) in (0, 1)
    assert remove_track(list(copy)) == once
