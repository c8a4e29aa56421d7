"""One leader however many processes look after a workspace's schedules: a lease in the ledger that is renewed or runs out."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.tracking.process import is_alive, process_identity
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# Renewing writes to the ledger, which every open page sees; a leader that died on this machine is succeeded at once.
TERM, RENEW = 180.0, 60.0
_L = tables.leases


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a lease until when, as it was read."""

    owner: str
    expires_at: float


class Lease:
    """The right to look after the schedules of a workspace.

    Parameters
    ----------
    workspace
        Which one.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.name = f"scheduler:{workspace_id(workspace)}"
        # Several may compete within one process.
        self._owner = f"{process_identity()}#{uuid.uuid4().hex[:8]}"

    def mine(self, held: Held | None, now: float) -> bool:
        """Take or renew the lease if it is free or ours; give whether it is ours.

        Parameters
        ----------
        held
            The lease as it was just read.
        now
            The time in seconds since the epoch.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        ledger = open_ledger(self._workspace)
        if held is not None and held.owner == self._owner and now < held.expires_at - TERM + RENEW:
            return True
        if held is not None and not self.free(held, now):
            return False
        values = {"owner": self._owner, "expires_at": now + TERM}
        with ledger.begin() as connection:
            if held is None:
                connection.execute(ledger.upsert(_L).values(name=self.name, **values).on_conflict_do_nothing())
                return connection.scalar(select(_L.c.owner).where(_L.c.name == self.name)) == self._owner
            as_read = (_L.c.name == self.name, _L.c.owner == held.owner, _L.c.expires_at == held.expires_at)
            return connection.execute(_L.update().where(*as_read).values(**values)).rowcount == 1

    def release(self) -> None:
        """Let somebody else lead at once.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        with open_ledger(self._workspace).begin() as connection:
            connection.execute(_L.delete().where(_L.c.name == self.name, _L.c.owner == self._owner))

    def free(self, held: Held, now: float) -> bool:
        """Whether a lease that was read may be taken."""
        if held.owner == self._owner or not is_alive(held.owner.partition("#")[0]):
            return True
        # One that ends later than any that is given now is of a clock that was wrong.
        return not now < held.expires_at <= now + 2 * TERM


def somebody_leads(workspace: Workspace) -> bool:
    """Whether a process looks after the schedules of a workspace now.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    lease = Lease(workspace)
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(_L.c.owner, _L.c.expires_at).where(_L.c.name == lease.name)).first()
    return row is not None and not lease.free(Held(row.owner, row.expires_at), time.time())
