"""``nbops drift``."""

from __future__ import annotations

import argparse
from typing import Any

from nbops.cli.options import common, workspace_of

_FURTHER = ("by", "time", "against", "errors", "multivariate", "concept", "duplicates", "rules")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("drift", help="compare two data sets")
    common(parser)
    parser.add_argument(
        "reference", help="file, folder or pattern, models:/NAME@champion, run:WHICH/FRAME or data:FINGERPRINT"
    )
    parser.add_argument("current", help="the file that is compared with it")
    parser.add_argument("--alpha", type=float, default=0.05, help="false-alarm rate of the whole report (default 0.05)")
    parser.add_argument(
        "--min-effect", type=float, metavar="D", help="smallest change that counts (0.028; categories 0.05)"
    )
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--fixed", metavar="LIMITS", help="thresholds by hand: psi=0.2,ks=0.1,tenure.wasserstein=0.3")
    limits.add_argument(
        "--learned",
        type=int,
        nargs="?",
        const=0,
        metavar="N",
        help="limits learned from N windows of the reference, in its order",
    )
    parser.add_argument(
        "--importance", metavar="WEIGHTS", help="weights in the model: tenure=0.3,age=0.1 or a JSON file"
    )
    parser.add_argument("--prediction", default="", metavar="COLUMN", help="the column with the prediction, told first")
    parser.add_argument("--target", default="", metavar="COLUMN", help="the column with the target, told first")
    parser.add_argument("--by", metavar="WINDOW", help="windows as well: hour, day, week, month, 7d, '1000 rows', file")
    parser.add_argument("--time", metavar="COLUMN", help="the column with the time, or several: date,hour")
    parser.add_argument(
        "--against", default="reference", help="windows against: reference, first, previous, 'previous 4'"
    )
    parser.add_argument(
        "--segments", nargs="?", const="all", metavar="COLUMNS", help="where it is worst; or by columns"
    )
    parser.add_argument("--errors", metavar="TARGET,PREDICTION", help="segments in which predictions became worse")
    parser.add_argument("--multivariate", action="store_true", help="all columns together as well")
    parser.add_argument("--duplicates", action="store_true", help="count repeated rows; files are read whole for it")
    parser.add_argument(
        "--rules",
        nargs="?",
        const="reference",
        metavar="RULES",
        help="check the current rows too: by rules inferred from the reference, a file of rules, or NAME@3",
    )
    parser.add_argument("--concept", default="", metavar="TARGET", help="has the relation to this column changed")
    parser.add_argument(
        "--compare", action="store_true", help="both are JSON files of reports: what is new, what recovered"
    )
    parser.add_argument("--html", metavar="FILE", help="write the report there, and every figure to FILE.json")
    parser.add_argument("--json-out", metavar="FILE", help="where every figure is written to instead")
    parser.add_argument(
        "--fail", action="store_true", help="exit with 1 when a column has drifted or a rule is broken, for gates"
    )
    parser.set_defaults(func=_drift)


def _drift(options: argparse.Namespace) -> int:
    if options.compare:
        return _compare(options)
    from nbops.display import drift
    from nbops.display.drift_report import report_json

    workspace = workspace_of(options)
    further = {name: getattr(options, name) for name in _FURTHER}
    named = options.segments and [name.strip() for name in options.segments.split(",") if name.strip()]
    further["segments"] = named == ["all"] or named or False
    report = drift(options.reference, options.current, workspace=workspace, **_judging(options), **further)
    if options.html:
        report.to_html(options.html)
    if options.html or options.json_out:
        report.to_json(options.json_out or f"{options.html}.json")
    if options.json:
        print(report_json(report.to_dict()).decode(), end="")
    else:
        print(report)
    return 1 if options.fail and (report.drifted or not report.quality.get("passed", True)) else 0


def _judging(options: argparse.Namespace) -> dict[str, Any]:
    """Give what was said of how it is decided."""
    from nbops.monitoring.typed import typed_thresholds, typed_weights

    learned = options.learned is not None
    fixed = typed_thresholds(options.fixed) if options.fixed else "calibrated"
    return {
        "alpha": options.alpha,
        "min_effect": options.min_effect,
        "thresholds": "learned" if learned else fixed,
        "reference_windows": options.learned or None,
        "importance": typed_weights(options.importance) if options.importance else None,
        "prediction": options.prediction,
        "target": options.target,
    }


def _compare(options: argparse.Namespace) -> int:
    from nbops.display.report_comparison import compare_reports

    found = compare_reports(options.reference, options.current)
    if options.html:
        found.to_html(options.html)
    print(found.to_json() if options.json else found)
    return 1 if options.fail and found.newly_drifted else 0
