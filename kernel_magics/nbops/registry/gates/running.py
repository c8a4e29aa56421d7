"""Run the gates of a version: in a process of their own, each within its time, written down whatever comes of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nbops.errors import RegistryError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.ledger.chain import canonical
from nbops.records import GateReport, GateResult, Identity, ModelVersion, from_wire, to_wire
from nbops.registry.gates.declaration import Check, Specs, declared
from nbops.registry.gates.process import WorkerProcess
from nbops.registry.placing import current_holder
from nbops.registry.policy import note_settings
from nbops.registry.reading import get_version
from nbops.registry.targets import PRODUCTION, target_name
from nbops.tracking.tracker import track
from nbops.workspace import Workspace
from nbops.workspace.identity import who

_LOADING = 180.0


def run_gates(
    workspace: Workspace,
    name: str,
    version: int | str,
    target: str = PRODUCTION,
    *,
    identity: Identity | None = None,
    specs: Specs | None = None,
) -> GateReport:
    """Judge the gates of a version for a target, against the version that holds it now.

    Each gate has its own time limit; one that takes longer is killed and counts as failed. The report is stored under
    its digest with an audit event, and the gates' values are the metrics of a tracked run.

    Parameters
    ----------
    workspace
        Where the model is.
    name, version, target
        What is judged for what.
    identity
        Who asks; this process's user by default.
    specs
        Gates to judge instead of those that ``nbops.toml`` declares.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    RegistryError
        No gate is declared for it.
    SettingsError
        A gate is declared wrongly.
    """
    identity, target = identity or who(workspace), target_name(target)
    found = get_version(workspace, name, version)
    specs = specs or declared(workspace, name, target)
    if not specs.checks:
        raise RegistryError(
            f"No gate is declared for {name} and {target}.", hint="Declare them in [gates] of nbops.toml."
        )
    with open_ledger(workspace).connect() as connection:
        holder = current_holder(connection, name, target)
    champion = None if holder == found.version else holder
    with track(f"gates {name} v{found.version}", workspace=workspace) as run:
        run.tag("nbops.gates", f"{name}@{found.version}")
        run.tag("nbops.target", target)
        results = _judge(workspace, found, champion, specs.checks)
        for result in results:
            if result.value is not None:
                run.metric(result.name, result.value)
            run.tag(f"gate.{result.name}", result.verdict)
    report = _report(found, target, holder, specs, results, identity, run.run_id)
    _store(workspace, identity, report, specs)
    return report


def _judge(
    workspace: Workspace, version: ModelVersion, champion: int | None, checks: tuple[Check, ...]
) -> tuple[GateResult, ...]:
    found: dict[int, GateResult] = {}
    left = list(enumerate(checks))
    while left:
        found.update(_one_process(workspace, version, champion, left))
        # Whatever ended the process has ended on the first gate that has no result; go on behind it.
        waiting = [(number, check) for number, check in left if number not in found]
        if waiting and len(waiting) == len(left):
            raise AssertionError("a process of gates left no trace")
        left = waiting
    return tuple(found[number] for number in range(len(checks)))


def _one_process(
    workspace: Workspace, version: ModelVersion, champion: int | None, left: list[tuple[int, Check]]
) -> Iterator[tuple[int, GateResult]]:
    """Judge gates in one process until it ends or must be ended; the gate at fault is among the results."""
    worker = WorkerProcess(workspace, version, champion, left)
    try:
        told = worker.next(_LOADING)
        if told is None or not told.get("loaded"):
            message = f"the model could not be loaded: {told['message'] if told else worker.why()}"
            yield from ((number, _failed(check, message)) for number, check in left)
            return
        for number, check in left:
            told = worker.next(check.timeout)
            if told is None:
                yield number, _failed(check, worker.why())
                return
            yield number, _read(check, told)
    finally:
        worker.end()


def _read(check: Check, told: dict[str, Any]) -> GateResult:
    try:
        result = from_wire(GateResult, told["result"])
    except (KeyError, TypeError, ValueError) as error:
        return _failed(check, f"its verdict cannot be read: {error}")
    if (result.name, result.kind) != (check.name, check.kind) or result.verdict not in {"passed", "failed", "error"}:
        return _failed(check, "its verdict is that of another gate")
    return result


def _failed(check: Check, message: str) -> GateResult:
    return GateResult(name=check.name, kind=check.kind, verdict="error", message=message)


def _report(
    version: ModelVersion,
    target: str,
    holder: int | None,
    specs: Specs,
    results: tuple[GateResult, ...],
    identity: Identity,
    run_id: str,
) -> GateReport:
    report = GateReport(
        digest="",
        model=version.model,
        version=version.version,
        artifact_digest=version.digest,
        target=target,
        passed=bool(results) and all(result.verdict == "passed" for result in results),
        gates=results,
        champion=holder,
        spec_digest=specs.digest,
        run_id=run_id,
        actor=identity.name,
        created_at=time.time(),
    )
    return replace(report, digest=hashlib.sha256(canonical(to_wire(report)).encode()).hexdigest())


def _store(workspace: Workspace, identity: Identity, report: GateReport, specs: Specs) -> None:
    with audited(workspace, identity, "gate", model=report.model, version=report.version) as change:
        note_settings(change, workspace, identity)
        new = change.ledger.upsert(tables.gate_specs).values(
            digest=specs.digest, content=list(specs.content), first_seen=change.at
        )
        if change.connection.execute(new.on_conflict_do_nothing()).rowcount:
            change.row(tables.gate_specs, (specs.digest,))
        row = {c.name: getattr(report, c.name) for c in tables.gate_reports.columns if c.name != "content"}
        change.connection.execute(
            tables.gate_reports.insert().values(**row, content=[to_wire(gate) for gate in report.gates])
        )
        change.row(tables.gate_reports, (report.digest,))
        change.detail |= {
            "target": report.target,
            "passed": report.passed,
            "report": report.digest,
            "specs": specs.digest,
            "digest": report.artifact_digest,
            "gates": {gate.name: gate.verdict for gate in report.gates},
        }
