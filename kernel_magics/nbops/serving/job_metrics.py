"""What a scoring job took, for Prometheus: a file for the textfile collector of node_exporter, and a push gateway if there is one."""

from __future__ import annotations

import os
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

from nbops.errors import SettingsError, WorkspaceError
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_WHERE = f"[metrics] of {FILE_NAME}"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpent:
    """What a job has done and taken; ``cpu`` and ``memory`` of this process and those it has started and waited for."""

    model: str
    version: int
    rows: int
    scored: int
    skipped: int
    failed: int
    seconds: float
    cpu: float
    memory: float
    ended_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """``textfile`` is the folder that node_exporter reads, ``push`` the address of a push gateway; empty for neither."""

    textfile: str = ""
    push: str = ""


def read_metrics_settings(workspace: Workspace) -> MetricsSettings:
    """Read the table.

    Raises
    ------
    SettingsError
        It holds something that cannot be used.
    """
    table = read_tables(workspace.root).get("metrics", {})
    if not isinstance(table, dict):
        raise SettingsError(f"metrics in {FILE_NAME} must be a table.")
    for key, value in table.items():
        if key not in {"textfile", "push"}:
            raise SettingsError(f"{_WHERE} has an unknown key {key!r}.", hint="Known are: textfile, push.")
        if not isinstance(value, str):
            raise SettingsError(f"{_WHERE}: {key} must be text.")
    folder = table.get("textfile", "")
    found = str(workspace.root / os.path.expanduser(folder)) if folder else ""
    return MetricsSettings(textfile=found, push=table.get("push", ""))


def tell_metrics(settings: MetricsSettings, spent: JobSpent) -> Path | None:
    """Write the file and push, where the settings say so; give the file.

    Raises
    ------
    WorkspaceError
        The file cannot be written, or the gateway does not take it. The scores are there all the same.
    """
    registry = _registry(spent)
    path = None
    if settings.textfile:
        path = Path(settings.textfile) / f"nbops_batch_{spent.model}.prom"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(path), registry)
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be written: {error.strerror or error}.") from error
    if settings.push:
        try:
            push_to_gateway(settings.push, f"nbops_batch_{spent.model}", registry, timeout=_SECONDS)
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise WorkspaceError(
                f"{settings.push} did not take the metrics: {error}.", hint=f"See push in {_WHERE}."
            ) from error
    return path


def _registry(spent: JobSpent) -> CollectorRegistry:
    registry = CollectorRegistry()
    values: dict[str, tuple[str, float]] = {
        "nbops_batch_rows": ("Rows that have scores after the last job.", spent.rows),
        "nbops_batch_scored_partitions": ("Partitions that it scored.", spent.scored),
        "nbops_batch_skipped_partitions": ("Partitions that were scored before.", spent.skipped),
        "nbops_batch_failed_partitions": ("Partitions that it could not score.", spent.failed),
        "nbops_batch_duration_seconds": ("Seconds that it took.", spent.seconds),
        "nbops_batch_cpu_seconds": ("Processor time of it and the processes it has started here.", spent.cpu),
        "nbops_batch_max_memory_bytes": ("Largest memory of a process of it.", spent.memory),
        "nbops_batch_last_success_timestamp_seconds": ("When it ended.", spent.ended_at),
    }
    for name, (said, value) in values.items():
        gauge: Any = Gauge(name, said, ["model", "version"], registry=registry)
        gauge.labels(spent.model, str(spent.version)).set(value)
    return registry
