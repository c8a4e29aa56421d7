"""Compare MLflow's registry with what was written there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.ledger import anchors, tables
from nbops.records import ForeignChange
from nbops.tracking.registry_state import (
    AUTHOR_TAG,
    DIGEST_TAG,
    HEAD_TAG,
    NO_STAGE,
    STAGE_TAG,
    VERSION_TAG,
    TheirModel,
    TheirVersion,
)

# What goes for an alias that was never written there.
NOWHERE: Mapping[str, Any] = {"version": 0, "writing": None}
_THERE = "there"
_LONGEST = 200


def mirrored(connection: Connection) -> dict[str, dict[str, Any]]:
    """Give what was written into MLflow's registry, by model."""
    v, m, a, h = tables.model_versions, tables.version_mirrors, tables.alias_mirrors, tables.model_mirrors
    found: dict[str, dict[str, Any]] = {}
    rows = connection.execute(
        select(m, v.c.lifecycle_stage, v.c.digest, v.c.author)
        .join(v, (v.c.model == m.c.model) & (v.c.version == m.c.version))
        .where(m.c.mlflow_version != "")
        .order_by(m.c.model, m.c.version)
    )
    for row in rows.mappings():
        model = found.setdefault(row["model"], {"versions": [], "aliases": {}, "store": "", "seq": 0, "mac": ""})
        model["versions"].append(dict(row))
    for row in connection.execute(select(a)).mappings():
        if row["model"] in found:
            found[row["model"]]["aliases"][row["alias"]] = dict(row)
    for row in connection.execute(select(h)).mappings():
        if row["model"] in found:
            found[row["model"]] |= {"store": row["store"], "seq": row["seq"], "mac": row["mac"]}
    return found


def differences(
    connection: Connection, name: str, ours: Mapping[str, Any], theirs: TheirModel | None
) -> list[ForeignChange]:
    """Give what stands otherwise in MLflow than it was written there.

    Parameters
    ----------
    connection
        The ledger.
    name
        Registered model.
    ours
        What :func:`mirrored` gives of it.
    theirs
        The model as MLflow has it, ``None`` if it does not.
    """
    if theirs is None:
        return [changed(name, "model", name, _THERE, "")]
    numbers = {row["version"]: row["mlflow_version"] for row in ours["versions"]}
    found = [change for row in ours["versions"] for change in _of_version(name, row, theirs)]
    found += _their_versions(connection, name, set(numbers.values()), theirs)
    found += _of_aliases(name, ours, numbers, theirs)
    text = theirs.tags.get(HEAD_TAG, "")
    if (text or ours["seq"] > 0) and not in_log(connection, text):
        found.append(changed(name, "tag", HEAD_TAG, f"{ours['seq']}:{ours['mac']}", text))
    return found


def in_log(connection: Connection, text: str) -> bool:
    """Whether a head, as it is written in MLflow, is an event of this log."""
    noted = anchors.parse(text)
    e = tables.audit_events
    return noted is not None and connection.scalar(select(e.c.mac).where(e.c.seq == noted[0])) == noted[1]


def _of_version(name: str, row: Mapping[str, Any], theirs: TheirModel) -> list[ForeignChange]:
    number, source = str(row["version"]), f"models:/{row['mlflow_model_id']}"
    version = theirs.versions.get(row["mlflow_version"])
    if version is None:
        return [changed(name, "version", number, _THERE, "")]
    if row["mlflow_model_id"] and version.source != source:
        return [changed(name, "version", number, source, f"another one, of {version.source or 'nothing'}")]
    found = []
    wanted = {VERSION_TAG: number, DIGEST_TAG: row["digest"], AUTHOR_TAG: row["author"]}
    # Versions that an earlier nbops mirrored have no tags yet.
    for tag, text in wanted.items() if row["stage"] else ():
        if text and version.tags.get(tag) != text:
            found.append(changed(name, "tag", f"{tag} of version {number}", text, version.tags.get(tag, "")))
    stage = version.tags.get(STAGE_TAG, "")
    if row["stage"] and stage not in (row["stage"], row["writing"] or row["stage"]):
        found.append(changed(name, "tag", f"{STAGE_TAG} of version {number}", row["stage"], stage))
    if version.stage != NO_STAGE:
        found.append(changed(name, "stage", f"lifecycle stage of version {number}", NO_STAGE, version.stage))
    return found


def _their_versions(
    connection: Connection, name: str, mirrored: set[str], theirs: TheirModel
) -> Iterable[ForeignChange]:
    v, m = tables.model_versions, tables.version_mirrors
    same = (m.c.model == v.c.model) & (m.c.version == v.c.version)
    waiting = select(v.c.version).outerjoin(m, same).where(v.c.model == name, m.c.mlflow_version.is_(None))
    # One of ours that the courier made and had no time to note; the next delivery judges it.
    in_flight = {str(number) for number in connection.scalars(waiting)}
    for version in theirs.versions.values():
        if version.number not in mirrored and version.tags.get(VERSION_TAG) not in in_flight:
            yield changed(name, "version", f"MLflow {version.number}", "", f"registered from {_origin(version)}")


def _origin(version: TheirVersion) -> str:
    run = f" of run {version.run_id[:8]}" if version.run_id else ""
    return f"{version.source or 'nothing'}{run}"


def _of_aliases(
    name: str, ours: Mapping[str, Any], numbers: Mapping[int, str], theirs: TheirModel
) -> Iterable[ForeignChange]:
    back = {number: version for version, number in numbers.items()}
    for alias in sorted({*ours["aliases"], *theirs.aliases}):
        row = ours["aliases"].get(alias, NOWHERE)
        found = theirs.aliases.get(alias, "")
        if found in accepted_numbers(row, numbers):
            continue
        yield changed(
            name,
            "alias",
            alias,
            f"version {row['version']}" if row["version"] else "",
            shown_number(found, back),
        )


def accepted_numbers(row: Mapping[str, Any], numbers: Mapping[int, str]) -> set[str]:
    """Give the MLflow versions at which we may have left an alias ourselves; empty text: nowhere."""
    written = {row["version"], *(() if row["writing"] is None else (row["writing"],))}
    return {numbers.get(version, "") if version else "" for version in written}


def shown_number(found: str, back: Mapping[str, int]) -> str:
    """Say which version an MLflow number is, by our number where it has one."""
    if not found:
        return ""
    return f"version {back[found]}" if found in back else f"MLflow version {found}"


def changed(model: str, kind: str, name: str, expected: str, found: str) -> ForeignChange:
    """Make a change seen now; long texts are cut."""
    return ForeignChange(
        model=model, kind=kind, name=name, expected=expected[:_LONGEST], found=found[:_LONGEST], seen_at=time.time()
    )
