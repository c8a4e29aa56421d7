"""The language of searches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import UsageError
from nbops.tracking.query import Condition, Query, parse

_fields = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True).filter(lambda t: t.lower() != "and")
_values = st.from_regex(r"[A-Za-z0-9_.\-]{1,8}", fullmatch=True)
_conditions = st.builds(Condition, _fields, st.sampled_from(["<", "<=", ">", ">=", "=", "!=", "~"]), _values)


@given(conditions=st.lists(_conditions, max_size=4), words=st.lists(_fields, max_size=3))
def test_what_is_written_is_read(conditions, words):
    text = " and ".join(f"{c.field} {c.op} {c.value}" for c in conditions)
    text += (" and " if conditions and words else "") + " ".join(words)
    assert parse(text) == Query(tuple(conditions), tuple(words))
    tight = " ".join(f"{c.field}{c.op}{c.value}" for c in conditions)
    assert parse(tight).conditions == tuple(conditions)


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        parse(text)
    except UsageError as error:
        assert "\n" not in str(error)


def test_quotes_hold_names_and_values_together():
    assert parse('"max depth" >= 3 and name ~ "brisk heron"') == Query(
        (Condition("max depth", ">=", "3"), Condition("name", "~", "brisk heron"))
    )
    assert parse("max_depth == 6").conditions == (Condition("max_depth", "=", "6"),)


@pytest.mark.parametrize("text", ["auc >", "> 3", "~", "heron auc <"])
def test_half_a_condition_is_refused(text):
    with pytest.raises(UsageError, match="not whole"):
        parse(text)
