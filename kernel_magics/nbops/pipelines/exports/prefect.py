"""Prefect: a flow whose tasks call ``nbops`` one after the other, in the folder of the project."""

from __future__ import annotations

from nbops.pipelines.exports.document import Request, header
from nbops.pipelines.exports.jobs import Job, identifier
from nbops.pipelines.exports.quoting import writable
from nbops.pipelines.exports.source import beside, literal

DEFAULT = "flows/{name}.py"

_TOP = """\
import os
import subprocess
from pathlib import Path

from prefect import flow, task
{imports}from prefect.task_runners import ThreadPoolTaskRunner

PROJECT = os.environ.get("NBOPS_PROJECT", {project})


def run(command, environment=None):
    subprocess.run(command, cwd=PROJECT, env={{**os.environ, **(environment or {{}})}}, check=True)

"""
_END = """

if __name__ == "__main__":
    {call}
"""


def render(request: Request) -> str:
    """Give the Python file of the flow."""
    names = {job.id: f"{identifier(job.id)}_task" for job in request.jobs}
    secrets = any(request.secrets_of(job) for job in request.jobs)
    imports = "from prefect.blocks.system import Secret\n" if secrets else ""
    tasks = [_task(request, job, names[job.id]) for job in request.jobs]
    slug = request.slug
    flow = [
        "",
        "# A pipeline runs once at a time in a workspace, so its stages do not run beside each other here.",
        f"@flow(name={literal(slug)}, task_runner=ThreadPoolTaskRunner(max_workers=1))",
        "def pipeline():",
        *(f"    {_done(job.id)} = {names[job.id]}.submit({_waits(job)})" for job in request.jobs),
        f"    for future in [{', '.join(_done(job.id) for job in request.jobs)}]:",
        "        future.result()",
    ]
    call = (
        f"pipeline.serve(name={literal(slug)}, cron={literal(request.schedule)})" if request.schedule else "pipeline()"
    )
    top = _TOP.format(imports=imports, project=beside(request.target))
    return "\n".join([header(request), top + "\n\n".join(tasks), *flow]) + _END.format(call=call)


def _task(request: Request, job: Job, name: str) -> str:
    options = [f"name={literal(writable(job.name, 'the name of a stage'))}"]
    if job.retries:
        options += [f"retries={job.retries}", f"retry_delay_seconds={job.retry_delay:g}"]
    limit = job.timeout if job.retries else job.whole
    if limit is not None:
        options.append(f"timeout_seconds={limit + 60:g}")
    command = request.run(job, *(["--no-retries"] if job.retries else []))
    given = [
        f"{literal(key)}: {literal(writable(value, key))}"
        for key, value in (request.settings | dict(job.environment)).items()
    ]
    given += [f"{literal(key)}: Secret.load({literal(_block(key))}).get()" for key in request.secrets_of(job)]
    more = f", {{{', '.join(given)}}}" if given else ""
    return f"\n@task({', '.join(options)})\ndef {name}():\n    run({literal(command)}{more})"


def _waits(job: Job) -> str:
    return f"wait_for=[{', '.join(_done(other) for other in job.after)}]" if job.after else ""


def _done(id_: str) -> str:
    return f"{identifier(id_)}_done"


def _block(name: str) -> str:
    # Prefect names blocks in small letters, digits and dashes.
    return name.lower().replace("_", "-")
