"""The engine ``nbops`` of papermill: ``papermill IN OUT --engine nbops``."""

from __future__ import annotations

from papermill.engines import NBClientEngine


class NbopsEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a notebook as papermill's own engine does."""
