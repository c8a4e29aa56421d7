"""GNU make: a target a stage, in the folder of the project."""

from __future__ import annotations

from collections.abc import Iterator

from nbops.errors import PipelineError
from nbops.pipelines.exports.document import Request, header, unscheduled
from nbops.pipelines.exports.jobs import Job, distinct, last
from nbops.pipelines.exports.quoting import make, writable

DEFAULT = "Makefile"
_TAKEN = ("all", "report")


def render(request: Request) -> str:
    """Give the Makefile."""
    unscheduled(request, "make has no clock.")
    if request.image:
        raise PipelineError("make runs no containers, so --image has no place in a Makefile.")
    return header(request) + "\n" + "\n".join(_lines(request)) + "\n"


def _lines(request: Request) -> Iterator[str]:
    ids = [job.id for job in request.jobs]
    names = dict(zip(ids, distinct(ids, taken=_TAKEN), strict=True))
    yield "SHELL := /bin/bash"
    yield "NBOPS ?= nbops"
    yield "# A pipeline runs once at a time in a workspace; nbops itself runs stages beside each other."
    yield ".NOTPARALLEL:"
    yield f".PHONY: all report {' '.join(names.values())}"
    yield ""
    yield f"all: {' '.join(names[id_] for id_ in last(request.jobs))}"
    for job in request.jobs:
        yield ""
        yield f"{names[job.id]}:{''.join(f' {names[other]}' for other in job.after)}"
        yield f"\t{_command(request, job)}"
    yield ""
    yield "report:"
    yield f"\t$(NBOPS) {make(request.nbops('pipeline', 'report')[1:])}"
    names_of_secrets = dict.fromkeys(name for job in request.jobs for name in request.secrets_of(job))
    if names_of_secrets:
        yield ""
        yield f"# From the environment of whoever calls make: {', '.join(names_of_secrets)}"


def _command(request: Request, job: Job) -> str:
    given = [f"{name}={make([writable(value, name)])}" for name, value in job.environment.items()]
    return " ".join([*given, f"$(NBOPS) {make(request.run(job)[1:])}"])
