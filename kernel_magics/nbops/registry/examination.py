"""What stands against a promotion: gates, approvals, the model card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.ledger import tables
from nbops.ledger.audit import order_told
from nbops.records import Approval, GateReport, GateResult, ModelVersion, Obstacle, Policy, from_wire
from nbops.registry import eyes
from nbops.registry.held_out import HeldOut
from nbops.registry.placing import left_for
from nbops.registry.policy import read_policy
from nbops.registry.targets import CHAMPION, PRODUCTION
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from nbops.registry.gates.declaration import Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found: ``approvals`` are those the promotion would rest on.

    ``stale`` says why the report is not about what is now; ``gates_missing`` that declared gates are still to be run.
    """

    policy: Policy
    obstacles: tuple[Obstacle, ...]
    approvals: tuple[Approval, ...]
    report: GateReport | None
    stale: str
    gates_missing: bool

    @property
    def report_current(self) -> bool:
        """Whether there is a report, and it is about what is declared, held and kept out of training now."""
        return self.report is not None and not self.stale

    @property
    def report_digest(self) -> str:
        """Digest of the report that counts, empty if none does."""
        return self.report.digest if self.report is not None and self.report_current else ""


def examine(
    connection: Connection,
    workspace: Workspace,
    version: ModelVersion,
    target: str,
    holder: int | None,
    gate_report: str = "",
    held_out: HeldOut | None = None,
) -> Examination:
    """Look for everything that stands against promoting ``version`` to ``target``, now held by ``holder``.

    ``held_out`` are the held-out data as the caller has read them, so that a transaction does not wait for that.

    Raises
    ------
    SettingsError
        Policy or gates of ``nbops.toml`` are wrong.
    """
    from nbops.registry.gates import declared

    policy = read_policy(workspace, target)
    specs = declared(workspace, version.model, target)
    report = newest_report(connection, version, target)
    # Gates that a cell declared are in force for the version they were run on, where nbops.toml declares none.
    wanted = (bool(specs.checks) or report is not None) and policy.gates
    stale = ""
    if report is not None:
        stale = _stale(report, specs, holder) or (held_out or HeldOut(workspace)).against(report)
    obstacles = _against_leaving(connection, version, target)
    if wanted or gate_report:
        obstacles += _against_gates(report, stale, gate_report)
    approvals = eyes.counted(connection, workspace, policy, version, target)
    obstacles += _against_approvals(policy, approvals)
    obstacles += _against_card(connection, workspace, policy, version)
    if target == PRODUCTION and not obstacles:
        obstacles += _against_champion(connection, workspace, version)
    return Examination(
        policy=policy,
        obstacles=tuple(obstacles),
        approvals=approvals,
        report=report,
        stale=stale,
        gates_missing=policy.gates and bool(specs.checks) and (report is None or bool(stale)) and not gate_report,
    )


def newest_report(connection: Connection, version: ModelVersion, target: str) -> GateReport | None:
    """Give the last gate report of these very bytes for this target."""
    g = tables.gate_reports
    told = order_told(connection, version.model, version.version, ("gate",), "report")
    query = select(g).where(
        g.c.model == version.model,
        g.c.version == version.version,
        g.c.target == target,
        g.c.artifact_digest == version.digest,
    )
    rows = connection.execute(query).mappings().all()
    return report_of(dict(max(rows, key=lambda row: told.get(str(row["digest"]), 0)))) if rows else None


def report_of(row: dict[str, object]) -> GateReport:
    """Make the record of a row."""
    content = row.pop("content")
    assert isinstance(content, list)
    return GateReport(**row, gates=tuple(from_wire(GateResult, gate) for gate in content))  # type: ignore[arg-type]


def _stale(report: GateReport, specs: Specs, holder: int | None) -> str:
    # Whoever holds the target by now was compared with the holder before.
    replaced = holder not in {report.champion, report.version} and _compares(report)
    if replaced or (report.spec_digest != specs.digest and specs.checks):
        return "its gates were run against another version or with other gates than now"
    return ""


def _compares(report: GateReport) -> bool:
    """Whether the report says how the version compares with the one that held the target then."""
    return any(gate.kind == "champion" for gate in report.gates)


def _against_leaving(connection: Connection, version: ModelVersion, target: str) -> list[Obstacle]:
    left = left_for(connection, version.model, version.version, target)
    # Nobody has decided that nothing is in production: that would come about by the way.
    return [Obstacle(kind="stage", message=f"it holds {left}, which would be left empty")] if left == PRODUCTION else []


def _against_gates(report: GateReport | None, stale: str, wanted: str) -> list[Obstacle]:
    def blame(message: str) -> list[Obstacle]:
        return [Obstacle(kind="gates", message=message)]

    if report is None:
        return blame("its gates have not been run")
    if wanted and report.digest != wanted:
        return blame(f"its newest gate report is {report.digest[:12]}, not {wanted[:12]}")
    if stale:
        return blame(f"{stale}; run them again")
    if report.passed:
        return []
    bad = [
        f"{gate.name} ({gate.message})" if gate.message else gate.name
        for gate in report.gates
        if gate.verdict != "passed"
    ]
    return blame(f"gates do not pass: {', '.join(bad)}")


def _against_approvals(policy: Policy, approvals: tuple[Approval, ...]) -> list[Obstacle]:
    have = len({approval.actor for approval in approvals})
    if have >= policy.approvals:
        return []
    by = f" by {' or '.join(policy.roles)}" if policy.roles else ""
    return [Obstacle(kind="approvals", message=f"it has {have} of {policy.approvals} approvals{by}")]


def _against_champion(connection: Connection, workspace: Workspace, version: ModelVersion) -> list[Obstacle]:
    """What the alias that Production takes along asks for besides, of the approvals that were given for Production."""
    policy = read_policy(workspace, CHAMPION)
    approvals = eyes.counted(connection, workspace, policy, version, PRODUCTION)
    found = [*_against_approvals(policy, approvals), *_against_card(connection, workspace, policy, version)]
    goes_along = f"for the alias {CHAMPION}, which goes with {PRODUCTION}, "
    return [Obstacle(kind=one.kind, message=goes_along + one.message) for one in found]


def _against_card(
    connection: Connection, workspace: Workspace, policy: Policy, version: ModelVersion
) -> list[Obstacle]:
    if not policy.card:
        return []
    from nbops.registry.card import missing_fields

    missing = missing_fields(connection, workspace, version, policy.card)
    if not missing:
        return []
    return [Obstacle(kind="card", message=f"its model card lacks {', '.join(missing)}")]
