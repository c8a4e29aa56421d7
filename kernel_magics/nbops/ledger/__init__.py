"""The ledger: one database for everything nbops knows, SQLite by default, PostgreSQL by one URL."""

from nbops.ledger import tables
from nbops.ledger.database import Ledger, open_ledger, schema_version

__all__ = ["Ledger", "open_ledger", "schema_version", "tables"]
