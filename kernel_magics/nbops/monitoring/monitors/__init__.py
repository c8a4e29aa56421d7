"""Monitors: what is watched and how often, what each look found, and the incidents that it opened."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.monitoring.monitors.editing import (
        add_monitor,
        mute_monitor,
        pause_monitor,
        remove_monitor,
        resume_monitor,
        unmute_monitor,
        update_monitor,
    )
    from nbops.monitoring.monitors.launching import ask_monitor
    from nbops.monitoring.monitors.reading import incidents, monitor, monitor_report, monitor_runs, monitors
    from nbops.monitoring.monitors.running import run_due, run_monitor
    from nbops.monitoring.monitors.summarising import summaries, summary
    from nbops.monitoring.monitors.trouble import acknowledge

__all__ = [
    "acknowledge",
    "add_monitor",
    "ask_monitor",
    "incidents",
    "monitor",
    "monitor_report",
    "monitor_runs",
    "monitors",
    "mute_monitor",
    "pause_monitor",
    "remove_monitor",
    "resume_monitor",
    "run_due",
    "run_monitor",
    "summaries",
    "summary",
    "unmute_monitor",
    "update_monitor",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "editing": [
            "add_monitor",
            "mute_monitor",
            "pause_monitor",
            "remove_monitor",
            "resume_monitor",
            "unmute_monitor",
            "update_monitor",
        ],
        "trouble": ["acknowledge"],
        "launching": ["ask_monitor"],
        "reading": ["incidents", "monitor", "monitor_report", "monitor_runs", "monitors"],
        "running": ["run_due", "run_monitor"],
        "summarising": ["summaries", "summary"],
    },
)
