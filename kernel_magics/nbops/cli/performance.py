"""``nbops performance``, ``nbops labels`` and ``nbops predictions``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nbops.cli.options import common, workspace_of


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    parser = commands.add_parser("performance", help="how good a model is by the labels that have arrived")
    common(parser)
    parser.add_argument("model", help="registered name")
    parser.add_argument("--window", default="1d", help="1d, 12h, 1 month, '1000 rows' or all (default 1d)")
    parser.add_argument("--as-of", metavar="DATE", help="as known then; now by default")
    parser.add_argument("--start", metavar="DATE", help="predictions from then on")
    parser.add_argument("--end", metavar="DATE", help="predictions until before then")
    parser.add_argument("--newest", type=int, metavar="N", help="of windows of rows only so many of the newest")
    parser.add_argument("--by", metavar="COLUMN", help="figures for each value of a column too")
    parser.add_argument("--metric", help="accuracy, roc_auc, f1, mae, rmse, …")
    parser.add_argument("--model-version", type=int, metavar="N", help="only predictions of this version")
    parser.add_argument("--positive", metavar="CLASS", help="the positive one of two classes")
    parser.add_argument("--costs", metavar="JSON", help='what outcomes cost, such as {"fp": 1, "fn": 20}')
    parser.add_argument("--html", metavar="FILE", help="write the report there as well")
    parser.set_defaults(func=_performance)
    labels = commands.add_parser("labels", help="record labels that have arrived for logged predictions")
    common(labels)
    labels.add_argument("model", help="registered name")
    labels.add_argument("file", help="CSV, Parquet, JSON lines or Feather with columns id, label and perhaps at")
    labels.add_argument("--id", default="id", metavar="COLUMN", help="column of the identifiers (default id)")
    labels.add_argument("--label", default="label", metavar="COLUMN", help="column of the labels (default label)")
    labels.add_argument(
        "--at", default="at", metavar="COLUMN", help="column of when they arrived; now if there is none"
    )
    labels.set_defaults(func=_labels)
    predictions = commands.add_parser("predictions", help="what is logged of a model's predictions")
    common(predictions)
    predictions.add_argument("model", nargs="?", help="registered name; all by default")
    predictions.set_defaults(func=_predictions)


def _performance(options: argparse.Namespace) -> int:
    from nbops.display import performance
    from nbops.views.document import page, write_document
    from nbops.views.performance import performance_body

    report = performance(
        options.model,
        workspace=workspace_of(options),
        window=options.window,
        as_of=options.as_of,
        start=options.start,
        end=options.end,
        newest=options.newest,
        by=options.by,
        metric=options.metric,
        version=options.model_version,
        positive=options.positive,
        costs=_costs(options.costs),
    )
    found = report.to_dict()
    if options.html:
        title = f"Performance of {options.model}"
        from html import escape

        write_document(Path(options.html), page(title, f"<h1>{escape(title)}</h1>{performance_body(found)}"))
    _print(options, found, str(report))
    return 0


def _costs(text: str | None) -> dict[str, Any] | None:
    from nbops.errors import UsageError

    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError("--costs must be JSON.", hint='Such as {"fp": 1, "fn": 20}.')
    return found


def _labels(options: argparse.Namespace) -> int:
    from nbops.data.reading import read_table
    from nbops.errors import DataError
    from nbops.monitoring.predictions import record_labels
    from nbops.monitoring.predictions.labelled import unknown_labels

    workspace = workspace_of(options)
    frame = read_table(options.file)
    for name in (options.id, options.label):
        if name not in frame.columns:
            raise DataError(
                f"{options.file} has no column {name!r}.", hint=f"It has {', '.join(map(str, frame.columns))}."
            )
    at = frame[options.at] if options.at in frame.columns else None
    count = record_labels(workspace, options.model, frame[options.id], frame[options.label], at)
    found = {"model": options.model, "recorded": count, "unknown": unknown_labels(workspace, options.model)}
    text = (
        f"{count:,} labels recorded; {found['unknown']:,} of all labels of {options.model} are of no logged prediction"
    )
    _print(options, found, text)
    return 0


def _predictions(options: argparse.Namespace) -> int:
    from nbops.monitoring.predictions.status import logged_models, prediction_status
    from nbops.views.performance import predictions_text
    from nbops.views.text import size

    workspace = workspace_of(options)
    names = [options.model] if options.model else list(logged_models(workspace))
    found = [prediction_status(workspace, name).to_dict() for name in names]
    text = "\n\n".join(predictions_text(one, size(one["bytes"])) for one in found) or "No predictions are logged here."
    _print(options, found[0] if options.model else found, text)
    return 0


def _print(options: argparse.Namespace, found: Any, text: str) -> None:
    if options.json:
        json.dump(found, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print(text)
