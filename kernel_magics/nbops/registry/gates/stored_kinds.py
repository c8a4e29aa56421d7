"""Gates about what is stored: size, validated data, the model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.records import GateResult
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import located

if TYPE_CHECKING:
    from nbops.registry.gates.judging import Bench


def size(check: Check, bench: Bench) -> GateResult:
    """The bytes of the version against a limit."""
    from nbops.registry.gates.judging import limited

    limits = [float(check.options["max_bytes"])] if "max_bytes" in check.options else []
    limits += [float(check.options["max_mb"]) * 1e6] if "max_mb" in check.options else []
    before = None if bench.champion is None else float(bench.champion.version.size)
    evidence = {"unit": "bytes"}
    return limited(check, float(bench.candidate.version.size), evidence, champion=before, most=min(limits))


def validation(check: Check, bench: Bench) -> GateResult:
    """Data against rules: of the file ``rules``, else inferred from the ``data`` the run was given (none: an error)."""
    from nbops.data.reading import read_table
    from nbops.data.validation import Rules, validate

    if not check.data:
        raise UsageError("the gate names no data", hint="Set data in [gates].")
    rules_file = check.options.get("rules")
    if not rules_file:
        raise UsageError("the gate names no rules", hint="Set rules to the JSON file that the validate stage writes.")
    rules = Rules.from_dict(json.loads((bench.workspace.root / Path(rules_file)).read_text(encoding="utf-8")))
    report = validate(read_table(located(bench.workspace, check.data)), rules)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    said = "; ".join(f"{finding.column}: {finding.message}" for finding in errors[:5])
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if report.passed else "failed",
        value=float(len(errors)),
        limit="≤ 0 broken rules",
        message=said,
        evidence={"rows": report.rows, "findings": report.to_dict()["findings"][:20]},
    )


def card(check: Check, bench: Bench) -> GateResult:
    """Fields of the model card that must be filled in."""
    from nbops.ledger import open_ledger
    from nbops.registry.card import missing_fields

    wanted = tuple(str(field) for field in check.options["fields"])
    with open_ledger(bench.workspace).connect() as connection:
        missing = missing_fields(connection, bench.workspace, bench.candidate.version, wanted)
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="failed" if missing else "passed",
        value=float(len(missing)),
        limit="≤ 0 missing fields",
        message=f"missing: {', '.join(missing)}" if missing else "",
        evidence={"fields": list(wanted)},
    )
