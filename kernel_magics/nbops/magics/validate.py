"""``%validate`` and ``%rules``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbops.errors import UsageError, ValidationFailed
from nbops.magics.arguments import Grammar, Option, data_of, evaluate
from nbops.magics.shown import Call, show

_VALIDATE = Grammar(
    "%validate",
    "Check data against rules: a frame, file, or {expression}.",
    [
        Option(
            "against",
            "rules (file, NAME, NAME@3, pandera schema) or data to infer them from (frame, file, models:/…)",
            "WHAT",
            python=True,
        ),
        Option("save", "keep the rules under this name, as its next version", "NAME"),
        Option("edit", "put the rules into the next cell, to edit and save them"),
        Option("note", "why they are saved", "TEXT"),
        Option("stop", "raise an error if the data do not pass"),
    ],
    words="data",
)
_RULES = Grammar(
    "%rules",
    "List rules of data, or show those of NAME or NAME@3; as %%rules NAME, save what the cell says as the next version.",
    [
        Option("versions", "every version of NAME"),
        Option("edit", "put them into the next cell, to edit and save them"),
        Option("note", "why they are saved", "TEXT"),
    ],
    words="NAME",
)


def validate(line: str) -> Any:
    """Check data against rules; the report is the cell's result."""
    call = Call(_VALIDATE, line, texts=False)
    if not call.wanted:
        return None
    from nbops.data.rulesets import save_rules
    from nbops.validating import validate as check

    given = call.arguments
    if len(given.words) != 1 or not given.one("against"):
        raise UsageError("%validate takes the data, and --against what.", hint="Write %validate df --against train.csv")
    against = _named(given.one("against"), call.namespace)
    report = check(data_of(given.words[0], call.namespace), against, workspace=call.workspace)
    if given.one("save"):
        saved = save_rules(call.workspace, given.one("save"), _own(report.rules), note=given.one("note"))
        print(f"Rules saved as {saved.label}")
    if given.flag("edit"):
        _edit(call, given.one("save") or "NAME", _own(report.rules))
    if given.flag("stop") and not report.passed:
        print(report)
        raise ValidationFailed(report.sentence, hint="See the report above.")
    return report


def rules(line: str, cell: str | None = None) -> None:
    """List, show or save rules."""
    call = Call(_RULES, line)
    if not call.wanted:
        return
    from nbops.data.rulesets import load_rules, rule_sets, save_rules
    from nbops.views.text import moment, table
    from nbops.views.validation import rules_html, rules_text

    words, given = call.arguments.words, call.arguments
    if cell is not None:
        from nbops.data.rulesfile import rules_of_toml

        if len(words) != 1:
            raise UsageError("%%rules takes the name to save under.", hint="Write %%rules NAME")
        saved = save_rules(call.workspace, words[0], rules_of_toml(cell, "This cell"), note=given.one("note"))
        print(f"Rules saved as {saved.label}")
    elif not words or given.flag("versions"):
        found = rule_sets(call.workspace, words[0] if words else "")
        rows = [(one.label, str(len(one.rules.columns)), one.author, moment(one.at), one.note) for one in found]
        print(
            table(rows, ("rules", "columns", "by", "saved", "note"), right=(1,))
            if rows
            else "No rules have been saved."
        )
    else:
        one = load_rules(call.workspace, words[0])
        if given.flag("edit"):
            _edit(call, one.name, one.rules)
            return
        columns = one.rules.to_dict()["columns"]
        head = f"Rules {one.label}, saved by {one.author} on {moment(one.at)}" + (f": {one.note}" if one.note else "")
        show(f"{head}\n\n{rules_text(columns)}", rules_html(columns, head))


def _edit(call: Call, name: str, found: Any) -> None:
    from nbops.data.rulesfile import rules_toml

    text = rules_toml(found, "Edit, then run this cell to save the next version.")
    call.shell.set_next_input(f"%%rules {name}\n{text}")


def _own(found: Any) -> Any:
    if found is None:
        raise UsageError("A schema of pandera is kept where it was written, not saved or edited here.")
    return found


def _named(word: str, namespace: Mapping[str, Any]) -> Any:
    if word.startswith("{"):
        return evaluate(word, namespace)
    return namespace.get(word, word) if word.isidentifier() else word
