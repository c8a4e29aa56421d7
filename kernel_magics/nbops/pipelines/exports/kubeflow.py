"""Kubeflow Pipelines: a container a stage; results go on as artifacts. The file compiles itself."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.pipelines.exports.document import Request, header, unscheduled
from nbops.pipelines.exports.jobs import Job, identifier
from nbops.pipelines.exports.quoting import shell, writable
from nbops.pipelines.exports.source import literal

DEFAULT = "{name}_kubeflow.py"
# What the launcher of a container reads in its arguments.
_PLACEHOLDER = ("{{",)

_TOP = """\
from kfp import compiler, dsl
{imports}
# An image with the project in its working directory and with nbops installed.
IMAGE = {image}

"""
_END = """

if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, package_path={package})
"""


def render(request: Request) -> str:
    """Give the Python file that compiles to the pipeline."""
    unscheduled(request, "Kubeflow keeps schedules as recurring runs of its server, not in the pipeline.")
    if not request.image:
        raise UsageError(
            "Kubeflow runs every stage in a container.",
            hint="Give --image IMAGE: one with the project in its working directory and with nbops installed.",
        )
    names = {job.id: f"{identifier(job.id)}_job" for job in request.jobs}
    secrets = any(request.secrets_of(job) for job in request.jobs)
    imports = "from kfp import kubernetes  # pip install kfp-kubernetes\n" if secrets else ""
    parts = [_component(request, job, names[job.id]) for job in request.jobs]
    slug = request.slug.lower()
    description = literal(writable(request.name, "the name of the pipeline"))
    flow = ["", f"@dsl.pipeline(name={literal(slug)}, description={description})", "def pipeline():"]
    for job in request.jobs:
        flow += [f"    {line}" for line in _call(request, job, names)]
    top = _TOP.format(imports=imports, image=literal(request.image))
    return "\n".join([header(request), top + "\n\n".join(parts), *flow]) + _END.format(package=literal(f"{slug}.yaml"))


def _component(request: Request, job: Job, name: str) -> str:
    takes = [f"{_taken(other)}: dsl.Input[dsl.Artifact]" for other in job.after]
    # Pieces of one text, a line each.
    lines = [f"{line}\n" for line in _script(request, job)]
    arguments = ["done.path", *(f"{_taken(other)}.path" for other in job.after)]
    return "\n".join(
        [
            "",
            "@dsl.container_component",
            f"def {name}({', '.join([*takes, 'done: dsl.Output[dsl.Artifact]'])}):",
            "    return dsl.ContainerSpec(",
            "        image=IMAGE,",
            "        command=[",
            '            "bash",',
            '            "-euc",',
            *(f"            {literal(line)}" for line in lines[:-1]),
            f"            {literal(lines[-1])},",
            '            "stage",',
            "        ],",
            f"        args=[{', '.join(arguments)}],",
            "    )",
        ]
    )


def _script(request: Request, job: Job) -> list[str]:
    run = shell(request.run(job, *(["--no-retries"] if job.retries else [])), apart=_PLACEHOLDER)
    limit = job.timeout if job.retries else job.whole
    timed = f"timeout {limit + 60:.0f} {run}" if limit is not None else run
    unpack = shell(request.nbops("pipeline", "unpack"), apart=_PLACEHOLDER)
    pack = shell(request.nbops("pipeline", "pack"), apart=_PLACEHOLDER)
    fetch = [f'{unpack} "$@"'] if job.after else []
    return ['done="$1"; shift', *fetch, timed, f'{pack} "$done"']


def _call(request: Request, job: Job, names: dict[str, str]) -> list[str]:
    word = _done(job.id)
    given = ", ".join(f'{_taken(other)}={_done(other)}.outputs["done"]' for other in job.after)
    lines = [f"{word} = {names[job.id]}({given})", f"{word}.set_display_name({literal(job.name)})"]
    # Kubeflow does not see what a stage is made of; nbops does, and skips it by itself.
    lines.append(f"{word}.set_caching_options(False)")
    environment = {**request.settings, **job.environment}
    for key, value in environment.items():
        lines.append(f"{word}.set_env_variable({literal(key)}, {literal(writable(value, key))})")
    if job.retries:
        delay = f', backoff_duration="{job.retry_delay:.0f}s", backoff_factor=1' if job.retry_delay else ""
        lines.append(f"{word}.set_retry({job.retries}{delay})")
    if job.memory:
        lines.append(f'{word}.set_memory_request("{-(-job.memory // 1_000_000)}M")')
    if job.cpus > 1:
        lines.append(f'{word}.set_cpu_request("{job.cpus}")')
    for name in request.secrets_of(job):
        pair = literal({name: name})
        lines.append(f'kubernetes.use_secret_as_env({word}, secret_name="nbops", secret_key_to_env={pair})')
    return lines


def _taken(id_: str) -> str:
    return f"{identifier(id_)}_results".lower()


def _done(id_: str) -> str:
    return f"{identifier(id_)}_done"
