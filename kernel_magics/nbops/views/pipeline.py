"""A pipeline's run as text and as static HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nbops.pipelines.result import PipelineEvent, PipelineResult
from nbops.records import PipelineRun, PipelineSummary
from nbops.views.document import fragment
from nbops.views.text import clip, moment, seconds, table
from nbops.views.unchanged import unchanged_text

_MARK = {
    "succeeded": "●",
    "skipped": "○",
    "failed": "✕",
    "stopped": "■",
    "lost": "✕",
    "pending": "·",
    "running": "◐",
    "stage": "◐",
    "cell": "◐",
    "retry": "↻",
}
_CSS = {"succeeded": "good", "failed": "bad", "lost": "bad", "skipped": "dim", "pending": "dim", "running": ""}


# Of more stages than these only the ones that matter now are shown while they run.
_MOST_LINES = 40
_WOULD = {"pending": "runs", "skipped": "up to date"}


def event_line(event: PipelineEvent) -> str:
    """Say what happens in one line."""
    where = f"{_MARK.get(event.kind, '·')} {event.number}/{event.stages} {event.stage}"
    if event.kind == "cell":
        done = round(20 * event.cell / max(event.cells, 1))
        line = f"  {clip(event.message, 80)}" if event.message else ""
        return f"{where}  [{'#' * done}{'.' * (20 - done)}] cell {event.cell} of {event.cells}{line}"
    if event.kind == "succeeded":
        return f"{where}  done in {seconds(event.duration)}"
    return f"{where}  {clip(event.message, 160)}".rstrip()


def result_text(result: PipelineResult) -> str:
    """Show how every stage ended."""
    if not result.run_id:
        return unchanged_text(result.name, [(stage.name, stage.run_id) for stage in result.stages])
    rows = [
        (
            f"{_MARK[stage.status]} {stage.name}",
            stage.status,
            seconds(stage.duration),
            stage.run_id[:8] or "–",
            stage.reason,
        )
        for stage in result.stages
    ]
    return f"{result.name} {result.status}, run {result.run_id[:8]}\n" + table(
        rows, ("stage", "", "took", "run", "why"), right=(2,)
    )


def foreseen_text(plan: PipelineRun) -> str:
    """Say what a run would do."""
    rows = [(f"{_MARK[stage.status]} {stage.stage}", _WOULD[stage.status], stage.reason) for stage in plan.stages]
    todo = sum(stage.status == "pending" for stage in plan.stages)
    head = f"{plan.pipeline}: {todo} of {len(plan.stages)} stages would run" if todo else f"{plan.pipeline}: up to date"
    return f"{head}\n" + table(rows, ("stage", "", "why"))


def runs_text(runs: tuple[PipelineRun, ...]) -> str:
    """List runs."""
    if not runs:
        return "No pipeline has run here yet."
    rows = [
        (
            f"{_MARK[run.status]} {run.run_id[:8]}",
            run.pipeline,
            run.status,
            moment(run.started_at),
            seconds(run.ended_at - run.started_at) if run.ended_at else "",
            run.schedule or run.trigger,
            _counts(run),
        )
        for run in runs
    ]
    return table(rows, ("run", "pipeline", "", "began", "took", "by", "stages"), right=(4,))


def run_text(run: PipelineRun, stage: str = "") -> str:
    """Show how a run went, or one stage of it."""
    stages = [one for one in run.stages if stage in ("", one.stage, one.group)]
    rows = [
        (
            f"{_MARK[one.status]} {one.stage}",
            one.status,
            seconds(one.ended_at - one.started_at) if one.ended_at and one.started_at else "",
            str(one.attempt or ""),
            one.error or one.reason,
        )
        for one in stages
    ]
    text = f"{run.pipeline} {run.status}, run {run.run_id[:8]}\n"
    text += table(rows, ("stage", "", "took", "attempt", "why"), right=(2, 3))
    if run.error and not any(one.error for one in stages):
        text += f"\n{run.error}"
    return text + "".join(f"\n{one.stage}: {one.notebook}" for one in stages if stage and one.notebook)


def run_html(run: PipelineRun, stage: str = "") -> str:
    """Show how a run went, as static HTML; all text is escaped."""
    rows = "".join(
        f'<tr><td class="{_CSS.get(one.status, "")}">{_MARK[one.status]} {escape(one.stage)}</td>'
        f"<td>{escape(one.status)}</td>"
        f'<td class="num">{seconds(one.ended_at - one.started_at) if one.ended_at and one.started_at else ""}</td>'
        f'<td class="dim">{escape(clip(one.error or one.reason, 200))}</td>'
        f'<td class="dim">{escape(one.kernel)}</td></tr>'
        for one in run.stages
        if stage in ("", one.stage, one.group)
    )
    head = f'<b>{escape(run.pipeline)}</b> <span class="{_CSS.get(run.status, "")}">{escape(run.status)}</span>'
    head += f' <span class="dim">{escape(moment(run.started_at))} · run {escape(run.run_id[:8])}</span>'
    error = f'<div class="bad">{escape(run.error)}</div>' if run.error else ""
    return fragment(f'{head}<div class="scroll"><table>{rows}</table></div>{error}')


def pipelines_text(found: tuple[PipelineSummary, ...]) -> str:
    """List the pipelines of a workspace."""
    if not found:
        return "There is no pipeline here. `nbops new` makes a project with one."
    rows = [
        (
            f"{_MARK[one.last.status] if one.last else '·'} {one.name}",
            one.last.status if one.last else "never ran",
            moment(one.last.started_at) if one.last else "",
            str(one.runs or ""),
            one.problem or one.path,
        )
        for one in found
    ]
    return table(rows, ("pipeline", "", "last run", "runs", "file"), right=(3,))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """What is known of a stage that may still run; ``seconds`` since it began, or that it took."""

    name: str
    status: str
    words: str = ""
    cell: int = 0
    cells: int = 0
    seconds: float | None = None


def progress_html(name: str, stages: Sequence[StageLine]) -> str:
    """Show stages while they run: cells done, last line of output, time; of many stages those that matter now."""
    shown = _of_interest(stages)
    rows = "".join(
        f'<tr><td class="{_CSS.get(line.status, "")}">{_MARK.get(line.status, "·")} {escape(line.name)}</td>'
        f"<td>{_bar(line)}</td>"
        f'<td class="num dim">{seconds(line.seconds) if line.seconds else ""}</td>'
        f'<td class="dim">{escape(clip(line.words, 140))}</td></tr>'
        for line in shown
    )
    done = sum(line.status in {"succeeded", "skipped"} for line in stages)
    more = f' <span class="dim">{done} stages done</span>' if len(shown) < len(stages) else ""
    return fragment(f'<b>{escape(name)}</b>{more}<div role="status" class="scroll"><table>{rows}</table></div>')


def _of_interest(stages: Sequence[StageLine]) -> list[StageLine]:
    if len(stages) <= _MOST_LINES:
        return list(stages)
    running = [line for line in stages if line.status not in {"succeeded", "skipped"}]
    return [*[line for line in stages if line not in running][-5:], *running[:_MOST_LINES]]


def _bar(line: StageLine) -> str:
    if line.status != "running" or not line.cells:
        return escape(line.status)
    share = round(100 * line.cell / line.cells)
    return (
        f'<svg width="80" height="8" role="img" aria-label="cell {line.cell} of {line.cells}">'
        '<rect width="80" height="8" rx="4" fill="var(--jp-border-color2,#e0e0e0)"/>'
        f'<rect width="{share * 0.8:.0f}" height="8" rx="4" fill="var(--jp-brand-color1,#1976d2)"/></svg>'
        f' <span class="dim">{line.cell}/{line.cells}</span>'
    )


def result_html(result: PipelineResult) -> str:
    """Show how every stage ended, as static HTML; all text is escaped."""
    rows = "".join(
        f'<tr><td class="{_CSS.get(stage.status, "")}">{_MARK[stage.status]} {escape(stage.name)}</td>'
        f'<td>{escape(stage.status)}</td><td class="num">{seconds(stage.duration)}</td>'
        f'<td class="mono dim">{escape(stage.run_id[:8])}</td>'
        f'<td class="dim">{escape(clip(stage.error or stage.reason, 200))}</td></tr>'
        for stage in result.stages
    )
    css = _CSS.get(result.status, "")
    head = f'<b>{escape(result.name)}</b> <span class="{css}">{escape(result.status)}</span>'
    head += f' <span class="dim">in {seconds(result.duration)} · {_run_words(result)}</span>'
    return fragment(f'{head}<div class="scroll"><table>{rows}</table></div>')


def _run_words(result: PipelineResult) -> str:
    return f"run {escape(result.run_id[:8])}" if result.run_id else "nothing has changed"


def _counts(run: PipelineRun) -> str:
    words = [stage.status for stage in run.stages]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
