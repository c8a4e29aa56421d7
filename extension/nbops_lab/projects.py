"""New projects, made by the command line in a process of its own: the server need not load what reads tables."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops.tracking.launch import plain_environment
from nbops_lab.base import NbopsHandler

_KNOWN = frozenset({"name", "template", "data", "target", "task", "ci"})
# A table of a few gigabytes is copied and read once.
_PATIENCE = 300.0


class ProjectsHandler(NbopsHandler):
    """``projects``: the kinds of projects there are; make one in the folder that ``path`` names."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of names."""
        self.answer(await self.run(_templates))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer ``{"name", "folder", "files"}`` with status 201; the folder as the file browser names it."""
        self.changeable(await self.place())
        wanted = self.fields(_KNOWN)
        if not wanted.get("name") or set(wanted["name"]) & set("/\\"):
            raise UsageError("A project needs a name without slashes.", hint="It becomes a folder.")
        where = self.get_query_argument("path", "", strip=False)
        folder = await self.run(self.workspaces.confined, where)
        if wanted.get("data"):
            wanted["data"] = str(await self.run(self.workspaces.confined, wanted["data"]))
        made = await _make(folder, wanted)
        place = Path(made["folder"]).relative_to(self.workspaces.root).as_posix()
        self.answer({"name": made["name"], "folder": place, "files": made["files"]}, 201)


def _templates() -> list[str]:
    from nbops.pipelines.scaffold import project_templates

    return list(project_templates())


async def _make(folder: Path, wanted: dict[str, str]) -> dict[str, Any]:
    given = [f"--{name}={value}" for name, value in wanted.items() if value and name != "name"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "nbops", "new", "-C", str(folder), "--json", *given, "--", wanted["name"]),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=plain_environment(),
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            said, wrong = await process.communicate()
    except TimeoutError:
        raise UsageError("Making the project takes too long.", hint="Use a terminal: nbops new") from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        lines = wrong.decode("utf-8", "replace").strip().splitlines() or [""]
        raise UsageError(lines[-1].removeprefix("nbops: ") or "The project could not be made.")
    found: dict[str, Any] = json.loads(said)
    return found
