"""What a pipeline is to another engine: jobs, each one stage or all stages that a ``foreach`` made of one."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nbops.errors import PipelineError
from nbops.pipelines.spec import Pipeline, Stage
from nbops.redaction import redact, secret_name

WHOLE = "pipeline"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job.

    ``id`` is a word that every engine takes, ``only`` what ``nbops pipeline run --only`` is given (nothing: all stages),
    ``after`` the ids of the jobs before. ``timeout`` is that of one attempt in seconds, ``whole`` that of all attempts with the
    waiting between them; ``None`` where a stage has none. ``environment`` has no secrets: those are in ``secrets``, by name.
    """

    id: str
    name: str
    only: str = ""
    after: tuple[str, ...] = ()
    timeout: float | None = None
    whole: float | None = None
    retries: int = 0
    retry_delay: float = 0.0
    memory: int = 0
    cpus: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


def jobs_of(pipeline: Pipeline, *, single: bool = False) -> tuple[Job, ...]:
    """Give the jobs in an order in which they can run.

    Parameters
    ----------
    pipeline
        A pipeline as it was read.
    single
        One job that runs every stage.

    Raises
    ------
    PipelineError
        A variable of a stage's environment, or a name, is none that can be written down.
    """
    groups: dict[str, list[Stage]] = {}
    for stage in pipeline.stages:
        groups.setdefault(stage.group or stage.name, []).append(stage)
    if single:
        return (_job(WHOLE, pipeline.name, "", (), pipeline.stages, parallel=False),)
    ids = dict(zip(groups, distinct(groups), strict=True))
    member = {stage.name: name for name, stages in groups.items() for stage in stages}
    found = []
    for name, stages in groups.items():
        before = dict.fromkeys(ids[member[other]] for stage in stages for other in stage.after if member[other] != name)
        found.append(_job(ids[name], name, name, tuple(before), stages, parallel=bool(stages[0].group)))
    return _sorted(found)


def distinct(names: Iterable[str], *, taken: Sequence[str] = ()) -> list[str]:
    """Give a word of letters, digits, ``-`` and ``_`` for each name, no two alike even where case does not count."""
    found: list[str] = []
    seen = {word.lower() for word in taken}
    for name in names:
        word = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60]
        word = word if word[:1].isalpha() else f"stage-{word}".rstrip("-")
        unique, number = word, 2
        while unique.lower() in seen:
            unique, number = f"{word}-{number}", number + 1
        seen.add(unique.lower())
        found.append(unique)
    return found


def identifier(word: str) -> str:
    """Give a Python name for the id of a job."""
    name = word.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def levels(jobs: Sequence[Job]) -> list[list[Job]]:
    """Give the jobs in layers, each of which needs only those before it."""
    depth: dict[str, int] = {}
    found: list[list[Job]] = []
    for job in jobs:
        level = max((depth[other] + 1 for other in job.after), default=0)
        depth[job.id] = level
        if level == len(found):
            found.append([])
        found[level].append(job)
    return found


def last(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Give the ids of the jobs that no other comes after."""
    before = {other for job in jobs for other in job.after}
    return tuple(job.id for job in jobs if job.id not in before)


def _sorted(jobs: Sequence[Job]) -> tuple[Job, ...]:
    # A group stands where its first stage stands, which may be before something that its others need.
    done: dict[str, Job] = {}
    waiting = list(jobs)
    while waiting:
        ready = next((job for job in waiting if all(other in done for other in job.after)), None)
        if ready is None:
            names = ", ".join(repr(job.name) for job in waiting)
            raise PipelineError(f"stages of a foreach depend on each other as one job cannot: {names}.")
        done[ready.id] = ready
        waiting.remove(ready)
    return tuple(done.values())


def _job(id_: str, name: str, only: str, after: tuple[str, ...], stages: Sequence[Stage], *, parallel: bool) -> Job:
    environment: dict[str, str] = {}
    secrets: dict[str, None] = {}
    for stage in stages:
        for variable, value in stage.environment.items():
            if not _VARIABLE.fullmatch(variable):
                raise PipelineError(f"stage {stage.name!r}: {variable!r} cannot name a variable of the environment.")
            if secret_name(variable) or redact(value, {})[1]:
                secrets[variable] = None
            elif len(stages) == 1 or parallel:
                environment[variable] = value
    attempts = [stage.timeout for stage in stages]
    whole = [
        None if stage.timeout is None else stage.timeout * (stage.retries + 1) + stage.retry_delay * stage.retries
        for stage in stages
    ]
    return Job(
        id=id_,
        name=name,
        only=only,
        after=after,
        timeout=_sum(attempts),
        whole=_sum(whole),
        retries=max((stage.retries for stage in stages), default=0) if only else 0,
        retry_delay=max((stage.retry_delay for stage in stages), default=0.0) if only else 0.0,
        memory=max((stage.memory for stage in stages), default=0),
        cpus=max((stage.cpus for stage in stages), default=1),
        environment=environment,
        secrets=tuple(secrets),
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
