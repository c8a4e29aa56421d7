"""Write a pipeline for another engine, or tell whether the file that is there is the one that would be written."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from nbops.errors import NotFoundError, PipelineError, UsageError
from nbops.pipelines.exports.document import BRANCH, PYTHON, Request, own
from nbops.pipelines.exports.jobs import distinct, jobs_of
from nbops.pipelines.running.options import given_parameters, with_parameters
from nbops.pipelines.spec import load_pipeline
from nbops.redaction import redact, secret_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import write_atomically

# What the command line calls an engine -> what people call it; the module has the name of the former.
TARGETS = {
    "github": "GitHub Actions",
    "gitlab": "GitLab CI",
    "jenkins": "Jenkins",
    "airflow": "Apache Airflow",
    "kubeflow": "Kubeflow Pipelines",
    "prefect": "Prefect",
    "make": "make",
}


class _Engine(Protocol):
    DEFAULT: str

    def render(self, request: Request) -> str:
        """Give the text of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file for another engine. ``current`` tells whether the file at ``path`` had this text before."""

    target: str
    path: Path
    text: str
    current: bool
    jobs: tuple[str, ...]


def export_pipeline(
    target: str,
    file: str | Path,
    *,
    output: str | Path = "",
    check: bool = False,
    python: str = PYTHON,
    image: str = "",
    schedule: str = "",
    branch: str = BRANCH,
    secrets: Sequence[str] = (),
    parameters: Sequence[str] = (),
    single: bool = False,
    workspace: Workspace | None = None,
) -> Exported:
    """Write a pipeline for another engine.

    Parameters
    ----------
    target
        One of :data:`TARGETS`.
    file
        A pipeline file, or the name of a pipeline in ``nbops.toml``.
    output
        Where the file goes; its usual place in the repository by default, ``-`` writes nothing.
    check
        Write nothing; :attr:`Exported.current` tells whether the file is up to date.
    python, image, schedule
        Version of Python, image of containers, cron expression with five fields.
    branch
        The branch that others are merged into.
    secrets
        Names of variables that jobs get from where the engine keeps secrets, such as ``NBOPS_LEDGER_URI``.
    parameters
        ``NAME=VALUE`` or ``STAGE.NAME=VALUE``, given to ``nbops pipeline run`` as they are.
    single
        One job for all stages instead of one for each.
    workspace
        The workspace of the file by default.

    Raises
    ------
    UsageError
        There is no such target, or the target has no place for what is asked.
    PipelineError
        The pipeline is wrong, or cannot be expressed; or the file that is there was written by somebody else.
    """
    engine = _engine(target)
    _checked(schedule, secrets, parameters, python)
    path = Path(file).expanduser()
    workspace = workspace or find_workspace(path if path.is_file() else None)
    pipeline = with_parameters(load_pipeline(path, root=workspace.root), given_parameters(parameters))
    root = _repository(path.absolute().parent if path.is_file() else workspace.root, workspace.root)
    usual = root / engine.DEFAULT.format(name=distinct([pipeline.name])[0])
    place = usual if output in ("", "-") else Path(output).expanduser()
    shown = _from(root, path.absolute()) if path.is_file() else str(file)
    request = Request(
        pipeline=pipeline,
        jobs=jobs_of(pipeline, single=single),
        file=f"./{shown}" if shown.startswith("-") else shown,
        folder=_from(root, workspace.root),
        target=PurePosixPath(_from(root, place.absolute(), outside=True)),
        python=python,
        image=image,
        schedule=schedule,
        branch=branch,
        secrets=tuple(dict.fromkeys(secrets)),
        parameters=tuple(parameters),
        single=single,
    )
    request = replace(request, command=_command(target, request, "" if path.is_file() else request.folder))
    text, before = engine.render(request), _text_of(place)
    if before != text and not check and output != "-":
        _write(place, text, before)
    jobs = tuple(job.name for job in request.jobs)
    return Exported(target=target, path=place, text=text, current=before == text, jobs=jobs)


def _write(place: Path, text: str, before: str | None) -> None:
    if before is not None and not own(before):
        raise PipelineError(
            f"{place} is there already and was not made by nbops export.", hint="Move it away, or give --output PATH."
        )
    write_atomically(place, text.encode())


def _engine(target: str) -> _Engine:
    if target not in TARGETS:
        near = difflib.get_close_matches(target, TARGETS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(TARGETS)}."
        raise UsageError(f"There is no export to {target!r}.", hint=hint)
    return cast(_Engine, importlib.import_module(f"nbops.pipelines.exports.{target}"))


def _checked(schedule: str, secrets: Sequence[str], parameters: Sequence[str], python: str) -> None:
    if schedule:
        _checked_cron(schedule)
    for name in secrets:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"--secret {name}: that names no variable of the environment.", hint="Give its name only.")
    for word in parameters:
        name, _, value = word.partition("=")
        if secret_name(name.rpartition(".")[2]) or redact(value, {})[1]:
            raise UsageError(f"--set {name}: a secret is not written into a file.", hint="Give it with --secret NAME.")
    if not re.fullmatch(r"3(\.\d{1,2}){1,2}", python):
        raise UsageError(f"--python {python}: that is no version of Python.", hint="Write --python 3.11")


def _checked_cron(schedule: str) -> None:
    from cronsim import CronSim, CronSimError

    # What not every engine understands (seconds, L, W, #) is refused for all.
    if not re.fullmatch(r"[0-9*,/-]+( +([0-9*,/-]|[A-Z]{3}\b)+){4}", schedule, re.ASCII):
        raise UsageError(f"--schedule {schedule!r} is no cron expression of five fields.", hint='Write "0 4 * * 1".')
    try:
        CronSim(schedule, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise UsageError(
            f"--schedule {schedule!r} is no cron expression: {error}.", hint='Write "0 4 * * 1".'
        ) from error


def _command(target: str, request: Request, folder: str) -> tuple[str, ...]:
    """Give the command that makes the file again from the root of the repository; what is as usual is not said."""
    words = ["nbops", "export", target, request.file, "--output", str(request.target)]
    for option, value, usual in (
        ("--python", request.python, PYTHON),
        ("--image", request.image, ""),
        ("--schedule", request.schedule, ""),
        ("--branch", request.branch, BRANCH),
        ("-C", folder, ""),
    ):
        if value not in (usual, "."):
            words += [option, value]
    for option, values in (("--secret", request.secrets), ("--set", request.parameters)):
        for value in values:
            words += [option, value]
    return (*words, *(["--single"] if request.single else []))


def _repository(folder: Path, root: Path) -> Path:
    """Give the folder that a checkout of the repository begins at; the workspace where there is no repository."""
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return root


def _from(root: Path, path: Path, *, outside: bool = False) -> str:
    for base, found in ((root, path), (root.resolve(), path.resolve())):
        if found.is_relative_to(base):
            return found.relative_to(base).as_posix()
    if outside:
        return path.as_posix()
    raise PipelineError(f"{path} is not below {root}.", hint="An engine starts from a checkout of the repository.")


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(f"{path} cannot be read: {error}.") from error
