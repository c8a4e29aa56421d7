"""Schedules: what starts pipelines by itself, kept in the ledger and seen to by one process at a time."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.scheduling.editing import add_schedule, pause_schedule, remove_schedule, resume_schedule, update_schedule
    from nbops.scheduling.history import next_times, run_now, schedule, schedule_run, schedule_runs, schedules
    from nbops.scheduling.signals import emit

__all__ = [
    "add_schedule",
    "emit",
    "next_times",
    "pause_schedule",
    "remove_schedule",
    "resume_schedule",
    "run_now",
    "schedule",
    "schedule_run",
    "schedule_runs",
    "schedules",
    "update_schedule",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "editing": ["add_schedule", "pause_schedule", "remove_schedule", "resume_schedule", "update_schedule"],
        "history": ["next_times", "run_now", "schedule", "schedule_run", "schedule_runs", "schedules"],
        "signals": ["emit"],
    },
)
