"""What is asked of an export, and the pieces that files of all engines share."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from nbops.errors import PipelineError, UsageError
from nbops.pipelines.exports.jobs import Job, distinct
from nbops.pipelines.exports.quoting import shell, writable
from nbops.pipelines.spec import Pipeline

MARK = "Made by nbops from"
PYTHON, BRANCH = "3.11", "main"
# Time that a job needs besides its stages: to install, to fetch and to keep results.
AROUND = 15 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be written.

    ``file`` is how jobs name the pipeline, from the root of the repository on, as are ``folder`` (the workspace) and ``target``
    (where the file will lie). ``command`` makes the file again. ``single`` asks for one job that runs every stage;
    ``secrets`` are variables that every job is given from where the engine keeps secrets; ``parameters`` are words ``NAME=VALUE``.
    """

    pipeline: Pipeline
    jobs: tuple[Job, ...]
    file: str
    folder: str
    target: PurePosixPath
    command: tuple[str, ...] = ()
    python: str = PYTHON
    image: str = ""
    schedule: str = ""
    branch: str = BRANCH
    secrets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    single: bool = False

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return self.pipeline.name

    def secrets_of(self, job: Job) -> tuple[str, ...]:
        """Give the variables that a job is given as secrets."""
        return tuple(dict.fromkeys((*self.secrets, *job.secrets)))

    @property
    def data(self) -> str:
        """The folder ``.nbops``, from the root of the repository on."""
        return str(PurePosixPath(self.folder) / ".nbops")

    @property
    def settings(self) -> dict[str, str]:
        """Variables that all jobs have. Only where MLflow is elsewhere is there something for the courier to do."""
        return {} if "MLFLOW_TRACKING_URI" in self.secrets else {"NBOPS_COURIER": "false"}

    def carried(self, name: str = "") -> str:
        """Give the folder of what machines hand on to each other, or one file in it."""
        folder = PurePosixPath(self.data) / "carried"
        return str(folder / f"{name}.tar.gz" if name else folder)

    @property
    def slug(self) -> str:
        """Name of the pipeline as a word."""
        return distinct([self.name])[0]

    @property
    def install(self) -> str:
        """A line of shell that installs what the project needs."""
        file = shell([str(PurePosixPath(self.folder) / "requirements.txt")], apart=("${{",))
        return f"if [ -f {file} ]; then pip install -r {file}; else pip install nbops; fi"

    def nbops(self, *words: str) -> list[str]:
        """Give a command of nbops in the workspace of the pipeline."""
        return ["nbops", *words, *(["-C", self.folder] if self.folder != "." else [])]

    def run(self, job: Job, *more: str) -> list[str]:
        """Give the command of a job."""
        words = self.nbops("pipeline", "run", self.file)
        if job.only:
            words += [f"--only={job.only}"] if job.only.startswith("-") else ["--only", job.only]
        for word in self.parameters:
            words += [f"--set={word}"] if word.startswith("-") else ["--set", word]
        return [*words, *more]


def header(request: Request, sign: str = "#") -> str:
    """Give the first lines of a file: where it comes from and how to make it again.

    Raises
    ------
    PipelineError
        A path has a line break, which no comment can hold.
    """
    command = shlex.join(request.command)
    for text in (request.file, command):
        if not writable(text, "a path").isprintable():
            raise PipelineError(f"a path has a character that a comment cannot hold: {text!r}.")
    return f"{sign} {MARK} {request.file}. Do not edit it; make it again with:\n{sign}   {command}\n"


def unscheduled(request: Request, where: str) -> None:
    """Refuse a schedule where an engine keeps schedules elsewhere.

    Raises
    ------
    UsageError
        One was asked for.
    """
    if request.schedule:
        raise UsageError(f"--schedule {request.schedule}: {where}", hint="Leave --schedule away and set it there.")


def minutes(seconds: float | None, around: float = AROUND) -> int | None:
    """Give the limit of a job in whole minutes; nothing where its stages have none."""
    return None if seconds is None else max(1, -int(-(seconds + around) // 60))


def own(text: str) -> bool:
    """Whether the text of a file was made by an export, and may be replaced by one."""
    return MARK in text[:1000]
