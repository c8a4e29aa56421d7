"""The report of a pipeline's run in Markdown, for a pull request or the summary of a job."""

from __future__ import annotations

from nbops.records import GateReport, GateResult, PipelineReport, StageMetric, StageRun
from nbops.views import markdown as md
from nbops.views.text import number, seconds

_MARKS = {
    "succeeded": "✅",
    "skipped": "⏭️",
    "failed": "❌",
    "lost": "❌",
    "stopped": "⏹️",
    "running": "⏳",
    "pending": "·",
}
_GATES = {"passed": "✅", "failed": "❌", "error": "❌ error"}
# GitHub shows a megabyte at most.
_ROWS = 300


def pull_request_markdown(report: PipelineReport) -> str:
    """Give the report; everything that others wrote is escaped."""
    parts = [_head(report), _conclusion(report), _stages(report), _metrics(report)]
    parts += [_gate(gates) for gates in report.gates]
    parts += [_drift(report), _stale(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: PipelineReport) -> str:
    run = report.run
    where = f" at {report.commit[:8]}" if report.commit else ""
    on = f" on {md.text(report.branch)}" if report.branch else ""
    return f"## {md.text(run.pipeline)}\n\nRun {md.text(run.run_id[:8])}{on}{where}, compared with {md.text(report.against)}."


def _conclusion(report: PipelineReport) -> str:
    """Say first what a reviewer must not miss."""
    lines = []
    bad = [stage for stage in report.stages if stage.status in {"failed", "lost", "stopped"}]
    for stage in bad[:20]:
        cell = f" in cell {stage.failed_cell}" if stage.failed_cell else ""
        lines.append(f"❌ **{md.text(stage.stage)}** {stage.status}{cell}: {md.text(stage.error, 400)}")
    for gates in report.gates:
        what = f"{md.text(gates.model)} version {gates.version} for {md.text(gates.target)}"
        failed = [md.text(gate.name) for gate in gates.gates if gate.verdict != "passed"]
        if failed:
            lines.append(f"❌ {what}: {len(failed)} of {len(gates.gates)} gates do not pass: {', '.join(failed)}")
        else:
            lines.append(f"✅ {what}: all {len(gates.gates)} gates pass")
    worse = [m for m in report.metrics if m.better is False]
    if worse:
        lines.append(f"⚠️ {len(worse)} of {len(report.metrics)} metrics are worse than before")
    if drifted := [found for found in report.drift if found.columns]:
        lines.append(f"⚠️ drift in {sum(len(found.columns) for found in drifted)} columns")
    if not lines and report.run.status == "succeeded":
        lines.append("✅ every stage is done")
    return "\n".join(f"- {line}" for line in lines)


def _stages(report: PipelineReport) -> str:
    rows = [_stage(report, stage) for stage in report.stages[:_ROWS]]
    more = f"\n\n… and {len(report.stages) - _ROWS} more stages." if len(report.stages) > _ROWS else ""
    return f"### Stages\n\n{md.table(('stage', '', 'took', 'why', 'notebook'), rows, right=(2,))}{more}"


def _stage(report: PipelineReport, stage: StageRun) -> tuple[str, ...]:
    ran = stage.status != "skipped" and stage.started_at is not None and stage.ended_at is not None
    took = seconds((stage.ended_at or 0.0) - (stage.started_at or 0.0)) if ran else "–"
    again = f", attempt {stage.attempt}" if stage.attempt > 1 else ""
    path = report.notebooks.get(stage.stage, "")
    shown = md.link(path.rpartition("/")[2], path) if path else "–"
    return (
        md.text(stage.stage),
        f"{_MARKS.get(stage.status, '·')} {stage.status}{again}",
        took,
        md.text(stage.reason),
        shown,
    )


def _metrics(report: PipelineReport) -> str:
    if not report.metrics:
        return ""
    rows = [_metric(one) for one in report.metrics[:_ROWS]]
    return f"### Metrics\n\n{md.table(('stage', 'metric', 'before', 'now', 'change'), rows, right=(2, 3, 4))}"


def _metric(one: StageMetric) -> tuple[str, ...]:
    change = "–"
    if one.before is not None and one.after is not None:
        sign = {True: " ✅", False: " ⚠️", None: ""}[one.better]
        change = f"{one.after - one.before:+.4g}{sign}" if one.after != one.before else "="
    return md.text(one.stage), md.text(one.name), number(one.before), number(one.after), change


def _gate(gates: GateReport) -> str:
    against = f"version {gates.champion}" if gates.champion is not None and gates.champion != gates.version else "–"
    rows = [_result(gate) for gate in gates.gates]
    title = f"### Gates of {md.text(gates.model)} version {gates.version} for {md.text(gates.target)}"
    return f"{title}\n\n{md.table(('gate', against, 'value', 'interval', 'limit', ''), rows, right=(1, 2))}"


def _result(gate: GateResult) -> tuple[str, ...]:
    between = "" if gate.low is None or gate.high is None else f"{number(gate.low)} to {number(gate.high)}"
    said = f" {md.text(gate.message)}" if gate.message else ""
    close = " close" if gate.close and gate.verdict == "passed" else ""
    value = (number(shown) if shown is not None else "" for shown in (gate.champion, gate.value))
    return md.text(gate.name), *value, between, md.text(gate.limit), f"{_GATES[gate.verdict]}{close}{said}"


def _drift(report: PipelineReport) -> str:
    lines = []
    for found in report.drift:
        names = f" ({', '.join(md.text(name) for name in found.columns[:20])})" if found.columns else ""
        lines.append(
            f"- {'⚠️' if found.columns else '✅'} {md.text(found.stage)}: {md.text(found.sentence, 400)}{names}"
        )
    return "### Drift\n\n" + "\n".join(lines) if lines else ""


def _stale(report: PipelineReport) -> str:
    if report.stale_problem:
        return f"### Up to date\n\nNot known: {md.text(report.stale_problem, 400)}"
    if not report.stale:
        return "### Up to date\n\nEvery stage is: running the pipeline again would do nothing."
    lines = [f"- {md.text(stage)}: {md.text(reason)}" for stage, reason in list(report.stale.items())[:_ROWS]]
    return "### Would run again\n\n" + "\n".join(lines)
