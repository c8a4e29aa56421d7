"""What the tables of the ledger are declared on, and the count of what a person can see."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row; its value grows with every transaction that changes something a person can see.
revision = Table(
    "revision", metadata, Column("id", Integer, primary_key=True), Column("value", BigInteger, nullable=False)
)
