"""What a person means by a few words: the node of the lineage they start from."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from nbops.errors import NbopsError, NotFoundError
from nbops.ledger import open_ledger, tables
from nbops.registry.placing import current_holder
from nbops.registry.reading import get_version
from nbops.registry.targets import PRODUCTION
from nbops.tracking.search import get_run
from nbops.workspace import Workspace


def find_start(workspace: Workspace, text: str) -> str:
    """Give the id of the node that ``text`` names; see :func:`nbops.governance.lineage.lineage`.

    Raises
    ------
    NotFoundError
        Nothing here is called so.
    """
    text = text.strip()
    kind, _, rest = text.partition(":")
    if rest and kind in {"version", "run", "data", "promotion", "cell"}:
        return _by_id(workspace, kind, rest)
    for find in (_version, _model, _run, _data):
        found = find(workspace, text)
        if found:
            return found
    raise NotFoundError(
        f"Nothing here is called {text[:80]!r}.",
        hint="Name a model, a version (churn@3, churn:champion), a run, a data fingerprint or a data file.",
    )


def _by_id(workspace: Workspace, kind: str, rest: str) -> str:
    with open_ledger(workspace).connect() as connection:
        if kind == "version":
            name, _, number = rest.rpartition("@")
            return f"version:{name}@{get_version(workspace, name, number).version}"
        if kind == "run":
            return f"run:{get_run(workspace, rest).run_id}"
        p, d, r = tables.placements, tables.data_refs, tables.runs
        query = {
            "promotion": select(p.c.id).where(p.c.id == (int(rest) if rest.isdigit() else -1)),
            "data": select(d.c.fingerprint).where(d.c.fingerprint == rest),
            "cell": select(r.c.cell_key).where(r.c.cell_key == rest),
        }[kind]
        if connection.execute(query.limit(1)).first() is None:
            raise NotFoundError(f"There is no {kind} {rest[:80]!r} in the lineage.")
    return f"{kind}:{rest}"


def _version(workspace: Workspace, text: str) -> str:
    for sign in ("@", ":"):
        name, found, number = text.rpartition(sign)
        if found and _exists(workspace, name):
            return f"version:{name}@{get_version(workspace, name, number).version}"
    return ""


def _model(workspace: Workspace, text: str) -> str:
    if not _exists(workspace, text):
        return ""
    with open_ledger(workspace).connect() as connection:
        v = tables.model_versions
        newest = select(v.c.version).where(v.c.model == text).order_by(v.c.version.desc()).limit(1)
        number = current_holder(connection, text, PRODUCTION) or connection.scalar(newest)
    return f"version:{text}@{number}" if number else ""


def _exists(workspace: Workspace, name: str) -> bool:
    with open_ledger(workspace).connect() as connection:
        found = connection.execute(select(tables.models.c.name).where(tables.models.c.name == name))
        return found.first() is not None


def _run(workspace: Workspace, text: str) -> str:
    try:
        return f"run:{get_run(workspace, text).run_id}"
    except NbopsError:
        return ""


def _data(workspace: Workspace, text: str) -> str:
    d = tables.data_refs
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # the home of nobody
        return ""
    absolute = str(path if path.is_absolute() else workspace.root / path)
    newest = select(d.c.fingerprint).join(tables.runs, tables.runs.c.run_id == d.c.run_id)
    newest = newest.order_by(tables.runs.c.started_at.desc()).limit(1)
    with open_ledger(workspace).connect() as connection:
        if len(text) >= 6 and all(c in "0123456789abcdef" for c in text):
            found = connection.scalar(newest.where(d.c.fingerprint.startswith(text)))
            if found:
                return f"data:{found}"
        found = connection.scalar(newest.where(d.c.origin.in_([text, absolute, path.as_posix()])))
    return f"data:{found}" if found else _by_content(workspace, absolute)


def _by_content(workspace: Workspace, path: str) -> str:
    """Read a file that is there and look for its content: it may have been given to a run under another name."""
    try:
        if not Path(path).is_file():
            return ""
    except OSError:  # too long for a name
        return ""
    from nbops.data.fingerprint import fingerprint
    from nbops.data.reading import read_table

    try:
        found = fingerprint(read_table(path))
    except NbopsError:
        return ""
    d = tables.data_refs
    with open_ledger(workspace).connect() as connection:
        known = connection.execute(select(d.c.fingerprint).where(d.c.fingerprint == found).limit(1)).first()
    return f"data:{found}" if known else ""
