"""The graph of a pipeline with the state of its stages: as text, as a static picture, and for the output of a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbops.errors import PipelineError
from nbops.pipelines.graph import Graph, order
from nbops.records import PipelineRun, StageRun
from nbops.views import html, rails, svg
from nbops.views.document import fragment
from nbops.views.text import clip, printable, seconds

MARKS = {
    "succeeded": "●",
    "skipped": "○",
    "failed": "✕",
    "lost": "✕",
    "stopped": "■",
    "running": "◐",
    "pending": "·",
}
_TONES = {"succeeded": "good", "failed": "bad", "lost": "bad", "stopped": "warn", "running": "line"}
# The state of several stages is that of the first of these which any has.
_FIRST = ("failed", "lost", "running", "stopped", "pending", "succeeded", "skipped")
_MOST_OF_A_GRID = 8


@dataclass(frozen=True, slots=True)
class Node:
    """What is drawn as one thing: a stage, or the many that a grid has made of one."""

    status: str
    words: str


def graph_text(run: PipelineRun) -> str:
    """Draw the graph for a terminal, one stage a line, each below those it comes after."""
    nodes, after = _graph(run)
    lines = [
        (f"{rail} {printable(name)}" if name else rail, clip(nodes[name].words, 160) if name else "")
        for rail, name in rails.draw(_shortened(after), {name: MARKS[node.status] for name, node in nodes.items()})
    ]
    width = max((len(left) for left, words in lines if words), default=0) + 2
    return "\n".join([_head(run), "", *(f"{left:<{width}}{words}".rstrip() for left, words in lines)])


def graph_svg(run: PipelineRun) -> str:
    """Draw the graph from left to right as one inline SVG: no script, everything escaped."""
    nodes, after = _graph(run)
    boxes = [
        {
            "id": name,
            "label": f"{MARKS[node.status]} {name}",
            "kind": node.words,
            "tone": html.colour(_TONES[node.status]) if node.status in _TONES else "",
        }
        for name, node in nodes.items()
    ]
    edges = [(other, name) for name, others in _shortened(after).items() for other in others]
    return svg.graph(*_laid(boxes, edges), f"Stages of {run.pipeline}", box=184)


def graph_html(run: PipelineRun) -> str:
    """Show the graph for the output of a cell, every stage below it, folded."""
    rows = "".join(
        html.tag(
            "tr",
            html.tag("td", html.span(f"{MARKS[one.status]} {one.stage}", _TONES.get(one.status, "")))
            + html.tag("td", html.escape(one.status))
            + html.tag("td", html.span(_words(run, one), "dim")),
        )
        for one in run.stages
    )
    count = len(run.stages)
    stages = (
        html.tag("summary", f"{count} stage{'s' * (count != 1)}") + f'<div class="scroll"><table>{rows}</table></div>'
    )
    picture = f'<div class="scroll">{graph_svg(run)}</div>'
    return fragment(f"<b>{html.escape(_head(run))}</b>{picture}{html.tag('details', stages)}")


def _graph(run: PipelineRun) -> tuple[dict[str, Node], dict[str, tuple[str, ...]]]:
    """Give what is drawn, each after what it comes after, large grids as one."""
    sizes = Counter(one.group for one in run.stages if one.group)
    shown = {one.stage: one.group if sizes[one.group] > _MOST_OF_A_GRID else one.stage for one in run.stages}
    members: dict[str, list[StageRun]] = {}
    after: dict[str, dict[str, None]] = {}
    for one in run.stages:
        name = shown[one.stage]
        members.setdefault(name, []).append(one)
        others = (shown[other] for other in one.after if other in shown)
        after.setdefault(name, {}).update((other, None) for other in others if other != name)
    names = _sequence({name: tuple(others) for name, others in after.items()})
    places = {name: place for place, name in enumerate(names)}
    kept = {name: tuple(other for other in after[name] if places[other] < places[name]) for name in names}
    return {name: _node(run, name, members[name]) for name in names}, kept


def _sequence(after: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    try:
        return order(after)
    except PipelineError:
        # Two grids whose stages come after each other's: each drawn as one, they go in a circle.
        return tuple(after)


def _shortened(after: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Leave out what a longer way says as well."""
    graph = Graph(after)
    return {
        name: tuple(one for one in others if not any(graph.before(one, other) for other in others))
        for name, others in after.items()
    }


def _laid(
    boxes: list[dict[str, str]], edges: list[tuple[str, str]]
) -> tuple[list[dict[str, str]], list[tuple[str, str]]]:
    """Lead edges past the layers between, and put each box near those that lead to it."""
    layers = svg.layers_of([box["id"] for box in boxes], edges)
    drawn: list[tuple[str, str]] = []
    for number, (start, end) in enumerate(edges):
        for layer in range(layers[start] + 1, layers[end]):
            # A blank at its end, as no name of a stage has.
            via = f"{number}/{layer} "
            boxes.append({"id": via, "label": "", "via": "yes"})
            layers[via] = layer
            drawn.append((start, via))
            start = via
        drawn.append((start, end))
    before: dict[str, list[str]] = {}
    for start, end in drawn:
        before.setdefault(end, []).append(start)
    rows: dict[str, float] = {}
    columns: dict[int, list[str]] = {}
    for box in sorted(boxes, key=lambda box: layers[box["id"]]):
        columns.setdefault(layers[box["id"]], []).append(box["id"])
    for column in columns.values():
        middles = {name: _mean([rows[other] for other in before.get(name, ())]) for name in column}
        for row, name in enumerate(sorted(column, key=middles.__getitem__)):
            rows[name] = row - len(column) / 2
    return sorted(boxes, key=lambda box: (layers[box["id"]], rows[box["id"]])), drawn


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _node(run: PipelineRun, name: str, stages: Sequence[StageRun]) -> Node:
    if len(stages) == 1:
        return Node(stages[0].status, _words(run, stages[0]))
    counts: Counter[str] = Counter(one.status for one in stages)
    told = [f"{counts['succeeded'] + counts['skipped']}/{len(stages)} done"]
    told += [f"{counts[word]} {word}" for word in ("failed", "lost", "running", "stopped") if counts[word]]
    return Node(next(word for word in _FIRST if counts[word]), ", ".join(told))


def _words(run: PipelineRun, one: StageRun) -> str:
    took = seconds(one.ended_at - one.started_at) if one.ended_at and one.started_at else ""
    # Only a kernel that needs a word has more than its name.
    kernel = f"kernel {one.kernel}" if " (" in one.kernel and not run.run_id else ""
    if one.status == "skipped":
        said = "up to date" if one.reason in ("", "unchanged") else one.reason
    elif one.status == "pending":
        said = one.reason if run.run_id or not one.reason else f"would run: {one.reason}"
    elif one.status == "running":
        said = " · ".join(filter(None, (f"cell {one.cell} of {one.cells}" if one.cells else "runs", one.line)))
    elif one.status == "succeeded":
        said = " · ".join(filter(None, (f"done in {took}" if took else "done", one.reason)))
    else:
        cell = f" in cell {one.failed_cell}" if one.failed_cell else ""
        said = f"{one.status}{cell}" + (f": {one.error}" if one.error else "")
    return " · ".join(filter(None, (said, kernel)))


def _head(run: PipelineRun) -> str:
    count = len(run.stages)
    if run.run_id:
        return f"{printable(run.pipeline)} {run.status}, run {run.run_id[:8]}"
    todo = sum(one.status == "pending" for one in run.stages)
    return f"{printable(run.pipeline)}: " + (f"{todo} of {count} stages would run" if todo else "up to date")
