"""Performance of a model as text and as static HTML, from its plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbops.views.document import fragment
from nbops.views.performance_pictures import cost_curve, reliability, timeline
from nbops.views.text import moment, number, printable, seconds, table

_HEADER = ("window", "predictions", "labels", "delay", "realised", "interval", "estimated", "")
_MOST = 400
_SHORT = 24


def performance_html(report: Mapping[str, Any]) -> str:
    """Show a report for the output of a notebook cell; static, everything escaped."""
    return fragment(performance_body(report))


def performance_body(report: Mapping[str, Any]) -> str:
    """Give the inside of a report: the conclusion, the picture, windows, segments, calibration and costs."""
    parts = [
        f'<p class="lead">{escape(report["sentence"])}</p>',
        f'<p class="dim">{escape(_known(report))}</p>',
        timeline(report["windows"][-_MOST:], report["metric"]),
        _legend(report),
    ]
    parts += [f'<p class="warn">{escape(sentence)}</p>' for sentence in _warnings(report)]
    if report["windows"]:
        parts.append(_table(report["windows"][-_MOST:], "window"))
    if report["segments"]:
        parts.append(f"<h2>By {escape(report['by'])}</h2>{_table(report['segments'], report['by'])}")
    parts += [_metrics(report["total"]), _calibration(report), _costs(report)]
    return "".join(parts)


def performance_text(report: Mapping[str, Any]) -> str:
    """Show a report in a terminal."""
    lines = [printable(report["sentence"]), printable(_known(report)), *map(printable, _warnings(report)), ""]
    if report["windows"]:
        lines.append(table([_row(one) for one in report["windows"]], _HEADER, right=(1, 2, 3, 4, 6)))
    if report["segments"]:
        rows = [_row(one) for one in report["segments"]]
        lines += ["", table(rows, (report["by"], *_HEADER[1:]), right=(1, 2, 3, 4, 6))]
    figures = [(name, number(one["value"]), _interval(one)) for name, one in report["total"]["metrics"].items()]
    if figures:
        lines += ["", table(figures, ("over all", "realised", "interval"), right=(1,))]
    if report["calibration"]:
        lines += ["", f"calibration error {number(report['calibration']['ece'])} ({report['calibration']['n']:,} rows)"]
    if report["costs"]:
        lines += ["", _cost_words(report["costs"])]
    return "\n".join(lines)


def predictions_text(status: Mapping[str, Any], size: str) -> str:
    """Show what the log of a model holds."""
    if not status["rows"] and not status["labels"] and not status["unknown_labels"]:
        return f"No predictions of {printable(status['model'])} are logged."
    facts = {
        "predictions": f"{status['rows']:,}, {moment(status['first'])} to {moment(status['last'])}",
        "versions": ", ".join(f"{name}: {count:,}" for name, count in status["versions"].items()),
        "labels": f"{status['labels']:,} known, {status['unknown_labels']:,} of no prediction here, last {moment(status['last_label'])}",
        "size": f"{size} in {status['files']} files",
        "dropped": f"{status['dropped_rows']:,} predictions of {len(status['dropped'])} days and {status['dropped_labels']:,} labels, to keep within the limits"
        if status["dropped"]
        else "",
    }
    lines = [printable(status["model"]), *(f"  {name:<12}{printable(text)}" for name, text in facts.items() if text)]
    days = list(status["by_day"].items())
    if days:
        shown = [(day, f"{count:,}") for day, count in days[-14:]]
        lines += ["", table(shown, ("day", "predictions"), right=(1,))]
    return "\n".join(lines)


def _known(report: Mapping[str, Any]) -> str:
    versions = ", ".join(map(str, report["versions"]))
    said = f"as known at {moment(report['as_of'])}"
    said += f"; version{'s' if len(report['versions']) > 1 else ''} {versions}" if versions else ""
    said += f"; {report['unknown_labels']:,} labels are of no prediction here" if report["unknown_labels"] else ""
    return said


def _warnings(report: Mapping[str, Any]) -> list[str]:
    return [text for text in (report["arrival"].get("sentence", ""), report["estimate"].get("sentence", "")) if text]


def _legend(report: Mapping[str, Any]) -> str:
    if not report["windows"]:
        return ""
    return (
        f'<p class="dim"><small>— {escape(report["metric"].replace("_", " "))}, realised, with its 95 % interval &nbsp; '
        "┄ estimated before labels &nbsp; ▬ share of labels that have arrived</small></p>"
    )


def _table(windows: Sequence[Mapping[str, Any]], first: str) -> str:
    names = (first, *_HEADER[1:])
    head = "".join(f'<th scope="col"{_numeric(place)}>{escape(name)}</th>' for place, name in enumerate(names))
    rows = "".join(
        "<tr>"
        + "".join(f"<td{_css(place, cell)}>{escape(cell)}</td>" for place, cell in enumerate(_row(one)))
        + "</tr>"
        for one in windows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def _css(place: int, cell: str) -> str:
    # Dates and intervals stay in one line; names of segments may be long.
    if place == len(_HEADER) - 1 and cell:
        return ' class="told"'
    return ' class="when"' if place in {0, 5} and len(cell) <= _SHORT else _numeric(place)


def _numeric(place: int) -> str:
    return ' class="num"' if place in {1, 2, 3, 4, 6} else ""


def _row(window: Mapping[str, Any]) -> tuple[str, ...]:
    real, estimated = window["realised"], window["estimated"]
    return (
        str(window["label"]),
        f"{window['n']:,}",
        "–" if window["share"] is None else f"{window['share']:.0%}",
        seconds(window["delay_median"]),
        number(real["value"]) if real else "–",
        _interval(real),
        number(estimated["value"]) if estimated else "–",
        window["note"],
    )


def _interval(figure: Mapping[str, Any] | None) -> str:
    if not figure or figure["low"] is None or figure["high"] is None:
        return ""
    return f"{number(figure['low'])} to {number(figure['high'])}"


def _metrics(total: Mapping[str, Any]) -> str:
    if len(total["metrics"]) < 2:
        return ""
    rows = "".join(
        f'<tr><td>{escape(name.replace("_", " "))}</td><td class="num">{number(one["value"])}</td>'
        f'<td>{escape(_interval(one))}</td><td class="dim">{escape(one["method"])}</td></tr>'
        for name, one in total["metrics"].items()
    )
    return f"<details><summary>All metrics</summary><table>{rows}</table></details>"


def _calibration(report: Mapping[str, Any]) -> str:
    found = report["calibration"]
    if not found:
        return ""
    return (
        f"<details><summary>Calibration: probabilities are off by {number(found['ece'])} on average</summary>"
        f"{reliability(found['bins'])}</details>"
    )


def _costs(report: Mapping[str, Any]) -> str:
    found = report["costs"]
    if not found:
        return ""
    picture = cost_curve(found["curve"], found["threshold"]) if "curve" in found else ""
    return f"<h2>Costs</h2><p>{escape(_cost_words(found))}</p>{picture}"


def _cost_words(found: Mapping[str, Any]) -> str:
    if not found["n"]:
        return "No labels have arrived to reckon costs from."
    said = f"{found['n']:,} predictions with labels have cost {number(found['total'])}, {number(found['mean'])} each."
    if "threshold" in found and found["saved"] > 0:
        said += (
            f" At a threshold of {number(found['threshold'])} it would have been {number(found['best'])} each, "
            f"{number(found['saved'])} less in all."
        )
    return said
