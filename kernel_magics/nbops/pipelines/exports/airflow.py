"""Apache Airflow: a DAG of bash operators whose workers share the folder of the project."""

from __future__ import annotations

import re

from nbops.pipelines.exports.document import Request, header
from nbops.pipelines.exports.jobs import Job, identifier
from nbops.pipelines.exports.quoting import shell, writable
from nbops.pipelines.exports.source import beside, literal

DEFAULT = "dags/{name}.py"
# Airflow renders commands and variables with Jinja, which reads these and makes line breaks its own.
_READ = re.compile(r"[{\r\n]")

_TOP = """\
import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

# The repository, on a disk that all workers see.
PROJECT = os.environ.get("NBOPS_PROJECT", {project})

with DAG(
    dag_id={dag},
    description={description},
    schedule={schedule},
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    # A pipeline runs once at a time in a workspace.
    max_active_tasks=1,
    tags=["nbops"],
):
"""


def render(request: Request) -> str:
    """Give the Python file of the DAG."""
    names = {job.id: f"{identifier(job.id)}_task" for job in request.jobs}
    top = _TOP.format(
        project=beside(request.target),
        dag=literal(request.slug),
        description=literal(writable(request.name, "the name of the pipeline")),
        schedule=literal(request.schedule or None),
    )
    tasks = [_task(request, job, names[job.id]) for job in request.jobs]
    edges = [f"    {_upstream(job, names)} >> {names[job.id]}" for job in request.jobs if job.after]
    return "\n".join([header(request), top + "\n".join(tasks), *edges]) + "\n"


def _task(request: Request, job: Job, name: str) -> str:
    outside = ["--no-retries"] if job.retries else []
    # The blank at the end: Airflow takes a command that ends in .sh for the name of a file.
    command = _unread(shell(request.run(job, *outside))) + " "
    environment = request.settings | {key: _unread(writable(value, key)) for key, value in job.environment.items()}
    environment |= {key: f"{{{{ var.value.{key} }}}}" for key in request.secrets_of(job)}
    lines = [
        f"    {name} = BashOperator(",
        f"        task_id={literal(job.id)},",
        f"        task_display_name={literal(writable(job.name, 'the name of a stage'))},",
        f"        bash_command={literal(command)},",
        "        cwd=PROJECT,",
        "        append_env=True,",
        f"        env={literal(environment)},",
    ]
    if job.retries:
        lines += [f"        retries={job.retries},", f"        retry_delay=timedelta(seconds={job.retry_delay:g}),"]
    limit = job.timeout if job.retries else job.whole
    if limit is not None:
        lines.append(f"        execution_timeout=timedelta(seconds={limit + 60:g}),")
    return "\n".join([*lines, "    )"])


def _unread(text: str) -> str:
    """Give a template that Jinja renders to this text."""
    return _READ.sub(lambda found: f"{{{{ {literal(found[0])} }}}}", text)


def _upstream(job: Job, names: dict[str, str]) -> str:
    before = [names[other] for other in job.after]
    return before[0] if len(before) == 1 else f"[{', '.join(before)}]"
