"""Plotly figures of a drift report, for those who ask for them: plotly is imported when a figure is made, never before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nbops.errors import UsageError
from nbops.views.drift.words import STATES, plain, title

PLOTLY_MIME = "application/vnd.plotly.v1+json"
_REFERENCE, _CURRENT, _LIMIT = "#9e9e9e", "#1976d2", "#e65100"
_TONES = {"drift": "#d32f2f", "quality": "#e65100", "steady": "#388e3c"}
_MOST = 60


def column_figure(report: Mapping[str, Any], name: str) -> Any:
    """Give a ``plotly.graph_objects.Figure`` of one column: both distributions, and its windows where there are some.

    Raises
    ------
    UsageError
        The report has no such column, or nothing of it to draw; plotly is not installed.
    """
    column = next((c for c in report["columns"] if c["name"] == name), None)
    if column is None:
        names = ", ".join(plain(c["name"], 40) for c in report["columns"][:20])
        raise UsageError(f"The report has no column {name!r}.", hint=f"It has {names}.")
    picture = column.get("picture") or {}
    if not picture.get("reference"):
        raise UsageError(f"There is no distribution of {name!r} to draw: {plain(column.get('reason', ''))}.")
    graph, subplots = _plotly()
    trend = ((report.get("windows") or {}).get("columns") or {}).get(name)
    figure = subplots.make_subplots(
        rows=2 if trend else 1, cols=1, vertical_spacing=0.16, row_heights=[0.64, 0.36] if trend else None
    )
    for trace in _distributions(graph, picture):
        figure.add_trace(trace, row=1, col=1)
    if trend:
        _add_trend(graph, figure, trend, report["windows"]["labels"])
    heading = f"{plain(name)}: {plain(column.get('reason', ''), 100)}"
    return _laid_out(figure, heading, 460 if trend else 320)


def overview_figure(report: Mapping[str, Any]) -> Any:
    """Give a ``plotly.graph_objects.Figure`` of the effects of all columns, with a menu that shows each column instead.

    Raises
    ------
    UsageError
        plotly is not installed.
    """
    graph, _ = _plotly()
    columns = [c for c in report["columns"] if c.get("effect") is not None][:_MOST]
    figure = graph.Figure()
    figure.add_trace(_effects(graph, columns))
    buttons, shown = [], 1
    drawn = [c for c in columns if (c.get("picture") or {}).get("reference")]
    traces = 1 + 2 * len(drawn)
    buttons.append(_button("all columns", [0], traces, plain(title(report), 160), len(columns)))
    for column in drawn:
        for trace in _distributions(graph, column["picture"]):
            trace.visible = False
            figure.add_trace(trace)
        heading = f"{plain(column['name'])}: {plain(column['reason'], 100)}"
        buttons.append(_button(plain(column["name"], 40), [shown, shown + 1], traces, heading, 0))
        shown += 2
    if len(buttons) > 1:
        figure.update_layout(
            updatemenus=[{"buttons": buttons, "x": 1, "xanchor": "right", "y": 1.16, "yanchor": "top"}]
        )
    figure.update_yaxes(autorange="reversed")
    return _laid_out(figure, plain(title(report), 160), max(320, 40 + 22 * len(columns)))


def figure_bundle(figure: Any) -> dict[str, Any]:
    """Give the output of a cell that JupyterLab's plotly renderer draws."""
    return {PLOTLY_MIME: json.loads(figure.to_json())}


def _plotly() -> tuple[Any, Any]:
    try:
        import plotly.graph_objects as graph
        from plotly import subplots
    except ImportError as error:
        raise UsageError("plotly is not installed.", hint="Install it with: pip install plotly") from error
    return graph, subplots


def _distributions(graph: Any, picture: Mapping[str, Any]) -> list[Any]:
    if picture.get("names"):
        names = [plain(name, 40) for name in picture["names"]]
        return [
            graph.Bar(x=names, y=picture[side], name=side, marker={"color": colour})
            for side, colour in (("reference", _REFERENCE), ("current", _CURRENT))
        ]
    low, high = picture["edges"][0], picture["edges"][-1]
    size = len(picture["reference"])
    middles = [low + (high - low) * (i + 0.5) / size for i in range(size)]
    return [
        graph.Bar(x=middles, y=picture["reference"], name="reference", marker={"color": _REFERENCE}, opacity=0.6),
        graph.Scatter(
            x=middles, y=picture["current"], name="current", mode="lines", line={"color": _CURRENT, "width": 2}
        ),
    ]


def _add_trend(graph: Any, figure: Any, trend: Mapping[str, Any], labels: Sequence[str]) -> None:
    words = [plain(label, 24) for label in labels]
    line = {"color": _CURRENT, "width": 2}
    figure.add_trace(
        graph.Scatter(x=words, y=trend["effects"], mode="lines+markers", name="effect by window", line=line),
        row=2,
        col=1,
    )
    if trend.get("limit"):
        limit = [trend["limit"]] * len(words)
        dashed = {"color": _LIMIT, "dash": "dash"}
        figure.add_trace(graph.Scatter(x=words, y=limit, mode="lines", name="limit", line=dashed), row=2, col=1)


def _effects(graph: Any, columns: Sequence[Mapping[str, Any]]) -> Any:
    return graph.Bar(
        x=[c["effect"] for c in columns],
        y=[plain(c["name"], 40) for c in columns],
        orientation="h",
        name="KS / TV",
        marker={"color": [_TONES.get(c["status"], _REFERENCE) for c in columns]},
        text=[f"{STATES.get(c['status'], ('', ''))[1]} · {plain(c['reason'], 60)}" for c in columns],
        hovertemplate="%{y}: %{x:.3f}<br>%{text}<extra></extra>",
    )


def _button(label: str, visible: Sequence[int], traces: int, heading: str, rows: int) -> dict[str, Any]:
    axis: dict[str, Any] = {"title.text": heading, "yaxis.autorange": "reversed" if rows else True}
    return {"label": label, "method": "update", "args": [{"visible": [i in visible for i in range(traces)]}, axis]}


def _laid_out(figure: Any, heading: str, height: int) -> Any:
    figure.update_layout(
        title={"text": heading.replace("<", "&lt;")},
        height=height,
        margin={"l": 60, "r": 24, "t": 64, "b": 40},
        barmode="overlay"
        if not any(trace.type == "bar" and trace.name == "current" for trace in figure.data)
        else "group",
        template="plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": "#808080"},
        legend={"orientation": "h", "y": -0.16},
    )
    return figure
