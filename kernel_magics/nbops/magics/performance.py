"""``%performance``."""

from __future__ import annotations

import ast
from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call

_GRAMMAR = Grammar(
    "%performance",
    "Show how good a model is by the labels that have arrived, and what is estimated before they do.",
    [
        Option("window", "1d, 12h, 1 month, '1000 rows' or all (1d)", "LENGTH"),
        Option("as-of", "as known then; now by default", "DATE"),
        Option("start", "predictions from then on", "DATE"),
        Option("end", "predictions until before then", "DATE"),
        Option("newest", "of windows of rows only so many of the newest", "N"),
        Option("by", "figures for each value of a column too", "COLUMN"),
        Option("metric", "accuracy, roc_auc, f1, mae, rmse, …", "NAME"),
        Option("model-version", "only predictions of this version", "N"),
        Option("positive", "the positive one of two classes", "CLASS"),
        Option("costs", "what outcomes cost, such as {dict(fp=1, fn=20)}", "COSTS"),
    ],
    words="model",
)
_TEXTS = ("window", "as-of", "start", "end", "by", "metric", "positive")


def performance(line: str) -> Any:
    """Measure a model; the report is the cell's result."""
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return None
    from nbops.display import performance as measure

    words = call.arguments.words
    if len(words) != 1:
        raise UsageError("%performance takes a model.", hint="See %performance -h.")
    options: dict[str, Any] = {
        name.replace("-", "_"): call.arguments.one(name) for name in _TEXTS if call.arguments.flag(name)
    }
    for option, name in (("model-version", "version"), ("newest", "newest")):
        if number := call.arguments.one(option):
            if not number.isdigit():
                raise UsageError(f"%performance: --{option} must be a number, not {number!r}.")
            options[name] = int(number)
    if costs := call.arguments.one("costs"):
        try:
            # An expression in braces has become the text of its value.
            found = ast.literal_eval(costs)
        except (ValueError, SyntaxError):
            found = None
        if not isinstance(found, dict):
            raise UsageError("%performance: --costs must be a mapping.", hint="Such as {dict(fp=1, fn=20)}.")
        options["costs"] = found
    return measure(words[0], workspace=call.workspace, **options)
