"""What is wrong with a schedule is said before it is kept."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from nbops.errors import NbopsError, UsageError, about
from nbops.faults import Faults
from nbops.pipelines.cron import Cron, zone_of
from nbops.pipelines.running.options import with_parameters
from nbops.pipelines.spec import Pipeline, load_pipeline
from nbops.records import MissedPolicy, OverlapPolicy, Schedule, TriggerKind
from nbops.redaction import redact
from nbops.scheduling.building import read_parameters
from nbops.scheduling.wording import MEASURES, meant
from nbops.tracking.routes import check_route
from nbops.workspace import Workspace

_NAME = re.compile(r"[^\W][\w .+-]{0,79}")
_MOST = 1000
_FILES = (".toml", ".ipynb", ".py")
_SUBJECTS = {
    "data": "files: a path or pattern such as data/*.csv",
    "drift": "the name of a model or data set, or * for any",
    "performance": "the name of a model, or * for any",
    "promotion": "MODEL or MODEL:TARGET",
    "pipeline": "the name of another pipeline",
}


def check(workspace: Workspace, schedule: Schedule, found: Faults | None = None) -> None:
    """Check a schedule and the pipeline that it starts; an error says which field it is about, and what else is wrong.

    Parameters
    ----------
    workspace, schedule
        What is checked.
    found
        What is wrong with it for sure; what those fields name is not looked at.

    Raises
    ------
    UsageError
        Something of the schedule cannot be used; the message names it.
    NotFoundError
        There is no such pipeline.
    PipelineError
        The pipeline's file is wrong.
    SettingsError
        ``nbops.toml`` declares a webhook that cannot be used.
    """
    faults = found or Faults()
    _look_at(workspace, schedule, faults)
    if "pipeline" not in faults:
        with faults.about("pipeline"):
            pipeline = pipeline_of(workspace, schedule.pipeline)
            if "parameters" not in faults:
                with faults.about("parameters"):
                    with_parameters(pipeline, read_parameters(schedule.parameters))
    faults.settle()


def check_facts(workspace: Workspace, schedule: Schedule) -> None:
    """Check a schedule without its pipeline.

    Raises
    ------
    UsageError
        Something of it cannot be used; the message names it.
    SettingsError
        ``nbops.toml`` declares a webhook that cannot be used.
    """
    faults = Faults()
    _look_at(workspace, schedule, faults)
    faults.settle()


def _look_at(workspace: Workspace, schedule: Schedule, faults: Faults) -> None:
    with faults.about("name"):
        if not _NAME.fullmatch(schedule.name):
            raise UsageError(
                f"{schedule.name!r} cannot name a schedule.", hint="Use letters, digits, blanks and . _ + -"
            )
    kinds = {"trigger": TriggerKind, "missed": MissedPolicy, "overlap": OverlapPolicy}
    for field, kind in kinds.items():
        with faults.about(field):
            _one_of(field, getattr(schedule, field), get_args(kind))
    with faults.about("missed_cap"):
        if not 1 <= schedule.missed_cap <= _MOST:
            raise UsageError(f"The cap of what is made up must be 1 to {_MOST}, not {schedule.missed_cap}.")
    _check_trigger(schedule, faults)
    with faults.about("parameters"):
        check_parameters(schedule.parameters, "schedules")
    for alert in schedule.alerts:
        with faults.about("alerts"):
            check_route(workspace, alert)


def pipeline_of(workspace: Workspace, pipeline: str) -> Pipeline:
    """Read the pipeline that a schedule names. Files that its stages read need not be there yet.

    Raises
    ------
    NotFoundError
        There is no such pipeline.
    PipelineError
        Its file is wrong.
    """
    return load_pipeline(pipeline_path(workspace, pipeline), root=workspace.root, check_inputs=False)


def pipeline_path(workspace: Workspace, pipeline: str) -> Path:
    """Give the file of a schedule's pipeline, or its name in ``nbops.toml``."""
    file = workspace.root / Path(pipeline).expanduser()
    return file if file.suffix in _FILES or file.is_file() else Path(pipeline)


def relative_pipeline(workspace: Workspace, pipeline: str) -> str:
    """Name a pipeline's file from the root of the workspace, if it lies in it: a workspace may be moved."""
    file = Path(os.path.normpath(pipeline_path(workspace, pipeline)))
    return file.relative_to(workspace.root).as_posix() if file.is_relative_to(workspace.root) else str(file)


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        hint = meant(value, known) or f"It may be {', '.join(known)}."
        raise UsageError(f"{what} cannot be {value!r}.", hint=hint)


def _check_trigger(schedule: Schedule, faults: Faults) -> None:
    if schedule.trigger == "cron":
        with faults.about("timezone"):
            zone_of(schedule.timezone)
        with faults.about("cron"):
            if Cron(schedule.cron, "UTC" if "timezone" in faults else schedule.timezone).next(0.0) is None:
                raise UsageError(f"The cron expression {schedule.cron!r} names no day that ever comes.")
        return
    subject = _SUBJECTS.get(schedule.trigger)
    with faults.about("subject"):
        if subject and not schedule.subject.strip():
            raise UsageError(f"The trigger {schedule.trigger!r} needs a subject: {subject}.")
    if schedule.trigger != "data":
        return
    with faults.about("measure"):
        _one_of("measure", schedule.measure, MEASURES)
    with faults.about("threshold"):
        if not (math.isfinite(schedule.threshold) and schedule.threshold >= 1):
            raise UsageError(f"The number of {schedule.measure} must be at least 1, not {schedule.threshold:g}.")


def check_parameters(parameters: Mapping[str, object], what: str) -> None:
    """Check the names of parameters, and that no value looks like a secret; ``what`` they belong to is kept in the ledger.

    Raises
    ------
    UsageError
        A name can name none, or a value looks like a secret.
    """
    with about("parameters"):
        for name, value in parameters.items():
            if not all(part.strip() for part in name.split(".")) or not name.rpartition(".")[2].isidentifier():
                raise UsageError(f"{name!r} cannot name a parameter.", hint="Write NAME or STAGE.NAME.")
            # The name tells too: password="…".
            if redact(f"{name.rpartition('.')[2]} = {value!r}")[1] or redact(str(value))[1]:
                raise UsageError(
                    f"The value of the parameter {name} looks like a secret, and {what} are kept in the ledger.",
                    hint="Let the notebook read it from an environment variable.",
                )


def problem_of(workspace: Workspace, schedule: Schedule, pipelines: dict[str, Pipeline | NbopsError]) -> str:
    """Say in a line why a schedule cannot be used now; empty when it can.

    ``pipelines`` holds what was read for other schedules, and is added to.
    """
    if schedule.pipeline not in pipelines:
        try:
            pipelines[schedule.pipeline] = pipeline_of(workspace, schedule.pipeline)
        except NbopsError as error:
            pipelines[schedule.pipeline] = error
    found = pipelines[schedule.pipeline]
    if isinstance(found, NbopsError):
        return str(found)
    try:
        check_facts(workspace, schedule)
        with_parameters(found, read_parameters(schedule.parameters))
    except NbopsError as error:
        return str(error)
    return ""
