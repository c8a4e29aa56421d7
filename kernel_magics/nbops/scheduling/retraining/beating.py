"""A sign of life while a training goes on: of a process of another machine nobody here can tell otherwise."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from nbops.errors import NbopsError
from nbops.ledger import open_ledger
from nbops.ledger.owning import owned
from nbops.scheduling.retraining.rows import D
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace

_EVERY = 30.0
# Without a sign for so long a training counts as lost.
PATIENCE = 900.0


@contextlib.contextmanager
def beating(workspace: Workspace, number: int) -> Iterator[None]:
    """Write into the decision every half minute that its process lives, until the block is over."""
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(workspace, number, over), name="nbops-retraining", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(workspace: Workspace, number: int, over: threading.Event) -> None:
    mine = (owned(workspace, D), D.c.id == number, D.c.outcome == "running", D.c.owner == process_identity())
    while not over.wait(_EVERY):
        # A ledger that does not answer now may do so at the next beat.
        with contextlib.suppress(NbopsError), open_ledger(workspace).begin() as connection:
            connection.execute(D.update().where(*mine).values(heartbeat_at=time.time()))
