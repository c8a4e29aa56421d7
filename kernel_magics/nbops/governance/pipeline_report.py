"""A run of a pipeline against an earlier one: what a reviewer of a change wants to know, from everywhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError, NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.pipelines.running.history import pipeline_run, pipeline_runs
from nbops.pipelines.running.state import States, states_name
from nbops.records import DriftFound, GateReport, PipelineReport, PipelineRun, StageMetric, StageRun
from nbops.registry import get_version, holder
from nbops.registry.examination import report_of
from nbops.registry.targets import PRODUCTION
from nbops.tracking.compare import higher_is_better
from nbops.tracking.delivery import deliver
from nbops.tracking.search import get_run
from nbops.workspace import Workspace

_LOOKED_AT = 200
_COMMITS = 500
# A stage in one of these has something to tell of itself; in the others, an earlier run has.
_TELLING = ("succeeded", "failed", "lost", "stopped", "running")
Metrics = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class _Base:
    """What is compared with, in words and figures."""

    words: str
    metrics: Metrics


def pipeline_report(workspace: Workspace, which: str = "last", against: str = "") -> PipelineReport:
    """Gather what is to be said of a run.

    Parameters
    ----------
    workspace
        Where it ran.
    which
        Id of the run, its beginning, or ``last``.
    against
        What to compare with: a run, or a branch or commit, whose newest run counts. By default the run before. Where there is
        none, the versions in Production of the models that the run has registered.

    Raises
    ------
    NotFoundError
        There is no such run, and ``against`` is neither a run nor known to git.
    LedgerError
        The ledger does not answer.
    """
    deliver(workspace)
    run = pipeline_run(workspace, which)
    earlier = [
        one
        for one in pipeline_runs(workspace, pipeline=run.pipeline, limit=_LOOKED_AT)
        if one.path == run.path and one.started_at <= run.started_at
    ]
    stages, own = _newest(run, earlier)
    tracked = get_run(workspace, run.run_id)
    with open_ledger(workspace).connect() as connection:
        made = _descendants(connection, [stage.track_id for stage in stages if stage.track_id])
        gates = _gates(connection, made)
        base = _base(workspace, connection, [one for one in earlier if one.run_id not in own], against)
        if base is None:
            base = _Base("nothing: there is no earlier run", {})
        if not base.metrics:
            base = _champion(workspace, connection, made, base.words)
        metrics = _compared(base.metrics, _metrics(connection, stages))
    stale, problem = _stale(run)
    return PipelineReport(
        run=run,
        commit=tracked.git.commit if tracked.git else "",
        branch=tracked.git.branch if tracked.git else "",
        against=base.words,
        stages=stages,
        metrics=metrics,
        gates=gates,
        drift=_drift(workspace, run, stages),
        stale=stale,
        stale_problem=problem,
        notebooks=_notebooks(workspace, stages),
    )


def _newest(run: PipelineRun, earlier: Sequence[PipelineRun]) -> tuple[tuple[StageRun, ...], set[str]]:
    """Give the last run of every stage, and the runs of the pipeline that those come from."""
    found, used = [], {run.run_id}
    for stage in run.stages:
        told, source = stage, run
        for one in earlier if _left_out(run, stage) else ():
            again = next((s for s in one.stages if s.stage == stage.stage), None)
            if again is not None and _tells(again):
                told, source = again, one
                break
        found.append(told)
        used.add(source.run_id)
    return tuple(found), used


def _left_out(run: PipelineRun, stage: StageRun) -> bool:
    """Whether a run was not asked for a stage; what waits behind a failure is another matter."""
    not_asked = stage.status == "skipped" and stage.reason != "unchanged"
    return not_asked or (stage.status == "pending" and run.status == "succeeded")


def _tells(stage: StageRun) -> bool:
    return stage.status in _TELLING or (stage.status == "skipped" and stage.reason == "unchanged")


def _base(
    workspace: Workspace, connection: Connection, candidates: Sequence[PipelineRun], against: str
) -> _Base | None:
    if against and (named := _named(workspace, against)):
        return _Base(f"run {named.run_id[:8]}", _metrics(connection, named.stages))
    if not against:
        for one in candidates:
            if one.status == "succeeded":
                return _Base(f"the run before, {one.run_id[:8]}", _metrics(connection, _newest(one, candidates)[0]))
        return None
    commits = {commit: place for place, commit in enumerate(_commits(workspace.root, against))}
    known = _git_commits(connection, [one.run_id for one in candidates])
    placed = [(commits[known[one.run_id]], one) for one in candidates if known.get(one.run_id) in commits]
    if not placed:
        return _Base(f"nothing: no run of {against} is known here", {})
    _, one = min(placed, key=lambda item: item[0])
    rest = [other for other in candidates if other.started_at <= one.started_at]
    words = f"run {one.run_id[:8]} of {against} at {known[one.run_id][:8]}"
    return _Base(words, _metrics(connection, _newest(one, rest)[0]))


def _named(workspace: Workspace, against: str) -> PipelineRun | None:
    try:
        return pipeline_run(workspace, against) if against != "last" else None
    except NotFoundError:
        return None


def _commits(root: Path, name: str) -> list[str]:
    """Give the commits of a branch, the newest first."""
    if name.startswith("-"):
        raise UsageError(f"{name!r} is neither a run nor a branch.")
    command = ["git", "-C", str(root), "rev-list", f"--max-count={_COMMITS}", name, "--"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise NotFoundError(f"There is no run {name!r}, and git cannot be asked for a branch: {error}.") from error
    if done.returncode:
        raise NotFoundError(f"{name!r} is neither a run of this workspace nor a branch or commit that git knows.")
    return done.stdout.split()


def _git_commits(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    r = tables.runs
    rows = connection.execute(select(r.c.run_id, r.c.detail).where(r.c.run_id.in_(ids)))
    return {row.run_id: str((row.detail.get("git") or {}).get("commit", "")) for row in rows}


def _metrics(connection: Connection, stages: Iterable[StageRun]) -> dict[tuple[str, str], float]:
    names = {stage.track_id: stage.stage for stage in stages if stage.track_id}
    m = tables.latest_metrics
    query = select(m.c.run_id, m.c.name, m.c.value).where(m.c.run_id.in_(list(names)), m.c.value.is_not(None))
    found = {(names[row.run_id], row.name): row.value for row in connection.execute(query)}
    rank = {name: place for place, name in enumerate(names.values())}
    return dict(sorted(found.items(), key=lambda item: (rank[item[0][0]], item[0][1])))


def _champion(workspace: Workspace, connection: Connection, made: Sequence[str], words: str) -> _Base:
    """Compare with what is in Production of the models that were registered, where there is nothing else."""
    v = tables.model_versions
    names = list(connection.scalars(select(v.c.model).where(v.c.run_id.in_(made)).distinct().order_by(v.c.model)))
    for name in names:
        number = holder(workspace, name, PRODUCTION)
        if number is not None:
            version = get_version(workspace, name, number)
            if version.run_id not in made and version.metrics:
                found = {("", metric): value for metric, value in version.metrics.items()}
                return _Base(f"{name} version {number}, which is in Production ({words})", found)
    return _Base(words, {})


def _compared(before: Metrics, after: Metrics) -> tuple[StageMetric, ...]:
    found = []
    for (stage, name), new in after.items():
        old = before.get((stage, name), before.get(("", name)))
        direction = higher_is_better(name)
        better = None if old is None or direction is None or new == old else (new > old) == direction
        found.append(StageMetric(stage=stage, name=name, before=old, after=new, better=better))
    gone = [key for key in before if key[0] and key not in after]
    return (*found, *(StageMetric(stage=s, name=n, before=before[s, n], after=None) for s, n in gone))


def _descendants(connection: Connection, ids: Sequence[str]) -> list[str]:
    r = tables.runs
    found, level = dict.fromkeys(ids), list(ids)
    while level:
        children = connection.scalars(select(r.c.run_id).where(r.c.parent_id.in_(level)))
        level = [child for child in children if child not in found]
        found |= dict.fromkeys(level)
    return list(found)


def _gates(connection: Connection, made: Sequence[str]) -> tuple[GateReport, ...]:
    """Give the newest report of each version and target: those judged in the run, and those of versions made in it."""
    g, v = tables.gate_reports, tables.model_versions
    versions = connection.execute(select(v.c.model, v.c.version).where(v.c.run_id.in_(made))).all()
    pairs = {(row.model, row.version) for row in versions}
    newest: dict[tuple[str, int, str], GateReport] = {}
    for row in connection.execute(select(g).order_by(g.c.created_at)).mappings():
        if row["run_id"] in made or (row["model"], row["version"]) in pairs:
            newest[row["model"], row["version"], row["target"]] = report_of(dict(row))
    return tuple(newest.values())


def _drift(workspace: Workspace, run: PipelineRun, stages: Iterable[StageRun]) -> tuple[DriftFound, ...]:
    """Give what stages have handed on under the name ``drift``, as the template ``monitor`` does."""
    states = States(workspace, states_name(workspace, run.pipeline, Path(run.path), claim=False))
    found = []
    for stage in stages:
        state = states.read(stage.stage)
        if state is None or state.run_id != stage.track_id or "drift" not in state.outputs:
            continue
        told = state.outputs["drift"].value
        if isinstance(told, dict) and isinstance(told.get("sentence"), str):
            columns = [c for c in told.get("columns", ()) if isinstance(c, dict) and c.get("drifted")]
            names = tuple(str(column.get("name", "")) for column in columns)
            found.append(DriftFound(stage=stage.stage, columns=names, sentence=told["sentence"]))
    return tuple(found)


def _stale(run: PipelineRun) -> tuple[dict[str, str], str]:
    from nbops.pipelines.engine import plan_pipeline

    try:
        plan = plan_pipeline(run.path)
    except NbopsError as error:
        return {}, str(error)
    return {stage.stage: stage.reason for stage in plan.stages if stage.status != "skipped"}, ""


def _notebooks(workspace: Workspace, stages: Iterable[StageRun]) -> dict[str, str]:
    found = {}
    for stage in stages:
        path = Path(stage.notebook) if stage.notebook else None
        if path is not None and path.is_relative_to(workspace.root):
            found[stage.stage] = path.relative_to(workspace.root).as_posix().replace(os.sep, "/")
    return found
