"""A Jupyter server with our extension, and a workspace in its root folder."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403

from nbops.ledger import open_ledger, tables
from nbops.records import ArtifactRef, CellRef, ErrorInfo, ModelRef, Run
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import put_bytes

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@dataclass(frozen=True)
class Reply:
    """An answer of the server, whatever its status."""

    code: int
    body: bytes
    headers: Any

    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture(autouse=True)
def _no_courier(_plain_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBOPS_COURIER", "0")


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbops_lab": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
        }
    }


@pytest.fixture
def workspace(jp_root_dir: Path) -> Workspace:
    (jp_root_dir / "nbops.toml").write_text('experiment = "churn"\n')
    found = find_workspace(jp_root_dir)
    assert found.root == jp_root_dir
    return found


@pytest.fixture
def call(jp_fetch: Any) -> Callable[..., Awaitable[Reply]]:
    """Ask a route; a refusal is an answer like any other."""

    async def fetch(route: str, *, method: str = "GET", body: Any = None, **params: Any) -> Reply:
        headers = params.pop("headers", None)
        sent = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        got = await jp_fetch(
            "nbops/api",
            route,
            method=method,
            body=sent,
            params=params,
            headers=headers,
            allow_nonstandard_methods=True,
            raise_error=False,
        )
        return Reply(got.code, got.body or b"", got.headers)

    return fetch


@pytest.fixture
def tracked(workspace: Workspace) -> Callable[..., Run]:
    """Leave a finished run in the outbox, as a kernel does."""
    from nbops.tracking.outbox import Outbox
    from nbops.tracking.process import process_identity

    def make(number: int = 1, *, name: str = "", notebook: str = "01.ipynb", **fields: Any) -> Run:
        model = b"the bytes of model %d" % number
        blobs = [
            (_artifact("figures/roc.png", PNG, "image/png"), PNG),
            (_artifact("cell.py", b"auc = 0.9", "text/x-python"), b"auc = 0.9"),
            (_artifact("page.html", b"<script>alert(1)</script>", "text/html"), b"<script>alert(1)</script>"),
            (_artifact("drawing.svg", b"<svg onload='alert(1)'/>", "image/svg+xml"), b"<svg onload='alert(1)'/>"),
        ]
        given: dict[str, Any] = {
            "run_id": f"{number:032x}",
            "name": name or f"calm-otter-{number}",
            "experiment": "churn",
            "author": "ada",
            "started_at": 1_700_000_000.0 + number,
            "ended_at": 1_700_000_001.0 + number,
            "duration": 1.0,
            "status": "FINISHED",
            "cell": CellRef(
                notebook=(workspace.root / notebook).as_posix(), cell_id="c1", key="k", source="jupyterlab"
            ),
            "code": "auc = 0.9",
            "params": {"depth": str(number)},
            "metrics": {"auc": 0.5 + number / 100},
            "models": (ModelRef(name="model", class_name="Tree", digest=put_bytes(workspace, model), size=len(model)),),
            "artifacts": tuple(artifact for artifact, _ in blobs),
            "process": process_identity(),
        }
        if fields.get("status") == "FAILED":
            given["error"] = ErrorInfo(type="ValueError", message="Input X contains NaN", traceback="Traceback")
        run = Run(**{**given, **fields})
        box = Outbox(workspace)
        box.start(run)
        box.finish(run, blobs)
        return run

    return make


@pytest.fixture
def many(workspace: Workspace) -> Callable[[int], None]:
    """Write rows straight into the ledger: ``auc`` is a permutation of the row numbers."""

    def write(count: int) -> None:
        ledger = open_ledger(workspace)
        rows = [
            {
                "run_id": f"{i:032x}",
                "name": f"run-{i}",
                "experiment": f"experiment-{i % 7}",
                "kind": "cell",
                "status": "FAILED" if i % 10 == 0 else "FINISHED",
                "origin": "nbops",
                "started_at": float(i),
                "duration": 0.1,
                "notebook": (workspace.root / f"{i % 3}.ipynb").as_posix(),
                "detail": {},
                "updated_at": float(i),
                "delivery": "delivered",
            }
            for i in range(count)
        ]
        metrics = [{"run_id": f"{i:032x}", "name": "auc", "value": float(i * 7919 % count)} for i in range(count)]
        params = [{"run_id": f"{i:032x}", "name": "depth", "value": str(i % 5)} for i in range(count)]
        with ledger.begin() as connection:
            connection.execute(tables.runs.insert(), rows)
            connection.execute(tables.latest_metrics.insert(), metrics)
            connection.execute(tables.params.insert(), params)
            ledger.touch(connection)

    return write


def _artifact(path: str, data: bytes, media_type: str) -> ArtifactRef:
    import hashlib

    return ArtifactRef(path=path, digest=hashlib.sha256(data).hexdigest(), size=len(data), media_type=media_type)
