"""The metadata of the execute request that is being served."""

from __future__ import annotations

from typing import Any


def execute_metadata(shell: Any) -> dict[str, Any]:
    """Give the metadata of the running request; empty in a terminal or where a kernel keeps it to itself."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    try:
        parent = kernel.get_parent("shell")
    except (AttributeError, LookupError, TypeError):
        return {}
    found = parent.get("metadata") if isinstance(parent, dict) else None
    return dict(found) if isinstance(found, dict) else {}
