"""New projects over HTTP: below the server's root, whole, and what is wrong in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbops.workspace import Workspace


async def test_a_project_is_made_where_the_file_browser_stands(call: Any, workspace: Workspace) -> None:
    assert "tabular" in (await call("projects")).json()
    (workspace.root / "work").mkdir()
    (workspace.root / "people.csv").write_text("age,plan,left\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(40)))
    body = {"name": "churn", "template": "tabular", "data": "people.csv", "target": "left"}
    made = await call("projects", method="POST", path="work", body=body)
    assert made.code == 201
    assert (made.json()["name"], made.json()["folder"]) == ("churn", "work/churn")
    assert "pipeline.toml" in made.json()["files"]
    plan = (await call("pipelines/graph", path="work/churn/pipeline.toml")).json()
    assert plan["stages"]
    again = await call("projects", method="POST", path="work", body=body)
    assert (again.code, "is there already" in again.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "../churn"}, 400),
        ({"name": ""}, 400),
        ({"name": "churn", "data": "../people.csv", "target": "left"}, 403),
        ({"name": "churn", "data": "/etc/passwd", "target": "left"}, 403),
        ({"name": "churn", "colour": "red"}, 400),
        ({"name": "--help"}, 400),
    ],
)
async def test_nothing_is_made_outside_or_by_a_slip(
    call: Any, workspace: Workspace, tmp_path: Path, body: dict[str, str], code: int
) -> None:
    before = sorted(tmp_path.rglob("*churn*"))
    assert (await call("projects", method="POST", body=body)).code == code
    assert sorted(tmp_path.rglob("*churn*")) == before


async def test_readonly_makes_nothing(call: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBOPS_READONLY", "1")
    assert (await call("projects", method="POST", body={"name": "churn"})).code == 403
    assert not (workspace.root / "churn").exists()
