"""Examine every part of a workspace and say how to mend what is broken."""

from __future__ import annotations

import importlib.util
import json
import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from nbops.errors import NbopsError
from nbops.workspace import Workspace
from nbops.workspace.location import sqlite_path


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part. ``state`` is ``good``, ``note`` (works, but look) or ``bad``."""

    part: str
    state: str
    finding: str
    mend: str = ""

    def to_dict(self) -> dict[str, str]:
        """Give the check as plain values."""
        return asdict(self)


def examine(workspace: Workspace) -> list[Check]:
    """Check workspace, outbox, ledger, courier, MLflow's store, an old file store and the JupyterLab extension.

    Nothing is repaired here; a part that cannot even be asked is ``bad``, never an exception.
    """
    parts: list[tuple[str, Callable[[Workspace], Check]]] = [
        ("workspace", _workspace),
        ("outbox", _outbox),
        ("ledger", _ledger),
        ("courier", _courier),
        ("mlflow", _mlflow),
        ("registry", _registry),
        ("webhooks", _webhooks),
        ("mlruns", _old_file_store),
        ("extension", _extension),
        ("server", _server),
    ]
    found = []
    for part, check in parts:
        try:
            found.append(check(workspace))
        except NbopsError as error:
            found.append(Check(part, "bad", error.message, error.hint))
        except Exception as error:
            found.append(Check(part, "bad", f"{type(error).__name__}: {error}"))
    return found


def _workspace(workspace: Workspace) -> Check:
    workspace.ensure()
    return Check("workspace", "good", f"{workspace.root} (found by {workspace.origin})")


def _outbox(workspace: Workspace) -> Check:
    if not workspace.outbox.exists():
        return Check("outbox", "good", "not made yet; the first tracked cell makes it")
    problem = _broken_sqlite(workspace.outbox)
    if problem:
        return Check("outbox", "bad", f"{workspace.outbox} is damaged: {problem}", "Move it away; a new one is made.")
    from nbops.tracking.status import courier_status

    waiting = courier_status(workspace)["pending"]
    return Check("outbox", "good", f"{waiting} runs wait for delivery" if waiting else "everything is delivered")


def _ledger(workspace: Workspace) -> Check:
    from nbops.ledger import open_ledger, schema_version

    ledger = open_ledger(workspace)
    if ledger.dialect == "sqlite":
        problem = _broken_sqlite(Path(str(ledger.engine.url.database)))
        if problem:
            return Check("ledger", "bad", f"damaged: {problem}", "Restore .nbops/ledger.db from a backup.")
    shown = ledger.engine.url.render_as_string(hide_password=True)
    return Check("ledger", "good", f"{shown} at schema {schema_version(ledger)}")


def _courier(workspace: Workspace) -> Check:
    from nbops.tracking.status import courier_status

    found = courier_status(workspace)
    if found["error"]:
        return Check("courier", "bad", str(found["error"]), f"See {workspace.courier_log}; then: nbops courier --flush")
    if found["pending"] and not found["running"]:
        return Check("courier", "note", f"not running, {found['pending']} runs wait", "Run: nbops courier --flush")
    return Check("courier", "good", "running" if found["running"] else "not running; nothing waits")


def _mlflow(workspace: Workspace) -> Check:
    uri = workspace.mlflow_uri
    if importlib.util.find_spec("mlflow") is None:
        return Check("mlflow", "bad", "mlflow is not installed", "pip install mlflow")
    if uri.startswith(("http://", "https://")):
        return _mlflow_server(uri)
    path = sqlite_path(uri)
    if path is None:
        return Check("mlflow", "note", f"{_hidden(uri)}: only SQLite files and servers are examined")
    if not path.exists():
        return Check("mlflow", "good", "not made yet; the courier makes it with the first run")
    problem = _broken_sqlite(path)
    if problem:
        return Check("mlflow", "bad", f"{path} is damaged: {problem}", "Restore it from a backup.")
    stands, wants = _mlflow_schema(path), _mlflow_head()
    if stands != wants:
        newer = stands not in _mlflow_revisions()
        mend = "Upgrade mlflow." if newer else f"Run: mlflow db upgrade {uri}"
        return Check("mlflow", "bad", f"{path} is at schema {stands or 'none'}, mlflow needs {wants}", mend)
    return Check("mlflow", "good", f"{path} at schema {stands}")


def _mlflow_server(uri: str) -> Check:
    try:
        with urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=3) as answer:
            return Check("mlflow", "good", f"{_hidden(uri)} answers {answer.status}")
    except urllib.error.HTTPError as error:
        return Check("mlflow", "note", f"{_hidden(uri)} answers {error.code} to /health", "Check address and login.")
    except OSError as error:
        reason = getattr(error, "reason", error)
        return Check(
            "mlflow", "bad", f"{_hidden(uri)} does not answer: {reason}", "Runs are kept and delivered when it is back."
        )


def _registry(workspace: Workspace) -> Check:
    from nbops.tracking.registry_foreign import foreign_changes

    found = foreign_changes(workspace)
    if not found:
        return Check("registry", "good", "MLflow's registry stood as it was written, at the last look")
    models = ", ".join(sorted({change.model for change in found}))
    return Check(
        "registry",
        "note",
        f"{len(found)} changes in MLflow's registry came not through the gate, of {models}",
        "See them with: nbops foreign; put ours back with: nbops foreign --restore --reason WHY",
    )


def _webhooks(workspace: Workspace) -> Check:
    from nbops.tracking.webhooks import summary

    hooks = summary(workspace)
    lost = [hook for hook in hooks if hook["given_up"]]
    if lost:
        said = "; ".join(f"{hook['name']} missed {hook['given_up']}: {hook['error']}" for hook in lost)
        return Check("webhooks", "bad", said, "Mend the address or its receiver, then: nbops webhooks --retry")
    late = [hook for hook in hooks if hook["waiting"] and hook["error"]]
    if late:
        said = "; ".join(f"{hook['name']} waits for {hook['waiting']}: {hook['error']}" for hook in late)
        return Check("webhooks", "note", said, "They are tried again for about a day.")
    return Check("webhooks", "good", f"{len(hooks)} declared" if hooks else "none declared")


def _old_file_store(workspace: Workspace) -> Check:
    for folder in dict.fromkeys((workspace.root, Path.cwd())):
        store = folder / "mlruns"
        if any(store.glob("*/meta.yaml")):
            return Check(
                "mlruns",
                "note",
                f"{store} is an old file store, which MLflow 3.17 no longer opens",
                f"Bring its runs over: mlflow migrate-filestore --source {store} --target {_hidden(workspace.mlflow_uri)}",
            )
    return Check("mlruns", "good", "no old file store here")


def _extension(_workspace: Workspace) -> Check:
    from nbops import __version__

    for folder in _jupyter_folders("labextensions"):
        package = folder / "nbops-lab" / "package.json"
        if package.exists():
            version = json.loads(package.read_text(encoding="utf-8")).get("version", "")
            if version != __version__:
                return Check(
                    "extension",
                    "bad",
                    f"version {version} beside nbops {__version__}",
                    "pip install --force-reinstall nbops",
                )
            return Check("extension", "good", f"nbops-lab {version} in {package.parent}")
    return Check("extension", "bad", "JupyterLab does not find nbops-lab", "pip install --force-reinstall nbops")


def _server(_workspace: Workspace) -> Check:
    if importlib.util.find_spec("nbops_lab") is None:
        return Check(
            "server", "bad", "the server part nbops_lab is not installed", "pip install --force-reinstall nbops"
        )
    from jupyter_core.paths import jupyter_config_path

    enabled = None
    # Earlier folders win, as in Jupyter itself.
    for folder in reversed(jupyter_config_path()):
        for path in sorted(
            [Path(folder) / "jupyter_server_config.json", *Path(folder).glob("jupyter_server_config.d/*.json")]
        ):
            if path.exists():
                listed = (
                    json.loads(path.read_text(encoding="utf-8")).get("ServerApp", {}).get("jpserver_extensions", {})
                )
                enabled = listed.get("nbops_lab", enabled)
    if enabled:
        return Check("server", "good", "nbops_lab is enabled")
    return Check("server", "bad", "nbops_lab is not enabled", "Run: jupyter server extension enable nbops_lab")


def _jupyter_folders(name: str) -> list[Path]:
    from jupyter_core.paths import jupyter_path

    return [Path(folder) for folder in jupyter_path(name)]


def _broken_sqlite(path: Path) -> str:
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else answer


def _mlflow_schema(path: Path) -> str:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return ""
    finally:
        connection.close()
    return str(row[0]) if row else ""


def _mlflow_revisions() -> dict[str, str]:
    """Give MLflow's migrations, each with the one before it, read as text: importing mlflow takes seconds."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or spec.origin is None:
        return {}
    found = {}
    for path in (Path(spec.origin).parent / "store" / "db_migrations" / "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        names = dict(re.findall(r"^(revision|down_revision)\s*=\s*[\"']([0-9a-f]+)[\"']", text, re.MULTILINE))
        if "revision" in names:
            found[names["revision"]] = names.get("down_revision", "")
    return found


def _mlflow_head() -> str:
    revisions = _mlflow_revisions()
    heads = set(revisions) - set(revisions.values())
    return heads.pop() if len(heads) == 1 else ""


def _hidden(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return parts._replace(
        netloc=f"{parts.username}:***@{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    ).geturl()
