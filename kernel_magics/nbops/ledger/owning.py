"""Rows of one workspace among those of all that share a ledger."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id


def owned(workspace: Workspace, table: Any) -> ColumnElement[bool]:
    """Give the condition of rows that belong to a workspace."""
    found: ColumnElement[bool] = table.c.workspace == workspace_id(workspace)
    return found
