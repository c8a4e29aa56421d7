"""``%drift``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option, evaluate
from nbops.magics.shown import Call

_GRAMMAR = Grammar(
    "%drift",
    "Compare two data sets: names of frames, files, or {expressions}.",
    [
        Option("columns", "only these, separated by commas", "NAMES"),
        Option("alpha", "largest chance of any false alarm (0.05)", "P"),
        Option("by", "windows as well: hour, day, week, month, quarter, year, 7d, '1000 rows', file", "WINDOW"),
        Option("time", "the column with the time, or several: date,hour", "COLUMN"),
        Option("against", "what windows are compared with: reference (default), first, previous, 'previous 4'", "WHAT"),
        Option("html", "write the report there, and every figure to FILE.json", "FILE"),
        Option("explore", "choose window, column and segment by sliders and lists"),
        Option("plotly", "an interactive figure above the report, drawn by plotly"),
    ],
    words="reference current",
)


_FURTHER = ("by", "time", "against")


def drift(line: str) -> Any:
    """Compare two data sets; the report is the cell's result."""
    call = Call(_GRAMMAR, line, texts=False)
    if not call.wanted:
        return None
    from nbops.display import drift as compare

    given = call.arguments.words
    if len(given) != 2:
        raise UsageError("%drift takes a reference and the data to compare with it.", hint="See %drift -h.")
    reference, current = (_data(word, call.namespace) for word in given)
    columns = [name.strip() for name in call.arguments.one("columns").split(",") if name.strip()] or None
    alpha = call.arguments.one("alpha", "0.05")
    try:
        rate = float(alpha)
    except ValueError:
        raise UsageError(f"%drift: --alpha must be a number, not {alpha!r}.") from None
    further: dict[str, Any] = {name: call.arguments.one(name) for name in _FURTHER if call.arguments.flag(name)}
    if call.arguments.flag("explore"):
        from nbops.display.drift_explorer import drift_explorer

        windows = {name: further[name] for name in ("by", "time") if name in further}
        return drift_explorer(reference, current, alpha=rate, workspace=call.workspace, **windows)
    report = compare(reference, current, columns=columns, alpha=rate, **further)
    if path := call.arguments.one("html"):
        report.to_html(path)
        report.to_json(f"{path}.json")
    if call.arguments.flag("plotly"):
        from IPython.display import display

        from nbops.display.plotly_figures import figure_bundle

        text = {"text/plain": "The figure needs JupyterLab's plotly renderer; the report below says the same."}
        display({**text, **figure_bundle(report.plotly())}, raw=True)  # type: ignore[no-untyped-call]
    return report


def _data(word: str, namespace: Mapping[str, Any]) -> Any:
    if word.startswith("{"):
        return evaluate(word, namespace)
    return namespace.get(word, word) if word.isidentifier() else word
