"""What is tried on a served model before it goes to others."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbops.registry.facts import facts_of
from nbops.serving.process import ServedProcess
from nbops.serving.protocol import answer, rows_of
from nbops.serving.served import Served
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Tried:
    """One check: its name, whether it passed, and what was seen."""

    name: str
    passed: bool
    seen: str


class Trial:
    """Checks of a served model against the same version, loaded by itself.

    Parameters
    ----------
    server
        What answers.
    served
        The same version in this process.
    workspace
        Where its stored example is.
    tolerance
        Largest difference between numbers that are to be equal, relative to their size where they are larger than 1.
    """

    def __init__(self, server: ServedProcess, served: Served, workspace: Workspace, *, tolerance: float = 1e-9) -> None:
        self._server, self._served, self._workspace, self._tolerance = server, served, workspace, tolerance
        self.checks: list[Tried] = []

    def health(self) -> None:
        """``/ping`` answers."""
        status, _ = self._server.get("/ping")
        self._note("health", status == 200, f"/ping answers {status}")

    def identity(self) -> None:
        """``/version`` names the very bytes that were registered."""
        status, said = self._server.get("/version")
        wanted = (self._served.version.model, self._served.version.version, self._served.version.digest)
        found = (said.get("model"), said.get("version"), said.get("digest"))
        self._note(
            "identity", status == 200 and found == wanted, f"{found[0]} version {found[1]}, {str(found[2])[:12]}"
        )

    def example(self) -> None:
        """The stored input example gives the model's own predictions."""
        example = facts_of(self._workspace, self._served.version)["input_example"]
        if not example:
            self._note("input example", True, "the version has none")
            return
        body = {"dataframe_split": {"columns": example["columns"], "data": example["data"]}}
        own = self._served.model.predict(rows_of(json.dumps(body).encode(), self._served))
        self._compare("input example", body, json.loads(answer(own))["predictions"])

    def rows(self, table: pd.DataFrame) -> None:
        """Rows of data give what the model predicts for them here, where they go through no JSON."""
        names = list(self._served.version.features)
        if self._served.by_position:
            taken = table.iloc[:, : len(names)] if names else table
        else:
            taken = table[names]
        own = self._served.model.predict(taken.to_numpy() if self._served.by_position else taken)
        columns = names or [str(name) for name in taken.columns]
        body = {"dataframe_split": {"columns": columns, "data": _as_json(taken)}}
        self._compare(f"{len(table)} held-out rows", body, json.loads(answer(own))["predictions"])

    def refusals(self) -> None:
        """What is no request of the right kind is refused, in JSON, with a status that says whose fault it is."""
        names = list(self._served.version.features) or ["x"]
        for what, body in (
            ("no JSON", b"{"),
            ("no rows", json.dumps({"dataframe_split": {"columns": names, "data": []}}).encode()),
            ("a wrong column", json.dumps({"dataframe_records": [{"no such column": 1}]}).encode()),
            ("a pickle", b"\x80\x04N."),
        ):
            status, said = self._server.post(body)
            told = isinstance(said, dict) and bool(said.get("message"))
            self._note(f"refuses {what}", 400 <= status < 500 and told, f"{status}: {said.get('message', '')}"[:200])

    def _compare(self, name: str, body: Mapping[str, Any], wanted: list[Any]) -> None:
        status, said = self._server.post(body)
        if status != 200:
            self._note(name, False, f"{status}: {said.get('message', '')}"[:200])
            return
        differing = _differing(said.get("predictions"), wanted, self._tolerance)
        seen = f"{len(wanted)} predictions" + (
            f", {differing} differ from the model's own" if differing else " as its own"
        )
        self._note(name, not differing, seen)

    def _note(self, name: str, passed: bool, seen: str) -> None:
        self.checks.append(Tried(name, passed, seen))


def _as_json(table: pd.DataFrame) -> list[list[Any]]:
    """Give rows as JSON has them: numbers exact, what is missing as null, dates as text."""
    rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    plain = json.loads(
        json.dumps(rows, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value))
    )
    return list(plain)


def _differing(found: Any, wanted: list[Any], tolerance: float) -> int:
    if not isinstance(found, list) or len(found) != len(wanted):
        return max(len(wanted), 1)
    return sum(not _alike(one, other, tolerance) for one, other in zip(found, wanted, strict=True))


def _alike(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_alike(a, b, tolerance) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
        return numbers and math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return bool(np.all(one == other))
