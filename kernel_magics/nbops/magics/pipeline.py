"""``%pipeline ACTION …``."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show

if TYPE_CHECKING:
    from nbops.workspace import Workspace

_GRAMMAR = Grammar(
    "%pipeline",
    "Run, foresee, explain, resume and look at pipelines: %pipeline run pipeline.toml\n"
    "Actions: run FILE, resume FILE, show FILE, why FILE [STAGE], runs [NAME], log [RUN] [STAGE], stop [RUN], list.",
    [
        Option("force", "run every stage"),
        Option("from", "run this stage and all after it", "STAGE"),
        Option("only", "run only this stage; repeatable", "STAGE", repeat=True),
        Option("set", "set a parameter; repeatable", "NAME=VALUE", repeat=True),
        Option("jobs", "run so many stages beside each other at most", "N"),
        Option("on", "local, dask or dask://HOST:PORT", "WHERE"),
        Option("keep-going", "after a failure run what does not depend on it"),
        Option("dry-run", "say what would run, and run nothing"),
        Option("cold", "do not fork kernels from a warm parent"),
    ],
    words="action file",
)


def pipeline(line: str) -> None:
    """Do what the line says.

    Raises
    ------
    UsageError
        The line names no action, or the action lacks its file.
    PipelineError
        The pipeline is wrong, or a stage failed.
    """
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    action, *words = call.arguments.words or ("",)
    function = _ACTIONS.get(action)
    if function is None:
        near = get_close_matches(action, _ACTIONS, 1)
        hint = f"Did you mean {near[0]!r}?" if near else "Say %pipeline run pipeline.toml, or see %pipeline -h."
        raise UsageError(f"%pipeline has no action {action!r}." if action else "%pipeline needs an action.", hint=hint)
    function(call, words)


def _run(call: Call, words: list[str], *, resume: bool = False) -> None:
    from nbops.magics.pipeline_progress import Progress
    from nbops.pipelines.engine import execute_pipeline
    from nbops.pipelines.running.options import given_parameters
    from nbops.views.pipeline import result_html, result_text

    file = _file("resume" if resume else "run", words)
    given = call.arguments
    if given.flag("dry-run"):
        _show(call, words)
        return
    progress = Progress(Path(file).name)
    try:
        result = execute_pipeline(
            file,
            force=given.flag("force"),
            only=given.all("only"),
            start=given.one("from"),
            resume=resume,
            parameters=given_parameters(given.all("set")),
            on=given.one("on", "local"),
            jobs=_whole(given.one("jobs")),
            keep_going=given.flag("keep-going"),
            warm=not given.flag("cold"),
            on_event=progress.tell,
            workspace=_chosen(call, file),
        )
    except BaseException:
        progress.stop()
        raise
    progress.show(result_text(result), result_html(result))
    if result.failure is not None:
        raise result.failure


def _resume(call: Call, words: list[str]) -> None:
    _run(call, words, resume=True)


def _show(call: Call, words: list[str]) -> None:
    from nbops.pipelines.engine import plan_pipeline
    from nbops.pipelines.running.options import given_parameters
    from nbops.views.pipeline_graph import graph_html, graph_text

    file = _file("show", words)
    given = call.arguments
    plan = plan_pipeline(
        file,
        force=given.flag("force"),
        only=given.all("only"),
        start=given.one("from"),
        parameters=given_parameters(given.all("set")),
        workspace=_chosen(call, file),
    )
    show(graph_text(plan), graph_html(plan))


def _why(call: Call, words: list[str]) -> None:
    from nbops.pipelines.running.options import given_parameters
    from nbops.pipelines.staleness.explain import why
    from nbops.views.explanation import explanation_html, explanation_text

    file = _file("why", words[:1])
    given = given_parameters(call.arguments.all("set"))
    found = why(file, " ".join(words[1:]), parameters=given, workspace=_chosen(call, file))
    show(explanation_text(found), explanation_html(found))


def _runs(call: Call, words: list[str]) -> None:
    from nbops.pipelines.running.history import pipeline_runs
    from nbops.views.pipeline import runs_text

    show(runs_text(pipeline_runs(call.workspace, pipeline=" ".join(words), limit=20)))


def _log(call: Call, words: list[str]) -> None:
    from nbops.pipelines.running.history import pipeline_run
    from nbops.views.pipeline import run_html, run_text

    which, stage = (*words, "", "")[:2]
    run = pipeline_run(call.workspace, which or "last")
    show(run_text(run, stage), run_html(run, stage))


def _stop(call: Call, words: list[str]) -> None:
    from nbops.pipelines.running.history import stop_run

    run = stop_run(call.workspace, (*words, "last")[0])
    show(f"Run {run.run_id[:8]} of {run.pipeline} was asked to stop.")


def _list(call: Call, _: list[str]) -> None:
    from nbops.pipelines.running.history import pipelines
    from nbops.views.pipeline import pipelines_text

    show(pipelines_text(pipelines(call.workspace)))


_ACTIONS: dict[str, Any] = {
    "run": _run,
    "resume": _resume,
    "show": _show,
    "why": _why,
    "runs": _runs,
    "log": _log,
    "stop": _stop,
    "list": _list,
}


def _file(action: str, words: list[str]) -> str:
    if len(words) != 1:
        raise UsageError(f"%pipeline {action} needs a file.", hint=f"Say %pipeline {action} pipeline.toml")
    return words[0]


def _chosen(call: Call, file: str) -> Workspace | None:
    # A file may belong to another workspace than the notebook; a name is one of this workspace's nbops.toml.
    return None if Path(file).expanduser().is_file() else call.workspace


def _whole(text: str) -> int | None:
    if not text:
        return None
    if not text.isdigit():
        raise UsageError(f"%pipeline: --jobs must be a whole number from 1, not {text!r}.")
    return int(text)
