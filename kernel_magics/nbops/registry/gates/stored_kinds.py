"""Gates about what is stored: size, validated data, the model card."""

from __future__ import annotations

from pathlib import Path

from nbops.errors import UsageError
from nbops.records import GateResult
from nbops.registry.gates.bench import Bench, limited
from nbops.registry.gates.declaration import Check


def size(check: Check, bench: Bench) -> GateResult:
    """The bytes of the version against a limit."""
    limits = [float(check.options["max_bytes"])] if "max_bytes" in check.options else []
    limits += [float(check.options["max_mb"]) * 1e6] if "max_mb" in check.options else []
    before = None if bench.held is None else float(bench.held.size)
    evidence = {"unit": "bytes"}
    return limited(check, float(bench.version.size), evidence, champion=before, most=min(limits))


def validation(check: Check, bench: Bench) -> GateResult:
    """Data against rules: those of the file ``rules``, or those that the data ``like`` suggest.

    Raises
    ------
    UsageError
        The check names no data.
    """
    from nbops.data.rulesfile import read_rules
    from nbops.data.validation import infer_rules, validate

    if not check.data:
        raise UsageError("the gate names no data", hint="Set data in [gates].")
    if "rules" in check.options:
        rules = read_rules(bench.workspace.root / Path(str(check.options["rules"])))
    else:
        rules = infer_rules(bench.rows(str(check.options["like"])).frame)
    report = validate(bench.rows(check.data).frame, rules)
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
        missing = missing_fields(connection, bench.workspace, bench.version, wanted)
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="failed" if missing else "passed",
        value=float(len(missing)),
        limit="≤ 0 missing fields",
        message=f"missing: {', '.join(missing)}" if missing else "",
        evidence={"fields": list(wanted)},
    )
