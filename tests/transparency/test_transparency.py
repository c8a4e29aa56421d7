"""A tracked notebook gives the same outputs and leaves the same state as a plain one."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parent / "notebooks").glob("*.ipy"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_tracking_changes_nothing(name, run_both):
    pair = run_both(name)
    for number, (plain, tracked) in enumerate(zip(pair.plain.outputs, pair.tracked.outputs, strict=True), 1):
        assert tracked == plain, f"cell {number}"
    assert pair.tracked.state == pair.plain.state
    assert pair.tracked.cards, "nothing was tracked"
    assert not pair.plain.cards
    for card in pair.tracked.cards:
        assert card["warnings"] == []


def test_there_are_at_least_ten_kinds():
    assert len(NOTEBOOKS) >= 10
