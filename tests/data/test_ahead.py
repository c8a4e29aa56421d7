"""Reading ahead ends with whoever asks for the pieces, however that is; two threads share the columns."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pyarrow as pa
import pytest

from nbops.data import ahead
from nbops.data.ahead import Ahead
from nbops.data.parts import profile_pieces
from nbops.data.profile import profile_frame
from nbops.data.threads import beside

PIECE = pa.table({"x": np.arange(50.0)})


class Source:
    """Pieces that tell how many were read, and whether reading has been closed."""

    def __init__(self, many, end=None):
        self.many, self.end, self.read, self.closed = many, end, 0, False

    def pieces(self):
        try:
            for _ in range(self.many):
                self.read += 1
                yield PIECE
            if self.end is not None:
                raise self.end
        finally:
            self.closed = True


def _readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("nbops")]


def test_all_pieces_come_in_their_order():
    pieces = [pa.table({"x": [i]}) for i in range(50)]
    assert pa.concat_tables(Ahead(iter(pieces))).column("x").to_pylist() == [*range(50)]
    assert list(Ahead(iter([]))) == [] and not _readers()


def test_who_stops_asking_stops_the_reader():
    source = Source(1000)
    coming = iter(Ahead(source.pieces()))
    next(coming)
    coming.close()
    assert source.closed and source.read < 20 and not _readers()


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), IndexError("mine")])
def test_an_error_of_the_reader_comes_after_what_was_read(error):
    source = Source(3, error)
    seen = 0
    with pytest.raises(type(error)):
        for piece in Ahead(source.pieces()):
            seen += len(piece)
    assert seen == 150 and source.closed and not _readers()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_of_the_counting_leaves_no_reader(monkeypatch, error):
    source = Source(5000)
    monkeypatch.setattr("nbops.data.parts.plan", lambda taken: (_ for _ in ()).throw(error()))
    with pytest.raises(error) as kept:
        profile_pieces(source.pieces())
    # The traceback is still there, as it is in a notebook.
    assert kept.tb is not None and source.closed and not _readers()


def test_what_follows_is_begun_once_all_is_read_and_not_after_an_error():
    for end, begun in ((None, True), (ValueError(), False)):
        first, second = Source(2, end), Source(1000)
        one, other = Ahead(first.pieces()), Ahead(second.pieces())
        one.followed_by(other)
        with contextlib.suppress(ValueError):
            list(one)
        assert (other._thread is not None) is begun
        other.close()
        assert second.read < 20 and not _readers()
    other.begin()
    assert not _readers()


def test_large_pieces_do_not_wait_in_numbers(monkeypatch):
    monkeypatch.setattr(ahead, "_WAITING_BYTES", PIECE.nbytes)
    source = Source(100)
    coming = Ahead(source.pieces())
    coming.begin()
    coming._thread.join(0.2)
    assert source.read <= 2
    assert sum(map(len, coming)) == 5000


@pytest.mark.parametrize("bad", [0, 1, 2, 5])
@pytest.mark.parametrize("error", [IndexError, KeyboardInterrupt])
@pytest.mark.parametrize("rows", [100, 10**5, 10**6])
def test_an_error_in_either_thread_is_told_as_it_is(bad, error, rows):
    done = []

    def work(item):
        if item == bad:
            raise error("mine")
        done.append(item)
        return item

    with pytest.raises(error, match="mine"):
        beside(work, range(6), lambda item: item % 2 == 1, rows)
    assert not _readers()
    for apart in (lambda item: item % 2 == 1, lambda item: False, lambda item: True):
        assert beside(lambda item: item * 2, range(6), apart, rows) == [0, 2, 4, 6, 8, 10]


def test_profiles_are_made_however_numpy_takes_overflows():
    import pandas as pd

    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "wild": np.where(
                draw.random(30_000) < 0.5, 1e300, draw.choice([5e-324, -np.inf, np.nan, 0.0, -1e308], 30_000)
            ),
            "text": [f"word {i}" for i in range(30_000)],
            "whole": draw.integers(-(2**62), 2**62, 30_000),
        }
    )
    known = profile_frame(frame)
    with np.errstate(all="raise"):
        assert profile_frame(frame, known) == profile_frame(frame, known) == known
