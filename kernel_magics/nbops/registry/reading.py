"""Read the registry."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError
from nbops.ledger import open_ledger, tables
from nbops.records import Alias, ForeignChange, ModelVersion, RegisteredModel, VersionFile, from_wire
from nbops.workspace import Workspace


def list_models(workspace: Workspace) -> tuple[RegisteredModel, ...]:
    """Give every registered model with its versions, newest version first, models by name."""
    with open_ledger(workspace).connect() as connection:
        return _models(connection, None)


def get_model(workspace: Workspace, name: str) -> RegisteredModel:
    """Give one registered model.

    Raises
    ------
    NotFoundError
        No model has that name; the hint names the closest.
    """
    with open_ledger(workspace).connect() as connection:
        found = _models(connection, name)
        if found:
            return found[0]
        names = list(connection.scalars(select(tables.models.c.name)))
    near = difflib.get_close_matches(str(name), names, 1)
    hint = f"Did you mean {near[0]!r}?" if near else "See the registered models with: nbops models"
    raise NotFoundError(f"There is no registered model {name!r}.", hint=hint)


def get_version(workspace: Workspace, name: str, version: int | str) -> ModelVersion:
    """Give one version of a model by number (``3``, ``"3"``, ``"v3"``) or alias (``"champion"``).

    Raises
    ------
    NotFoundError
        The model, number or alias does not exist.
    """
    model = get_model(workspace, name)
    number = version_number(model, version)
    for candidate in model.versions:
        if candidate.version == number:
            return candidate
    raise NotFoundError(f"Model {name!r} has no version {number}.", hint=f"It has {_known(model)}.")


def version_number(model: RegisteredModel, version: int | str) -> int:
    """Resolve a number or an alias of ``model`` to a number.

    Raises
    ------
    NotFoundError
        The model has no such alias.
    """
    text = str(version).strip()
    if match := re.fullmatch(r"[vV]?(\d{1,9})", text):
        return int(match[1])
    for alias in model.aliases:
        if alias.name == text:
            return alias.version
    raise NotFoundError(f"Model {model.name!r} has no version or alias {text!r}.", hint=f"It has {_known(model)}.")


def _known(model: RegisteredModel) -> str:
    numbers = ", ".join(str(v.version) for v in reversed(model.versions)) or "no versions"
    aliases = ", ".join(alias.name for alias in model.aliases)
    return f"versions {numbers}" + (f" and aliases {aliases}" if aliases else "")


def _models(connection: Connection, name: str | None) -> tuple[RegisteredModel, ...]:
    m, v, a, f = tables.models, tables.model_versions, tables.model_aliases, tables.foreign_changes
    mirrors = tables.version_mirrors
    one = [] if name is None else [name]
    models = connection.execute(select(m).where(*(m.c.name == n for n in one)).order_by(m.c.name)).mappings().all()
    aliases: dict[str, list[Alias]] = defaultdict(list)
    for row in connection.execute(select(a).where(*(a.c.model == n for n in one)).order_by(a.c.alias)):
        aliases[row.model].append(Alias(name=row.alias, version=row.version, set_at=row.set_at, actor=row.actor))
    foreign: dict[str, list[ForeignChange]] = defaultdict(list)
    for row in connection.execute(select(f).where(*(f.c.model == n for n in one)).order_by(f.c.kind, f.c.name)):
        foreign[row.model].append(ForeignChange(**row._mapping))
    versions: dict[str, list[ModelVersion]] = defaultdict(list)
    told = (mirrors.c.model == v.c.model) & (mirrors.c.version == v.c.version)
    query = select(v, mirrors.c.mlflow_version, mirrors.c.mlflow_model_id).outerjoin(mirrors, told)
    query = query.where(*(v.c.model == n for n in one)).order_by(v.c.version.desc())
    for found in connection.execute(query).mappings():
        names = tuple(x.name for x in aliases[found["model"]] if x.version == found["version"])
        versions[found["model"]].append(_version(dict(found), names))
    return tuple(
        RegisteredModel(
            name=row["name"],
            created_at=row["created_at"],
            aliases=tuple(aliases[row["name"]]),
            versions=tuple(versions[row["name"]]),
            foreign=tuple(foreign[row["name"]]),
            origin=row["origin"],
        )
        for row in models
    )


def _version(row: dict[str, Any], aliases: tuple[str, ...]) -> ModelVersion:
    detail = row.pop("detail")
    row |= {"mlflow_version": row["mlflow_version"] or "", "mlflow_model_id": row["mlflow_model_id"] or ""}
    return ModelVersion(
        **row | {"files": tuple(from_wire(VersionFile, file) for file in row["files"])},
        aliases=aliases,
        # NaN and infinity are stored as words, which float() reads.
        metrics={key: float(value) for key, value in detail.get("metrics", {}).items()},
        params=detail.get("params", {}),
        data=detail.get("data", {}),
        features=tuple(detail.get("features", ())),
        feature_types=tuple(detail.get("feature_types", ())),
        task=detail.get("task", ""),
        description=detail.get("description", ""),
        problem=detail.get("problem", ""),
    )
