"""Jenkins: a declarative Jenkinsfile whose stages share one workspace."""

from __future__ import annotations

from collections.abc import Iterator

from nbops.pipelines.exports.document import Request, header, minutes
from nbops.pipelines.exports.jobs import Job
from nbops.pipelines.exports.quoting import groovy, shell, writable

DEFAULT = "Jenkinsfile"


def render(request: Request) -> str:
    """Give the Jenkinsfile."""
    return header(request, "//") + "\n" + "\n".join(_lines(request)) + "\n"


def _lines(request: Request) -> Iterator[str]:
    yield "pipeline {"
    if request.image:
        yield f"    agent {{ docker {{ image {groovy(request.image)} }} }}"
    else:
        yield "    agent any"
    yield "    options {"
    yield "        // Stages share the workspace, so one build runs at a time."
    yield "        disableConcurrentBuilds()"
    yield "    }"
    if request.schedule:
        yield f"    triggers {{ cron({groovy(request.schedule)}) }}"
    yield "    environment {"
    yield from (f"        {name} = {groovy(value)}" for name, value in request.settings.items())
    yield '        PATH = "$WORKSPACE/.venv/bin:$PATH"'
    yield from (f"        {name} = credentials({groovy(name)})" for name in request.secrets)
    yield "    }"
    yield "    stages {"
    yield from _stage("Install", [_sh(f"python{request.python} -m venv .venv\n{request.install}")])
    for job in request.jobs:
        yield from _job(request, job)
    yield "    }"
    yield "    post {"
    yield "        always {"
    yield f"            {_sh(_report(request))}"
    shown = f"{request.data}/pipelines/**/*.ipynb, nbops-report.md"
    yield f"            archiveArtifacts artifacts: {groovy(shown)}, allowEmptyArchive: true"
    yield "        }"
    yield "    }"
    yield "}"


def _job(request: Request, job: Job) -> Iterator[str]:
    # Jenkins knows no delay between attempts; nbops does.
    outside = job.retries > 0 and not job.retry_delay
    limit = minutes(job.timeout if outside else job.whole, 60)
    options = [f"retry({job.retries + 1})"] if outside else []
    if limit is not None:
        options.append(f"timeout(time: {limit}, unit: 'MINUTES')")
    secrets = [name for name in job.secrets if name not in request.secrets]
    environment = [f"{name} = {groovy(writable(value, name))}" for name, value in job.environment.items()]
    environment += [f"{name} = credentials({groovy(name)})" for name in secrets]
    command = _sh(shell(request.run(job, *(["--no-retries"] if outside else []))))
    yield from _stage(job.name, [command], options, environment)


def _stage(
    name: str, steps: list[str], options: list[str] | None = None, environment: list[str] | None = None
) -> Iterator[str]:
    yield f"        stage({groovy(name)}) {{"
    for word, lines in (("options", options), ("environment", environment), ("steps", steps)):
        if lines:
            yield f"            {word} {{"
            yield from (f"                {line}" for line in lines)
            yield "            }"
    yield "        }"


def _report(request: Request) -> str:
    # A checkout need not know the branch; a report against the run before is better than none.
    report = shell([*request.nbops("pipeline", "report"), "--output", "nbops-report.md"])
    return f"{report} --against {shell([f'origin/{request.branch}'])} || {report} || true"


def _sh(script: str) -> str:
    return f"sh {groovy(script)}"
