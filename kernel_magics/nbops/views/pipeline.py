"""A pipeline's run as text and as static HTML."""

from __future__ import annotations

from html import escape

from nbops.pipelines.result import PipelineEvent, PipelineResult
from nbops.views.document import fragment
from nbops.views.text import clip, seconds, table

_MARK = {"succeeded": "●", "skipped": "○", "failed": "✕", "pending": "·", "running": "◐", "stage": "◐", "cell": "◐"}
_CSS = {"succeeded": "good", "failed": "bad", "skipped": "dim", "pending": "dim", "running": ""}


def event_line(event: PipelineEvent) -> str:
    """Say what happens in one line."""
    where = f"{_MARK.get(event.kind, '·')} {event.number}/{event.stages} {event.stage}"
    if event.kind == "cell":
        done = round(20 * event.cell / max(event.cells, 1))
        return f"{where}  [{'#' * done}{'.' * (20 - done)}] cell {event.cell} of {event.cells}"
    if event.kind == "succeeded":
        return f"{where}  done in {seconds(event.duration)}"
    return f"{where}  {clip(event.message, 160)}".rstrip()


def result_text(result: PipelineResult) -> str:
    """Show how every stage ended."""
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


def progress_html(name: str, stages: list[tuple[str, str, str]]) -> str:
    """Show stages while they run: name, status (``running`` too), words."""
    rows = "".join(
        f'<tr><td class="{_CSS.get(status, "")}">{_MARK.get(status, "·")} {escape(stage)}</td><td>{escape(status)}</td>'
        f'<td class="dim">{escape(words)}</td></tr>'
        for stage, status, words in stages
    )
    return fragment(f'<b>{escape(name)}</b><div role="status" class="scroll"><table>{rows}</table></div>')


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
    head += f' <span class="dim">in {seconds(result.duration)} · run {escape(result.run_id[:8])}</span>'
    return fragment(f'{head}<div class="scroll"><table>{rows}</table></div>')
