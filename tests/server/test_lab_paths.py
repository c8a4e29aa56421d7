"""The ``path`` parameter cannot lead out of the server's root folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbops.workspace import Workspace

OUTSIDE = [
    "../x.ipynb",
    "a/../../x.ipynb",
    "..",
    "/etc/passwd",
    "//etc/passwd",
    "\\\\server\\share",
    "..\\x.ipynb",
    "C:\\x.ipynb",
    "C:/x.ipynb",
    "a/" * 5000,
]


@pytest.mark.parametrize("route", ["status", "runs", "runs/last", "experiments", "models"])
@pytest.mark.parametrize("path", OUTSIDE)
async def test_escapes_are_refused(call: Any, workspace: Workspace, route: str, path: str) -> None:
    reply = await call(route, path=path)
    assert reply.code in {400, 403}
    assert set(reply.json()) == {"message", "hint"}


@pytest.mark.parametrize("path", ["..%2fx.ipynb", "%2e%2e/x.ipynb", "%2fetc%2fpasswd", "a%2f..%2f..%2fx"])
async def test_encoded_escapes_are_refused(
    http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str], workspace: Workspace, path: str
) -> None:
    url = f"{jp_base_url}nbops/api/runs?path={path}"
    reply = await http_server_client.fetch(url, headers=jp_auth_header, raise_error=False)
    assert reply.code in {400, 403}


async def test_a_link_out_of_the_root_is_refused(call: Any, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (workspace.root / "link").symlink_to(tmp_path / "secret")
    (workspace.root / "loop").symlink_to(workspace.root / "loop")
    for path in ("link/x.ipynb", "link", "loop/x.ipynb"):
        assert (await call("runs", path=path)).code == 403


async def test_a_link_inside_the_root_is_followed(call: Any, workspace: Workspace) -> None:
    (workspace.root / "real").mkdir()
    (workspace.root / "link").symlink_to(workspace.root / "real")
    assert (await call("runs", path="link/x.ipynb")).code == 200


async def test_each_folder_has_its_own_workspace(call: Any, workspace: Workspace) -> None:
    inner = workspace.root / "inner"
    inner.mkdir()
    (inner / "nbops.toml").touch()
    assert (await call("status", path="inner/a.ipynb")).json()["workspace"] == inner.as_posix()
    assert (await call("status", path="a.ipynb")).json()["workspace"] == workspace.root.as_posix()
    assert (await call("status")).json()["workspace"] == workspace.root.as_posix()


async def test_the_workspace_may_be_around_the_root(call: Any, jp_root_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "nbops.toml").touch()
    assert (await call("status", path="a.ipynb")).json()["workspace"] == tmp_path.as_posix()


async def test_looking_creates_nothing(call: Any, workspace: Workspace) -> None:
    for route in ("status", "runs", "experiments", "models"):
        assert (await call(route, path="a.ipynb")).code == 200
    assert (await call("runs/last")).code == 404
    assert [p.name for p in workspace.root.iterdir()] == ["nbops.toml"]
