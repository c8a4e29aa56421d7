"""The Jupyter side of nbops: the prebuilt JupyterLab extension and the server part it talks to."""

from __future__ import annotations

from typing import Any

from nbops import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "nbops-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from nbops_lab.app import NbopsLab

    return [{"module": "nbops_lab", "app": NbopsLab}]


def _load_jupyter_server_extension(server: Any) -> None:
    from nbops_lab.app import NbopsLab

    NbopsLab._load_jupyter_server_extension(server)  # type: ignore[no-untyped-call]
