"""A look that somebody asks for, done by another process."""

from __future__ import annotations

from nbops.monitoring.monitors import ask_monitor, launching, monitor_runs, pause_monitor
from nbops.monitoring.monitors.running import work


def test_a_paused_monitor_looks_when_it_is_asked(shop, monkeypatch):
    monkeypatch.setattr(launching, "launch_work", lambda _: "")
    shop.fill(0)
    shop.watch()
    pause_monitor(shop.workspace, "shop")
    number = ask_monitor(shop.workspace, "shop")
    assert [run.id for run in work(shop.workspace)] == [number]
    assert [run.id for run in monitor_runs(shop.workspace, "shop")] == [number]
