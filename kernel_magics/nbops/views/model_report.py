"""The report of a model for a meeting: conclusion first, each part in a few lines, evidence folded; one static file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbops.records import ModelReport
from nbops.views import html
from nbops.views.document import fragment, page
from nbops.views.drift import drift_body
from nbops.views.drift.performance import performance_body
from nbops.views.drift.style import PRINT_STYLE, REPORT_STYLE
from nbops.views.drift.summary import Html, simple_table
from nbops.views.drift.words import plain, safe
from nbops.views.drift.words import title as drift_title
from nbops.views.gates import gates_html, verdict_line
from nbops.views.html import sparkline
from nbops.views.lineage import lineage_html
from nbops.views.registry import verdict_text
from nbops.views.text import moment, number, printable, size

_STATES = {
    "ok": ("good", "● ok"),
    "alert": ("bad", "▲ alert"),
    "warning": ("warn", "◆ warning"),
    "error": ("bad", "✕ error"),
}


def model_report_page(report: ModelReport) -> str:
    """Give the report as a page of its own; readable without scripts, in light and dark, and on paper."""
    body = _head(report, "h1") + "".join(
        f'<section aria-label="{name}"><h2>{name}</h2>{inside}</section>' for name, inside in _parts(report)
    )
    return page(title(report), body + _foot(report), REPORT_STYLE + PRINT_STYLE)


def model_report_html(report: ModelReport) -> str:
    """Show the report in a notebook, its parts folded."""
    parts = "".join(f"<details><summary>{name}</summary>{inside}</details>" for name, inside in _parts(report))
    return fragment(_head(report, "h3") + parts + _foot(report), REPORT_STYLE)


def model_report_text(report: ModelReport) -> str:
    """Say the report in a terminal, in lines."""
    lines = [title(report), subtitle(report), " ".join(lead(report)), ""]
    lines += [f"{name}: {line}" for name, line in _lines(report)]
    lines += [f"{part}: {why}" for part, why in report.missing.items()]
    lines.append(f"audit: {report.audit_head[:20] or 'no event yet'}")
    return printable("\n".join(lines))


def title(report: ModelReport) -> str:
    """Give the conclusion in one line."""
    version = report.version
    held = report.view is not None and report.view.holder == version.version
    where = f"in {report.target}" if held else f"not in {report.target}" if report.view else "registered"
    told = f"{plain(version.model)} v{version.version} is {where}"
    troubled = [one for one in report.monitors if one.state in ("alert", "warning", "error")]
    if not report.monitors:
        return f"{told}, and nothing watches it"
    return f"{told}, and {_troubles(troubled)}" if troubled else f"{told}, and its monitors are quiet"


def _troubles(troubled: Sequence[object]) -> str:
    return "a monitor asks for attention" if len(troubled) == 1 else f"{len(troubled)} monitors ask for attention"


def subtitle(report: ModelReport) -> str:
    """Say what the version is."""
    version = report.version
    told = [
        f"{version.class_name} for {version.task}" if version.task else version.class_name,
        f"{len(version.features)} features" if version.features else "features not known",
        f"registered {moment(version.created_at)} by {version.author}",
        f"sha256 {version.digest[:12]}",
    ]
    return plain(" · ".join(told), 300)


def lead(report: ModelReport) -> list[str]:
    """Give the sentences of the first paragraph."""
    told = []
    if report.version.metrics:
        best = list(report.version.metrics.items())[:3]
        told.append(
            "At its evaluation it had " + ", ".join(f"{plain(name)} {number(value)}" for name, value in best) + "."
        )
    if report.view is not None and report.view.report is not None:
        told.append(verdict_line(report.view.report))
    if report.drift:
        told.append(f"Drift, {moment(report.drift_at)}: {_drift_words(report.drift)}.")
    if report.performance.get("sentence"):
        said = plain(report.performance["sentence"], 300)
        told.append(said[:1].upper() + said[1:])
    if report.decisions:
        last = report.decisions[0]
        told.append(
            f"Retraining was last decided on {moment(last.at)}: {last.outcome}, {plain(last.message, 200).rstrip('.')}."
        )
    if report.card.missing:
        told.append(f"The model card lacks {', '.join(name.replace('_', ' ') for name in report.card.missing)}.")
    return told


def _drift_words(drift: Mapping[str, object]) -> str:
    told = drift_title({**drift, "title": ""})
    return told[:1].lower() + told[1:]


def _head(report: ModelReport, heading: str) -> str:
    return (
        f'<{heading} class="title">{safe(title(report), 200)}</{heading}><p class="dim under">{safe(subtitle(report), 400)}</p>'
        f'<p class="lead">{safe(" ".join(lead(report)), 2000)}</p>'
    )


def _parts(report: ModelReport) -> list[tuple[str, str]]:
    view = report.view
    parts = [
        ("Data and training", _training(report)),
        ("Evaluation", _evaluation(report)),
        ("Gates", gates_html(view.report) if view is not None and view.report is not None else ""),
        ("Monitors", _monitors(report)),
        ("Drift", drift_body(report.drift) if report.drift else ""),
        ("Performance in use", performance_body(report.performance)),
        ("Retraining", _decisions(report)),
        ("Model card", _card(report)),
        ("Lineage", lineage_html(report.lineage) if report.lineage is not None and report.lineage.nodes else ""),
        ("Audit", _audit(report)),
    ]
    keys = {"Data and training": "training", "Performance in use": "performance"}
    shown = []
    for name, inside in parts:
        why = report.missing.get(keys.get(name, name.lower()), "")
        said = f'<p class="dim">{safe(why[:1].upper() + why[1:], 300)}.</p>' if why else ""
        if inside or said:
            shown.append((name, said + inside))
    return shown


def _training(report: ModelReport) -> str:
    version, rows = report.version, []
    for name, value in (report.training.get("training") or {}).items():
        rows.append((name.replace("_", " "), plain(value, 16 if name == "fingerprint" else 140)))
    rows += [(f"data {name}", digest[:16]) for name, digest in list(version.data.items())[:12]]
    rows += [(f"seed {name}", plain(value)) for name, value in (report.training.get("seeds") or {}).items()]
    table = simple_table(("what", "value"), rows, caption="Data and training")
    parameters = simple_table(("parameter", "value"), list(version.params.items())[:60])
    features = ", ".join(f"<bdi>{safe(name)}</bdi>" for name in version.features[:80])
    more = f" and {len(version.features) - 80:,} more" if len(version.features) > 80 else ""
    if parameters:
        table += f"<details><summary>{len(version.params)} parameters</summary>{parameters}</details>"
    if features:
        table += f"<details><summary>{len(version.features):,} features</summary><p>{features}{more}</p></details>"
    return table


def _evaluation(report: ModelReport) -> str:
    before = {}
    if report.view is not None and report.view.diff is not None:
        before = {change.name: change.before for change in report.view.diff.changes if change.kind == "metric"}
    rows = [(name, number(value), before.get(name) or "–") for name, value in report.version.metrics.items()]
    if not rows:
        return '<p class="dim">The run kept no metrics.</p>'
    if not before or report.view is None:
        return simple_table(("metric", "value"), [row[:2] for row in rows], right=(1,))
    return simple_table(("metric", f"v{report.version.version}", f"v{report.view.holder}"), rows, right=(1, 2))


def _monitors(report: ModelReport) -> str:
    rows = []
    for one in report.monitors:
        css, word = _STATES.get(one.state, ("dim", one.state))
        drawn = next(
            (sparkline([v for v in s.values if v is not None], f"{s.check}", width=110, height=26) for s in one.series),
            "",
        )
        state = Html(f'<span class="{css} when">{safe(word)}</span>')
        rows.append(
            (one.monitor.name, state, plain(one.sentence, 160), Html(drawn), moment(one.last.at if one.last else None))
        )
    opened = [
        (i.monitor, i.check, i.state, plain(i.message, 120), moment(i.opened_at))
        for one in report.monitors
        for i in one.incidents
    ]
    table = simple_table(("monitor", "state", "what it found", "its first check", "last look"), rows)
    return table + simple_table(("incident of", "check", "state", "what", "since"), opened)


def _decisions(report: ModelReport) -> str:
    rows = [
        (
            moment(d.at),
            d.cause,
            d.outcome,
            plain(d.message, 200),
            f"v{d.challenger}" if d.challenger else "–",
            plain(d.actor),
        )
        for d in report.decisions
    ]
    return simple_table(("when", "why", "outcome", "what was said", "challenger", "by"), rows)


def _card(report: ModelReport) -> str:
    # Training, data and metrics stand above.
    rows = [
        (field.title, field.text or "not written yet")
        for field in report.card.fields
        if not field.generated and (field.text or field.required)
    ]
    return simple_table(
        ("field", "text"),
        [(title, Html(f'<span style="white-space:pre-wrap">{html.escape(text)}</span>')) for title, text in rows],
    )


def _audit(report: ModelReport) -> str:
    parts = []
    if report.audit is not None:
        tone = "good" if report.audit.ok else "bad"
        parts.append(f'<p class="{tone}">{safe(verdict_text(report.audit), 600)}</p>')
    rows = [
        (moment(e.at), e.action, f"v{e.version}" if e.version else "–", plain(e.actor), plain(e.reason, 120))
        for e in report.events[::-1]
    ]
    table = simple_table(("when", "what", "version", "who", "why"), rows)
    if table:
        parts.append(f"<details><summary>the last {len(rows)} events</summary>{table}</details>")
    return "".join(parts)


def _lines(report: ModelReport) -> list[tuple[str, str]]:
    told = [("version", subtitle(report)), ("size", size(report.version.size))]
    told += [
        (f"monitor {plain(one.monitor.name)}", f"{one.state}, {plain(one.sentence, 160)}") for one in report.monitors
    ]
    return told


def _foot(report: ModelReport) -> str:
    version = report.version
    command = f"nbops report {version.model}/{version.version} --html FILE"
    return (
        f'<footer class="foot dim"><small>made {safe(moment(report.made_at))} · audit head '
        f'<span class="mono">{safe(report.audit_head[:24] or "none")}</span><br>again: <code class="mono">{safe(command, 200)}</code></small></footer>'
    )
