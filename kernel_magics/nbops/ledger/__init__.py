"""The ledger: one database for everything nbops knows, SQLite by default, PostgreSQL by one URL."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.ledger.database import Ledger, open_ledger, schema_version

__all__ = ["Ledger", "open_ledger", "schema_version"]

__getattr__, __dir__ = late(__name__, {"database": ["Ledger", "open_ledger", "schema_version"]})
