"""Ask a kernel something between two cells, without a trace in its outputs, history or variables."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from queue import Empty
from typing import Any

_INSIDE = "nbops.pipelines.checkpoints.inside"
_PATIENCE, _AGAIN, _TRIES = 1.0, 0.05, 40


def request(client: Any, what: str, facts: Mapping[str, Any] | None = None) -> str:
    """Ask, and give the id of the question; the kernel answers after what it was asked before."""
    given = f"__import__('json').loads({json.dumps(facts)!r})" if facts is not None else ""
    expression = f"__import__({_INSIDE!r}, fromlist=[{what!r}]).{what}({given})"
    asked: str = client.execute(
        "", silent=True, store_history=False, allow_stdin=False, user_expressions={"nbops": expression}
    )
    return asked


async def ask(client: Any, manager: Any, what: str, facts: Mapping[str, Any], patience: float) -> dict[str, Any]:
    """Ask and wait for the answer; a ``problem`` in it says what is wrong.

    Parameters
    ----------
    client, manager
        Of a kernel that runs no cell.
    what
        Function of :mod:`nbops.pipelines.checkpoints.inside`.
    facts
        What it is given.
    patience
        Seconds until it must have answered.
    """
    until = time.monotonic() + patience
    for _ in range(_TRIES):
        content = await _answer(client, manager, request(client, what, facts), until)
        if content is None:
            return {"problem": "the kernel does not answer"}
        if content["status"] != "aborted":
            return _read(content)
        # For a moment after a cell that failed everything is refused.
        await asyncio.sleep(_AGAIN)
    return {"problem": "the kernel refuses to answer"}


async def _answer(client: Any, manager: Any, asked: str, until: float) -> dict[str, Any] | None:
    while time.monotonic() < until:
        try:
            message = await client.get_shell_msg(timeout=_PATIENCE)
        except Empty:
            if not await manager.is_alive():
                return None
            continue
        if message["parent_header"].get("msg_id") == asked:
            content: dict[str, Any] = message["content"]
            return content
    return None


def _read(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get("user_expressions", {}).get("nbops", {})
    if found.get("status") == "ok":
        answer: dict[str, Any] = found["data"].get("application/json", {})
        return answer
    if found.get("ename") in {"ModuleNotFoundError", "ImportError"}:
        return {"problem": f"the kernel has not what it takes: {found.get('evalue', '')}"}
    return {"problem": f"{found.get('ename', content.get('ename', 'no answer'))}: {found.get('evalue', '')}"[:200]}
