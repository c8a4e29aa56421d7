"""What a user's cell draws at random stays what it was, whatever is looked at in between."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_random() -> Iterator[None]:
    """Leave Python's own generator as it was: importing scikit-learn's trees draws from it (for a library's styles)."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
