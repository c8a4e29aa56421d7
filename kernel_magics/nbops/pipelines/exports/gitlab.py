"""GitLab CI: a job a stage, joined by ``needs``; results go on as artifacts."""

from __future__ import annotations

from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.exports.document import Request, header, minutes, unscheduled
from nbops.pipelines.exports.jobs import Job, distinct
from nbops.pipelines.exports.quoting import gitlab, shell, to_yaml, writable

DEFAULT = ".gitlab-ci.yml"
# GitLab gives these names a meaning of their own.
_TAKEN = (
    "image", "services", "stages", "types", "before_script", "after_script", "variables", "cache", "include", "default",
    "workflow", "pages", "true", "false", "nil", "null", "spec",
)  # fmt: skip
# The most that GitLab takes.
_RETRIES = 2
_NEEDS = 50
_FAILURES = ["runner_system_failure", "stuck_or_timeout_failure", "unknown_failure"]


def render(request: Request) -> str:
    """Give the pipeline."""
    unscheduled(request, "GitLab keeps schedules in the project's settings, not in this file.")
    names = dict(
        zip((job.id for job in request.jobs), distinct((job.id for job in request.jobs), taken=_TAKEN), strict=True)
    )
    report = distinct(["report"], taken=[*names.values(), *_TAKEN])[0]
    content: dict[str, Any] = {
        "stages": ["run", "report"],
        "workflow": {
            "rules": [
                {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
                {"if": "$CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS", "when": "never"},
                {"if": "$CI_COMMIT_BRANCH"},
            ]
        },
        "default": {
            "image": gitlab(request.image or f"python:{request.python}"),
            "before_script": [request.install],
        },
        "variables": {**request.settings, "GIT_DEPTH": "0"},
    }
    for job in request.jobs:
        content[names[job.id]] = _job(request, job, names)
    content[report] = _report(request)
    return f"{header(request)}{_secrets(request)}\n{to_yaml(content)}"


def _job(request: Request, job: Job, names: dict[str, str]) -> dict[str, Any]:
    if len(job.after) > _NEEDS:
        raise PipelineError(
            f"stage {job.name!r} comes after {len(job.after)} others, and GitLab takes {_NEEDS} at most.",
            hint="Write one job for all stages: --single",
        )
    name = names[job.id]
    limit = minutes(job.whole)
    pack = shell(request.nbops("pipeline", "pack", request.carried(name)))
    values = {key: {"value": writable(value, key), "expand": False} for key, value in job.environment.items()}
    return {
        "stage": "run",
        "needs": [names[other] for other in job.after],
        **({"variables": values} if values else {}),
        **({"timeout": f"{limit} minutes"} if limit else {}),
        # nbops tries a notebook again by itself; GitLab, where the machine was at fault.
        **({"retry": {"max": min(job.retries, _RETRIES), "when": _FAILURES}} if job.retries else {}),
        **({} if job.after else {"cache": {**_cache(request), "policy": "pull"}}),
        "script": [_unpack(request), shell(request.run(job))],
        # Also of a stage that failed: the report tells of it.
        "after_script": [pack],
        "artifacts": {
            "when": "always",
            "expire_in": "1 week",
            "paths": [gitlab(path) for path in (request.carried(name), f"{request.data}/pipelines/**/*.ipynb")],
        },
    }


def _report(request: Request) -> dict[str, Any]:
    report = shell(request.nbops("pipeline", "report"))
    base = "${CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-$CI_DEFAULT_BRANCH}"
    # GitLab fetches the branch of the pipeline alone.
    fetch = f'git fetch --quiet origin "+refs/heads/{base}:refs/remotes/origin/{base}"'
    return {
        # It comes after the stage before, and gets what all jobs of that have kept.
        "stage": "report",
        "when": "always",
        "cache": {**_cache(request), "policy": "push"},
        "script": [
            _unpack(request),
            fetch,
            f'{report} --against "origin/{base}" --output nbops-report.md',
            shell(request.nbops("pipeline", "pack", request.carried("before"))),
        ],
        "artifacts": {"paths": ["nbops-report.md"], "expose_as": "nbops report"},
    }


def _unpack(request: Request) -> str:
    return shell(request.nbops("pipeline", "unpack", request.carried()))


def _cache(request: Request) -> dict[str, Any]:
    return {"key": f"nbops-{request.slug}", "paths": [gitlab(request.carried("before"))]}


def _secrets(request: Request) -> str:
    names = dict.fromkeys(name for job in request.jobs for name in request.secrets_of(job))
    return f"# Set as masked variables of the project: {', '.join(names)}\n" if names else ""
