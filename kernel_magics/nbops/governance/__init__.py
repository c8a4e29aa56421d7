"""Lineage queries, audit report, maturity (no issue asks for it yet: the room is empty)."""
