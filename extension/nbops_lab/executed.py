"""Executed notebooks, as a drive of JupyterLab reads them: they lie in a hidden folder, which Jupyter's own files do not show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import PipelineError
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler

# Where the workspace is found, the run, the stage.
_PLACE = re.compile(r"(?:(?P<path>.*)/)?@(?P<run>[^/@]+)/(?P<stage>[^/]+)\.ipynb")


class ExecutedHandler(NbopsHandler):
    """``GET executed/{path}/@{run_id}/{stage}.ipynb``: an executed notebook, in the form of Jupyter's contents."""

    @web.authenticated
    @authorized
    async def get(self, address: str) -> None:
        """Answer a model of Jupyter's contents that cannot be written; what leads to a notebook is an empty folder."""
        found = _PLACE.fullmatch(address)
        if found is None:
            self.answer(_described(address, "directory", datetime.fromtimestamp(0, UTC)))
            return
        place = self.tracked(await self.place(found["path"] or ""))
        model = await self.run(_model, place.workspace, address, found["run"], found["stage"])
        if not self.flag("content", True):
            model |= {"content": None, "format": None}
        self.set_header("Cache-Control", "no-store")
        # A notebook is not ours: it may hold what records may not, such as NaN.
        self.finish(self.squeezed(json.dumps(model).encode()))


class CheckpointsHandler(NbopsHandler):
    """``GET executed/{…}/checkpoints``: none, for nothing is ever written."""

    @web.authenticated
    @authorized
    async def get(self, address: str) -> None:
        """Answer an empty list."""
        self.answer([])


def _model(workspace: Workspace, address: str, run_id: str, stage: str) -> dict[str, Any]:
    from nbops.pipelines.running.history import executed_notebook

    _, _, path = executed_notebook(workspace, run_id, stage)
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return _described(address, "notebook", changed) | {"content": _content(path)}


def _described(address: str, kind: str, changed: datetime) -> dict[str, Any]:
    return {
        "name": address.rpartition("/")[2],
        "path": address,
        "type": kind,
        "format": "json",
        "mimetype": None,
        "content": [],
        "created": changed.isoformat(),
        "last_modified": changed.isoformat(),
        "writable": False,
        "hash": None,
        "hash_algorithm": None,
    }


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PipelineError(f"{path.name} cannot be read: {error}.") from error
