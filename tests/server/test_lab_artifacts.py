"""Files of runs: only those the ledger names, never executable in the browser."""

from __future__ import annotations

from typing import Any

import pytest

from nbops.workspace import Workspace
from nbops.workspace.blobs import path_of


async def test_a_picture_is_shown(call: Any, tracked: Any) -> None:
    run = tracked(1)
    reply = await call(f"runs/{run.run_id}/artifacts/figures/roc.png")
    assert reply.code == 200
    assert reply.body.startswith(b"\x89PNG")
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_text_is_shown_as_text(call: Any, tracked: Any) -> None:
    reply = await call(f"runs/{tracked(1).run_id}/artifacts/cell.py")
    assert reply.body == b"auc = 0.9"
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["page.html", "drawing.svg"])
async def test_what_could_run_is_downloaded(call: Any, tracked: Any, path: str) -> None:
    reply = await call(f"runs/{tracked(1).run_id}/artifacts/{path}")
    assert reply.code == 200
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["Content-Security-Policy"]


async def test_the_same_bytes_are_sent_once(call: Any, tracked: Any) -> None:
    route = f"runs/{tracked(1).run_id}/artifacts/cell.py"
    tag = (await call(route)).headers["Etag"]
    again = await call(route, headers={"If-None-Match": tag})
    assert (again.code, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["nope.png", "../outbox.db", "..%2f..%2foutbox.db", "/etc/passwd", "figures/../cell.py", "figures", "%00"]
)
async def test_only_what_the_ledger_names(
    http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str], tracked: Any, path: str
) -> None:
    url = f"{jp_base_url}nbops/api/runs/{tracked(1).run_id}/artifacts/{path}"
    reply = await http_server_client.fetch(url, headers=jp_auth_header, raise_error=False)
    assert reply.code == 404


async def test_a_changed_file_is_not_served(call: Any, tracked: Any, workspace: Workspace) -> None:
    run = tracked(1)
    stored = path_of(workspace, next(a.digest for a in run.artifacts if a.path == "cell.py"))
    stored.chmod(0o644)
    stored.write_bytes(b"something else")
    reply = await call(f"runs/{run.run_id}/artifacts/cell.py")
    assert reply.code == 500
    assert b"something else" not in reply.body
    stored.unlink()
    assert (await call(f"runs/{run.run_id}/artifacts/cell.py")).code == 404
