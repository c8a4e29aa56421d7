"""Run the gates of a version: in a process of their own, each within its time, written down whatever comes of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from nbops.errors import RegistryError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.ledger.chain import canonical
from nbops.records import GateReport, GateResult, Identity, ModelVersion, from_wire, to_wire
from nbops.registry.gates.declaration import Check, Specs, declared
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
    worker = _Worker(workspace, version, champion, left)
    try:
        told = worker.next(_LOADING)
        if told is None or not told.get("loaded"):
            message = f"the model could not be loaded: {told['message'] if told else worker.why(_LOADING)}"
            yield from ((number, _failed(check, message)) for number, check in left)
            return
        for number, check in left:
            told = worker.next(check.timeout)
            if told is None:
                yield number, _failed(check, worker.why(check.timeout))
                return
            yield number, _read(check, told)
    finally:
        worker.end()


class _Worker:
    """A worker process and the lines it says."""

    def __init__(
        self, workspace: Workspace, version: ModelVersion, champion: int | None, left: list[tuple[int, Check]]
    ) -> None:
        environment = {**os.environ, "NBOPS_WORKSPACE": str(workspace.root), "NBOPS_COURIER": "false"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nbops.registry.gates.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=workspace.root,
            env=environment,
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._errors: list[bytes] = []
        self._late = False
        asked = {
            "workspace": str(workspace.root),
            "model": version.model,
            "version": version.version,
            "champion": champion,
            "checks": [(number, {**asdict(check), "options": dict(check.options)}) for number, check in left],
        }
        threading.Thread(target=self._listen, daemon=True).start()
        self._complaints = threading.Thread(target=self._complain, daemon=True)
        self._complaints.start()
        assert self._process.stdin is not None
        with self._process.stdin as to:
            to.write(json.dumps(asked, default=str).encode())

    def next(self, timeout: float) -> dict[str, Any] | None:
        """Give the next line, or ``None`` if the process ended or did not speak in time."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            self._late = True
            return None
        try:
            return None if line is None else dict(json.loads(line))
        except ValueError:
            return None

    def why(self, timeout: float) -> str:
        """Say why there was no line."""
        if self._late:
            return f"it took longer than {timeout:g} s and was stopped"
        code = self._process.wait(10)
        self._complaints.join(5)
        last = b"".join(self._errors).decode(errors="replace").strip().splitlines()[-1:]
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        return f"its process ended {how}" + (f": {last[0][:200]}" if last else "")

    def end(self) -> None:
        """Let nothing of it go on, whatever it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _complain(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)
            del self._errors[:-50]


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
