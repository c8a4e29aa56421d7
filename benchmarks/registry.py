"""A conditional, audited promotion against MLflow's alias call; a rollback; the proof of a log of 100,000 events."""

import logging
import os
import tempfile
import warnings
from pathlib import Path

from measure import in_turn, report, seconds

import nbops
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.ledger.chain import canonical, code_of, find_key, key_id
from nbops.ledger.verification import verify
from nbops.records import Identity
from nbops.registry import promote, register, rollback
from nbops.workspace import Workspace, find_workspace

EVENTS = 100_000


def main() -> bool:
    """Print the figures; give whether the goals are reached."""
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(NBOPS_WORKSPACE=folder, NBOPS_COURIER="false", MLFLOW_DISABLE_TELEMETRY="true")
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        return _promotions(Path(folder)) & _proof()


def _promotions(folder: Path) -> bool:
    from mlflow import MlflowClient
    from sklearn.linear_model import LogisticRegression

    for number in (1, 2):
        with nbops.track(f"run-{number}") as run:
            run.model(LogisticRegression(C=number).fit([[0.0], [1.0]], [0, 1]), "model")
        register("m", run_id=run.run_id)
    promote("m", 1)
    promote("m", 2)
    client = MlflowClient(f"sqlite:///{folder}/peer.db", f"sqlite:///{folder}/peer.db")
    client.create_registered_model("m")
    for _ in range(2):
        client.create_model_version("m", "/x")
    turn = [0]

    def ours() -> None:
        turn[0] += 1
        promote("m", turn[0] % 2 + 1, "challenger")

    def theirs() -> None:
        client.set_registered_model_alias("m", "challenger", 1 + turn[0] % 2)

    def back() -> None:
        rollback("m", to=(turn[0] + 1) % 2 + 1, reason="bench")

    times = in_turn({"promote": ours, "mlflow": theirs, "rollback": back}, 50, warm=5)
    ratio = times["promote"] / times["mlflow"]
    reached = ratio <= 2 and times["rollback"] < 1
    report(
        "a conditional, audited promotion against MLflow's alias call",
        {
            "nbops promote (conditional, policy, history, audit), ms": times["promote"] * 1000,
            "MLflow set_registered_model_alias, ms": times["mlflow"] * 1000,
            "nbops / MLflow": ratio,
            "rollback of Production, ms": times["rollback"] * 1000,
        },
        "at most twice MLflow's blind call, a rollback within a second",
        reached,
    )
    return reached


def _proof() -> bool:
    workspace = find_workspace()
    _fill(workspace)
    taken = min(seconds(lambda: verify(workspace)) for _ in range(3))
    verdict = verify(workspace)
    assert verdict.ok, verdict.problems[:3]
    report(
        f"proof of an audit log of {verdict.events:,} events",
        {"seconds": taken, "microseconds an event": taken / verdict.events * 1e6},
        "below 5 seconds",
        taken < 5,
    )
    return taken < 5


def _fill(workspace: Workspace) -> None:
    """Add events as they would be written, in one transaction to save the time of 100,000."""
    key = find_key(workspace)
    assert key is not None
    with open_ledger(workspace).begin() as connection:
        seq, mac = connection.execute(tables.audit_head.select()).one()[1:]
        rows = []
        for number in range(seq + 1, EVENTS + 1):
            facts = {"at": float(number), "actor": "ada", "action": "note", "model": "m", "version": number % 3}
            detail = {"target": "Production", "from": 1, "to": 2, "digest": "0" * 64}
            body = canonical(
                {"seq": number, "source": "os", "reason": "because it is better", "detail": detail, "rows": {}, **facts}
            )
            mac = code_of(key, mac, number, body)
            rows.append({"seq": number, "body": body, "key_id": key_id(key), "mac": mac, **facts})
        connection.execute(tables.audit_events.insert(), rows)
        connection.execute(tables.audit_head.update().values(seq=EVENTS, mac=mac))
    with audited(workspace, Identity(name="ada"), "note"):
        pass


if __name__ == "__main__":
    main()
