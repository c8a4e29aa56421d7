"""Warning filters that an import has changed are changed in the same way in a kernel that imports later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nbops.pipelines.warm.shelf import changed

_FILTERS = st.lists(st.integers(0, 30), unique=True, max_size=8).map(lambda numbers: tuple((n,) for n in numbers))


@given(_FILTERS, _FILTERS)
def test_from_the_same_list_the_same_comes_out(before, after):
    assert changed(before, before, after) == list(after)


@given(_FILTERS, _FILTERS, _FILTERS)
def test_what_was_put_in_front_is_put_in_front_of_what_is_there(before, fresh, others):
    fresh = tuple(each for each in fresh if each not in before)
    others = tuple(each for each in others if each not in before + fresh)
    now = others + before
    assert changed(now, before, fresh + before) == [*fresh, *now]


@given(_FILTERS, _FILTERS, st.data())
def test_what_was_taken_out_is_taken_out_and_the_rest_stays_in_order(before, others, data):
    others = tuple(each for each in others if each not in before)
    after = tuple(each for each in before if data.draw(st.booleans()))
    now = before + others
    assert changed(now, before, after) == [each for each in now if each in after or each in others]
