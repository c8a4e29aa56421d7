"""``%drift``."""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option, data_of, evaluate
from nbops.magics.shown import Call

_GRAMMAR = Grammar(
    "%drift",
    "Compare two data sets: names of frames, files, {expressions}; the reference also models:/NAME@ALIAS or run:WHICH/FRAME.",
    [
        Option("columns", "only these, separated by commas", "NAMES"),
        Option("alpha", "largest chance of any false alarm (0.05)", "P"),
        Option("min-effect", "smallest KS distance, or total variation of categories, that counts (0.028, 0.05)", "D"),
        Option("fixed", "thresholds by hand instead: psi=0.2,ks=0.1,tenure.wasserstein=0.3", "LIMITS"),
        Option("learned", "limits learned from windows of the reference, in its order"),
        Option(
            "importance",
            "weights in the model: tenure=0.3,age=0.1, a JSON file, or {a dictionary}",
            "WEIGHTS",
            python=True,
        ),
        Option("prediction", "the column with the model's prediction, told first", "COLUMN"),
        Option("target", "the column with the target, told first", "COLUMN"),
        Option("by", "windows as well: hour, day, week, month, quarter, year, 7d, '1000 rows', file", "WINDOW"),
        Option("time", "the column with the time, or several: date,hour", "COLUMN"),
        Option("against", "what windows are compared with: reference (default), first, previous, 'previous 4'", "WHAT"),
        Option(
            "segments", "where it is worst: all, or columns whose values are compared, separated by commas", "COLUMNS"
        ),
        Option("errors", "segments in which predictions became worse: TARGET,PREDICTION", "COLUMNS"),
        Option("multivariate", "all columns together as well"),
        Option("duplicates", "count repeated rows; files are read whole for it"),
        Option(
            "rules",
            "check the current rows too: by rules of the reference, a file of rules, NAME@3, or {an object}",
            "RULES",
            python=True,
        ),
        Option("concept", "whether the relation of the columns to this one changed", "TARGET"),
        Option("html", "write the report there, and every figure to FILE.json", "FILE"),
        Option("explore", "choose window, column and segment by sliders and lists"),
        Option("plotly", "an interactive figure above the report, drawn by plotly"),
    ],
    words="reference current",
)


_FURTHER = ("by", "time", "against", "errors", "concept")


def drift(line: str) -> Any:
    """Compare two data sets; the report is the cell's result."""
    call = Call(_GRAMMAR, line, texts=False)
    if not call.wanted:
        return None
    from nbops.display import drift as compare

    given = call.arguments.words
    if len(given) != 2:
        raise UsageError("%drift takes a reference and the data to compare with it.", hint="See %drift -h.")
    reference, current = (data_of(word, call.namespace) for word in given)
    columns = [name.strip() for name in call.arguments.one("columns").split(",") if name.strip()] or None
    further: dict[str, Any] = {name: call.arguments.one(name) for name in _FURTHER if call.arguments.flag(name)}
    if call.arguments.flag("segments"):
        named = [name.strip() for name in call.arguments.one("segments").split(",") if name.strip()]
        further["segments"] = True if named == ["all"] else named
    further |= {name: True for name in ("multivariate", "duplicates") if call.arguments.flag(name)}
    if call.arguments.flag("rules"):
        rules = call.arguments.one("rules")
        further["rules"] = (
            evaluate(rules, call.namespace) if rules.startswith("{") else call.namespace.get(rules, rules)
        )
    judging = _judging(call)
    if call.arguments.flag("explore"):
        from nbops.display.drift_explorer import drift_explorer

        asked = judging | further
        windows = {name: asked[name] for name in ("alpha", "by", "time") if name in asked}
        return drift_explorer(reference, current, workspace=call.workspace, **windows)
    report = compare(reference, current, columns=columns, workspace=call.workspace, **judging, **further)
    if path := call.arguments.one("html"):
        report.to_html(path)
        report.to_json(f"{path}.json")
    if call.arguments.flag("plotly"):
        from IPython.display import display

        from nbops.display.plotly_figures import figure_bundle

        text = {"text/plain": "The figure needs JupyterLab's plotly renderer; the report below says the same."}
        display({**text, **figure_bundle(report.plotly())}, raw=True)  # type: ignore[no-untyped-call]
    return report


def _judging(call: Call) -> dict[str, Any]:
    """Give what was said of how it is decided."""
    from nbops.monitoring.typed import typed_thresholds, typed_weights

    arguments, found = call.arguments, dict[str, Any]()
    for option, name in (("alpha", "alpha"), ("min-effect", "min_effect")):
        if given := arguments.one(option):
            try:
                found[name] = float(given)
            except ValueError:
                raise UsageError(f"%drift: --{option} must be a number, not {given!r}.") from None
    if fixed := arguments.one("fixed"):
        found["thresholds"] = typed_thresholds(fixed)
    if arguments.flag("learned"):
        if fixed:
            raise UsageError("%drift: limits are either --fixed or --learned.")
        found["thresholds"] = "learned"
    if weights := arguments.one("importance"):
        found["importance"] = evaluate(weights, call.namespace) if weights.startswith("{") else typed_weights(weights)
    return found | {role: arguments.one(role) for role in ("prediction", "target") if arguments.one(role)}
