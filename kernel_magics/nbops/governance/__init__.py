"""Governance: lineage and audit reports. It reads everything and owns nothing."""
