"""``nbops validate`` and ``nbops rules``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import UsageError

if TYPE_CHECKING:
    from nbops.data.rulesets import RuleSet


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    check = commands.add_parser("validate", help="check data against rules; exit code 1 if they do not pass")
    common(check)
    check.add_argument("data", help="a file, folder, pattern or database")
    check.add_argument(
        "--against", required=True, metavar="WHAT", help="a rules file, NAME[@VERSION], models:/NAME@champion, or data"
    )
    check.add_argument("--save", default="", metavar="NAME", help="keep the rules under this name, as its next version")
    check.add_argument("--note", default="", metavar="TEXT", help="why they are saved")
    check.add_argument("--html", metavar="FILE", help="write the report there as well")
    check.set_defaults(func=_validate)

    rules = commands.add_parser("rules", help="list, show, save and compare rules of data")
    common(rules)
    rules.add_argument("which", nargs="?", default="", metavar="NAME[@VERSION]", help="show these, as TOML")
    rules.add_argument("--versions", action="store_true", help="every version of NAME")
    rules.add_argument("--save", metavar="FILE", help="save this file of rules as the next version of NAME")
    rules.add_argument("--diff", metavar="NAME@VERSION", help="what these have otherwise than NAME")
    rules.add_argument("--note", default="", metavar="TEXT", help="why they are saved")
    rules.set_defaults(func=_rules)


def _validate(options: argparse.Namespace) -> int:
    from nbops.data.rulesets import save_rules
    from nbops.validating import validate
    from nbops.views.document import page, write_document
    from nbops.views.validation import validation_body

    workspace = workspace_of(options)
    report = validate(options.data, options.against, workspace=workspace)
    if options.save and report.rules is not None:
        save_rules(workspace, options.save, report.rules, note=options.note)
    if options.html:
        body = f"<h1>Data quality</h1>{validation_body(report.to_dict())}"
        write_document(Path(options.html), page("Data quality", body))
    if options.json:
        print_json(report.to_dict())
    else:
        print(report)
    return 0 if report.passed else 1


def _rules(options: argparse.Namespace) -> int:
    from nbops.data.rulesets import load_rules, rule_sets, save_rules
    from nbops.data.rulesfile import read_rules, rules_toml
    from nbops.views.text import moment, table

    workspace = workspace_of(options)
    if not options.which and (options.save or options.diff or options.versions):
        raise UsageError("Name the rules: nbops rules NAME …")
    if options.save:
        found = [save_rules(workspace, options.which, read_rules(options.save), note=options.note)]
    elif not options.which or options.versions:
        found = list(rule_sets(workspace, options.which))
    elif options.diff:
        return _diff(load_rules(workspace, options.which), load_rules(workspace, options.diff))
    else:
        one = load_rules(workspace, options.which)
        if not options.json:
            print(
                rules_toml(one.rules, f"{one.label}, saved by {one.author} on {moment(one.at)}. {one.note}".strip()),
                end="",
            )
            return 0
        found = [one]
    if options.json:
        print_json(
            [
                {
                    "name": o.name,
                    "version": o.version,
                    "digest": o.digest,
                    "at": o.at,
                    "author": o.author,
                    "note": o.note,
                    "rules": o.rules.to_dict(),
                }
                for o in found
            ]
        )
    else:
        rows = [(one.label, str(len(one.rules.columns)), one.author, moment(one.at), one.note) for one in found]
        print(
            table(rows, ("rules", "columns", "by", "saved", "note"), right=(1,))
            if rows
            else "No rules have been saved."
        )
    return 0


def _diff(before: RuleSet, after: RuleSet) -> int:
    import difflib

    from nbops.data.rulesfile import rules_toml

    old, new = (rules_toml(one.rules).splitlines() for one in (before, after))
    lines = list(difflib.unified_diff(old, new, before.label, after.label, lineterm="", n=1))
    print("\n".join(lines) if lines else f"{before.label} and {after.label} say the same.")
    return 0
