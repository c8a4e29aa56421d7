"""GitHub Actions: a workflow with a job a stage on runners of their own, which hand their results on as artifacts."""

from __future__ import annotations

from typing import Any

from nbops.pipelines.exports.document import Request, header, minutes
from nbops.pipelines.exports.jobs import Job, distinct
from nbops.pipelines.exports.quoting import github, shell, to_yaml, writable

DEFAULT = ".github/workflows/{name}.yml"
_CHECKOUT, _PYTHON = "actions/checkout@v4", "actions/setup-python@v5"
_UPLOAD, _DOWNLOAD = "actions/upload-artifact@v4", "actions/download-artifact@v4"
_RESTORE, _SAVE = "actions/cache/restore@v4", "actions/cache/save@v4"
_ENDED = "${{ !cancelled() }}"
_BASE = {"BASE": "${{ github.base_ref || github.ref_name }}"}
Step = dict[str, Any]


def render(request: Request) -> str:
    """Give the workflow."""
    on: dict[str, Any] = {
        "push": {"branches": [github(request.branch)]},
        "pull_request": None,
        "workflow_dispatch": None,
    }
    if request.schedule:
        on["schedule"] = [{"cron": request.schedule}]
    jobs = {job.id: _job(request, job) for job in request.jobs}
    if not request.single:
        jobs[distinct(["report"], taken=list(jobs))[0]] = _report_job(request)
    content = {
        "name": github(writable(request.name, "the name of the pipeline")),
        "on": on,
        "permissions": {"contents": "read"},
        "concurrency": {"group": "${{ github.workflow }}-${{ github.ref }}"},
        **({"env": request.settings} if request.settings else {}),
        "defaults": {"run": {"shell": "bash"}},
        "jobs": jobs,
    }
    return f"{header(request)}\n{to_yaml(content)}"


def _job(request: Request, job: Job) -> dict[str, Any]:
    limit = minutes(job.whole)
    name = github(writable(job.name, "the name of a stage"))
    values = {key: github(writable(value, key)) for key, value in job.environment.items()}
    values |= _secrets(request.secrets_of(job))
    steps = [
        *_begin(request, history=request.single),
        *_fetch(request, job),
        {"name": "Run", "run": _sh(request.run(job))},
    ]
    if request.single:
        values |= _BASE
        steps += _report(request)
    else:
        steps += _hand_on(request, job)
    return {
        "name": name,
        **({"needs": list(job.after)} if job.after else {}),
        **_machine(request),
        **({"timeout-minutes": limit} if limit else {}),
        **({"env": values} if values else {}),
        "steps": [*steps, _upload(f"notebooks-{job.id}", _pages(request), 30)],
    }


def _report_job(request: Request) -> dict[str, Any]:
    fetch = {"pattern": "nbops-*", "path": github(request.carried()), "merge-multiple": True}
    return {
        "name": "Report",
        "needs": [job.id for job in request.jobs],
        "if": _ENDED,
        **_machine(request),
        "env": {**_BASE, **_secrets(request.secrets)},
        "steps": [
            *_begin(request, history=True),
            {"uses": _DOWNLOAD, "with": fetch},
            _unpack(request),
            *_report(request),
        ],
    }


def _report(request: Request) -> list[Step]:
    write = f'{_sh(request.nbops("pipeline", "report"))} --against "origin/$BASE" --output nbops-report.md'
    saved = {
        "path": github(request.carried("before")),
        "key": f"{_key(request)}${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}",
    }
    return [
        {"name": "Write the report", "if": _ENDED, "run": f'{write}\ncat nbops-report.md >> "$GITHUB_STEP_SUMMARY"'},
        _upload("report", ["nbops-report.md"], 30),
        {"name": "Pack for the next time", "if": _ENDED, "run": _pack(request, "before")},
        {"uses": _SAVE, "if": _ENDED, "with": saved},
    ]


def _begin(request: Request, *, history: bool) -> list[Step]:
    # The report looks for a run of the branch that this one goes into, so it needs to know that branch.
    checkout: Step = {"uses": _CHECKOUT, **({"with": {"fetch-depth": 0}} if history else {})}
    python = [] if request.image else [{"uses": _PYTHON, "with": {"python-version": request.python}}]
    return [checkout, *python, {"name": "Install", "run": request.install}]


def _fetch(request: Request, job: Job) -> list[Step]:
    carried = github(request.carried())
    if job.after:
        steps: list[Step] = [
            {"uses": _DOWNLOAD, "with": {"name": f"nbops-{other}", "path": carried}} for other in job.after
        ]
    else:
        # What was done for an earlier commit need not be done again.
        key = _key(request)
        where = {
            "path": github(request.carried("before")),
            "key": f"{key}${{{{ github.run_id }}}}",
            "restore-keys": key,
        }
        steps = [{"uses": _RESTORE, "with": where}]
    return [*steps, _unpack(request)]


def _hand_on(request: Request, job: Job) -> list[Step]:
    # Also of a stage that failed: the report tells of it.
    return [
        {"name": "Pack what it did", "if": _ENDED, "run": _pack(request, job.id)},
        _upload(f"nbops-{job.id}", [request.carried(job.id)], 1),
    ]


def _unpack(request: Request) -> Step:
    return {"name": "Unpack", "run": _sh(request.nbops("pipeline", "unpack", request.carried()))}


def _pack(request: Request, name: str) -> str:
    return _sh(request.nbops("pipeline", "pack", request.carried(name)))


def _upload(name: str, paths: list[str], days: int) -> Step:
    what = {
        "name": name,
        "path": "\n".join(github(path) for path in paths),
        "include-hidden-files": True,
        "if-no-files-found": "ignore",
        "overwrite": True,
        "retention-days": days,
    }
    return {"uses": _UPLOAD, "if": _ENDED, "with": what}


def _pages(request: Request) -> list[str]:
    return [f"{request.data}/pipelines/**/*.ipynb"]


def _key(request: Request) -> str:
    return f"nbops-{request.slug}-"


def _machine(request: Request) -> dict[str, Any]:
    return {"runs-on": "ubuntu-latest", **({"container": github(request.image)} if request.image else {})}


def _secrets(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"${{{{ secrets.{name} }}}}" for name in names}


def _sh(words: list[str]) -> str:
    return shell(words, apart=("${{",))
