"""Which notebook and cell is running: told by the front end, the pipeline engine or the editor."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nbops.capture.analysis import Analysis
from nbops.records import CellRef


def locate(
    metadata: Mapping[str, Any] | None,
    namespace: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    *,
    execution_count: int | None = None,
) -> CellRef:
    """Find out where the running cell stands.

    Parameters
    ----------
    metadata
        Metadata of the execute request: JupyterLab's ``cellId``, and ``nbops`` (``path``, ``cell_id``, ``root``) from
        our front end.
    namespace
        The user's names; VS Code leaves the notebook's path there.
    environ
        Environment variables; the process's own by default.
    """
    environ = os.environ if environ is None else environ
    metadata = metadata or {}
    ours = metadata.get("nbops")
    ours = ours if isinstance(ours, Mapping) else {}
    cell_id = _text(ours.get("cell_id")) or _text(metadata.get("cellId"))
    session = environ.get("JPY_SESSION_NAME", "")
    notebook, source = "", "ipython"
    if environ.get("NBOPS_NOTEBOOK"):
        notebook, source = _absolute(environ["NBOPS_NOTEBOOK"]), "papermill"
    elif _text(ours.get("path")):
        notebook, source = _from_front_end(_text(ours.get("path")), _text(ours.get("root")), session), "jupyterlab"
    elif _text(namespace.get("__vsc_ipynb_file__")):
        notebook, source = _absolute(_text(namespace.get("__vsc_ipynb_file__"))), "vscode"
        cell_id = cell_id.rpartition("#")[2]
    elif session.endswith(".ipynb"):
        notebook, source = _absolute(session), "jupyter-server"
    return CellRef(notebook=notebook, cell_id=cell_id, execution_count=execution_count, source=source)


def key_of(cell: CellRef, folder: str, analysis: Analysis) -> str:
    """Give the key of the family "the same cell, run again".

    With a cell id that is notebook and id; without, what the cell binds and makes stands for it.
    """
    # The same notebook may serve two stages of a pipeline, which are two families.
    parts = [cell.notebook or folder, *filter(None, [os.environ.get("NBOPS_STAGE")])]
    fewest = len(parts) + 2
    if cell.cell_id:
        parts.append(cell.cell_id)
    else:
        parts += ["names", *sorted(analysis.names_written)]
        parts += ["makes", *sorted({made.path for made in analysis.constructions})]
        if len(parts) == fewest:
            parts.append(analysis.digest)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _from_front_end(path: str, root: str, session: str) -> str:
    relative = unquote(path) if "%" in path else path
    # A drive prefix (``RTC:``) belongs to the front end, not to the file system.
    if ":" in relative.partition("/")[0]:
        relative = relative.partition(":")[2]
    if os.path.isabs(relative):
        return _absolute(relative)
    if root:
        return _absolute(os.path.join(root, relative))
    if session.replace(os.sep, "/").endswith("/" + relative):
        return _absolute(session)
    folder = os.path.dirname(session) if session else os.getcwd()
    return _absolute(os.path.join(folder, os.path.basename(relative)))


def _absolute(path: str) -> str:
    return Path(os.path.normpath(os.path.abspath(os.path.expanduser(path)))).as_posix()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
