"""Schedules: what starts pipelines by itself, kept in the ledger and seen to by one process at a time."""

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
