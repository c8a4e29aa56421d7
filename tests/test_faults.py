"""Everything that is wrong is told at once: one error carries all of it, in a line and across processes."""

import pickle

import pytest

from nbops.errors import NotFoundError, UsageError, about
from nbops.faults import Faults


def _faults(*fields):
    faults = Faults()
    for field in fields:
        with faults.about(field):
            raise UsageError(f"{field} is wrong.", hint=f"Mend {field}.")
    return faults


def test_nothing_wrong_is_nothing():
    faults = Faults()
    with faults.about("share"):
        pass
    faults.settle()
    assert not faults
    assert "share" not in faults


def test_one_is_raised_as_it_came():
    faults = Faults()
    with faults.about("model"):
        raise NotFoundError("There is no such model.")
    with pytest.raises(NotFoundError) as raised:
        faults.settle()
    assert (str(raised.value), raised.value.field, raised.value.further) == ("There is no such model.", "model", ())


def test_several_are_told_in_one_line_and_survive_another_process():
    with pytest.raises(UsageError) as raised:
        _faults("share", "mode", "window", "mode").settle()
    error = pickle.loads(pickle.dumps(raised.value))
    assert str(error) == "share is wrong. Mend share. And 3 more are wrong: mode, window."
    assert [(one.field, one.message) for one in error.further][0] == ("mode", "mode is wrong.")
    assert "\n" not in str(error)


def test_what_says_itself_what_it_is_about_keeps_that_and_brings_its_others():
    faults = Faults()
    with faults.about("file"):
        _faults("share", "mode").settle()
    with faults.about("other"), about("inner"):
        raise UsageError("Wrong.")
    with pytest.raises(UsageError) as raised:
        faults.settle()
    assert [one.field for one in (raised.value, *raised.value.further)] == ["share", "mode", "inner"]
