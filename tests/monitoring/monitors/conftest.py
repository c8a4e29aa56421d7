"""A workspace whose data a test shifts at will."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbops.monitoring.monitors import add_monitor
from nbops.monitoring.monitors.building import build
from nbops.records import Monitor
from nbops.workspace import Workspace, find_workspace

DAY = 86400.0
START = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


def rows(seed: int, count: int = 400, shift: float = 0.0, start: float = START, days: float = 1.0) -> pd.DataFrame:
    """Rows with a number, a category and a time within some days."""
    draw = np.random.default_rng(seed)
    moments = start + np.sort(draw.random(count)) * days * DAY
    return pd.DataFrame(
        {
            "income": draw.normal(shift, 1.0, count),
            "region": draw.choice(["north", "south", "west"], count),
            "at": pd.to_datetime(moments, unit="s", utc=True),
        }
    )


def days(*shifts: float, count: int = 400) -> pd.DataFrame:
    """Rows of as many days, each shifted by so much."""
    parts = [rows(10 + i, count, shift, START + i * DAY) for i, shift in enumerate(shifts)]
    return pd.concat(parts, ignore_index=True)


class Shop:
    """A workspace with a reference, and data that come."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.write("reference.csv", rows(1, 2000).drop(columns="at"))

    def write(self, name: str, frame: pd.DataFrame) -> Path:
        path = self.workspace.root / name
        path.parent.mkdir(exist_ok=True)
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        return path

    def fill(self, *shifts: float, count: int = 400) -> None:
        """Write a day of rows for each shift."""
        self.write("data.csv", days(*shifts, count=count))

    def watch(self, name: str = "shop", now: float = START, **given: Any) -> Monitor:
        """Add a monitor of ``data.csv``, by the day."""
        facts = {"source": "data.csv", "time": "at", "reference": "reference.csv", "window": "1d", **given}
        facts = {key: value for key, value in facts.items() if value is not None}
        return add_monitor(self.workspace, build(name, facts), now=now)

    def settings(self, text: str) -> None:
        (self.workspace.root / "nbops.toml").write_text("courier = false\n" + text)


@pytest.fixture
def shop(workspace: Workspace) -> Shop:
    """A shop whose ledger is SQLite."""
    return Shop(workspace)


@pytest.fixture
def shared_shop(workspace: Workspace, ledger_uri: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose ledger is in each database in turn."""
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    return Shop(find_workspace(workspace.root))


@pytest.fixture
def evening() -> Callable[[int], float]:
    """The end of a day, counted from 1."""
    return lambda day: START + day * DAY
