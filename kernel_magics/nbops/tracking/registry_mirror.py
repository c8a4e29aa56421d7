"""Mirror versions, aliases, lifecycle stages and the head of the audit log into MLflow's registry.

What is to be done stands in the ledger: it is what the registry's tables say and the mirrors' tables do not. Every step
can be done again to the same end, and what is about to be written is noted first, so that whatever else is found in
MLflow came from somebody else.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import func, select

from nbops.ledger import Ledger, open_ledger, tables
from nbops.tracking.mirror import Mirror
from nbops.tracking.registry_comparison import NOWHERE, accepted_numbers, changed, in_log, shown_number
from nbops.tracking.registry_due import PATIENCE, aliases_due, heads_due, stages_due, versions_due
from nbops.tracking.registry_foreign import note_overwritten
from nbops.tracking.registry_state import (
    AUTHOR_TAG,
    DIGEST_TAG,
    FORCED_HEAD,
    HEAD_TAG,
    NO_STAGE,
    STAGE_TAG,
    VERSION_TAG,
    read_model,
    store_identity,
)
from nbops.tracking.version_model import logged_model
from nbops.workspace import Workspace

_LOCK = 5276102


def deliver(workspace: Workspace, mirror: Mirror) -> int:
    """Mirror what is due; give how much that was. Doing it again changes nothing.

    Raises
    ------
    Exception
        Whatever hindered the first step that failed, after all others were tried.
    """
    ledger = open_ledger(workspace)
    with _alone(ledger) as mine:
        return _Delivery(workspace, ledger, mirror).all() if mine else 0


@contextlib.contextmanager
def _alone(ledger: Ledger) -> Iterator[bool]:
    """Let one courier at a time mirror a registry that several workspaces share."""
    if ledger.dialect != "postgresql":
        yield True
        return
    with ledger.connect() as connection:
        mine = bool(connection.scalar(select(func.pg_try_advisory_lock(_LOCK))))
        try:
            yield mine
        finally:
            if mine:
                connection.scalar(select(func.pg_advisory_unlock(_LOCK)))


class _Delivery:
    """One delivery: what is due when it begins."""

    def __init__(self, workspace: Workspace, ledger: Ledger, mirror: Mirror) -> None:
        self._workspace, self._ledger = workspace, ledger
        self._mirror, self._client = mirror, mirror.client
        self._store = store_identity(mirror.client)
        self._failed: list[Exception] = []

    def all(self) -> int:
        done = 0
        self._move_house()
        # The versions of a model go in order, so that MLflow counts them as we do; models do not wait for each other.
        held: set[str] = set()
        for row in self._due(versions_due):
            if row["model"] not in held:
                made = self._try(self._version, row)
                done += made
                if not made and row["created_at"] > time.time() - PATIENCE:
                    held.add(row["model"])
        steps = ((stages_due, self._stage), (aliases_due, self._alias), (heads_due, self._head))
        for query, step in steps:
            done += sum(self._try(step, row) for row in self._due(query))
        if self._failed:
            raise self._failed[0]
        return done

    def _due(self, query: Any) -> list[dict[str, Any]]:
        with self._ledger.connect() as connection:
            return list(query(connection))

    def _try(self, step: Callable[[dict[str, Any]], None], row: dict[str, Any]) -> int:
        try:
            step(row)
        except Exception as error:
            self._failed.append(error)
            return 0
        return 1

    def _move_house(self) -> None:
        """Forget what another store was told: this one is to have it all."""
        h = tables.model_mirrors
        with self._ledger.begin() as connection:
            moved = connection.scalars(select(h.c.model).where(h.c.store != "", h.c.store != self._store)).all()
            for table in (tables.version_mirrors, tables.alias_mirrors, h):
                connection.execute(table.delete().where(table.c.model.in_(moved)))

    def _version(self, row: dict[str, Any]) -> None:
        from mlflow.exceptions import MlflowException

        name, number = row["model"], str(row["version"])
        with contextlib.suppress(MlflowException):  # it exists; anything else shows at once below
            self._client.create_registered_model(name)
        model_id = logged_model(self._workspace, self._ledger, self._mirror, row)
        source = f"models:/{model_id}"
        theirs = read_model(self._client, name)
        known = [] if theirs is None else theirs.versions.values()
        # The tag alone could be anybody's.
        mine = [v.number for v in known if v.tags.get(VERSION_TAG) == number and v.source == source]
        tags = {VERSION_TAG: number, DIGEST_TAG: row["digest"], STAGE_TAG: row["lifecycle_stage"]}
        tags |= {AUTHOR_TAG: row["author"]} if row["author"] else {}
        if not mine:
            made = self._client.create_model_version(
                name,
                source=source,
                run_id=row["mlflow_run_id"] or None,
                model_id=model_id,
                tags=tags,
                description=row["detail"].get("description") or None,
            )
            mine = [str(made.version)]
        told = {"mlflow_version": mine[0], "mlflow_model_id": model_id, "stage": row["lifecycle_stage"]}
        self._note(tables.version_mirrors, {"model": name, "version": row["version"]}, told, shown=True)
        self._note(tables.model_mirrors, {"model": name}, {"store": self._store})

    def _stage(self, row: dict[str, Any]) -> None:
        name, number, stage = row["model"], row["mlflow_version"], row["lifecycle_stage"]
        key = {"model": name, "version": row["version"]}
        theirs = read_model(self._client, name)
        version = theirs.versions.get(number) if theirs is not None else None
        if version is not None:
            self._note(tables.version_mirrors, key, {"writing": stage})
            found = version.tags.get(STAGE_TAG, "")
            if row["stage"] and found not in (row["stage"], row["writing"] or row["stage"]):
                what = f"{STAGE_TAG} of version {row['version']}"
                note_overwritten(self._workspace, changed(name, "tag", what, row["stage"], found))
            tags = {VERSION_TAG: str(row["version"]), DIGEST_TAG: row["digest"], AUTHOR_TAG: row["author"]}
            for tag, text in {**tags, STAGE_TAG: stage}.items():
                if text and version.tags.get(tag) != text and (tag == STAGE_TAG or not row["stage"]):
                    self._client.set_model_version_tag(name, number, tag, text)
            if not row["stage"] and version.stage != NO_STAGE:
                self._unstage(name, number)
        # A version that is gone there shows as a foreign change; there is nothing to write to.
        self._note(tables.version_mirrors, key, {"stage": stage, "writing": ""})

    def _unstage(self, name: str, number: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._client.transition_model_version_stage(name, number, NO_STAGE)

    def _alias(self, row: dict[str, Any]) -> None:
        name, alias, wanted = row["model"], row["alias"], row["wanted"] or 0
        told = NOWHERE if row["told"] is None else {"version": row["told"], "writing": row["writing"]}
        theirs = read_model(self._client, name)
        numbers, key = self._numbers(name), {"model": name, "alias": alias}
        found = theirs.aliases.get(alias, "") if theirs is not None else ""
        target = numbers.get(wanted, "")
        if found not in {*accepted_numbers(told, numbers), target}:
            back = {number: version for version, number in numbers.items()}
            expected = f"version {told['version']}" if told["version"] else ""
            note_overwritten(self._workspace, changed(name, "alias", alias, expected, shown_number(found, back)))
        self._note(tables.alias_mirrors, key, {"writing": wanted}, first={"version": told["version"]})
        if theirs is not None and (not target or target in theirs.versions):
            if target:
                self._client.set_registered_model_alias(name, alias, target)
            elif found:
                self._client.delete_registered_model_alias(name, alias)
        if wanted:
            self._note(tables.alias_mirrors, key, {"version": wanted, "writing": None})
        else:
            a = tables.alias_mirrors
            with self._ledger.begin() as connection:
                connection.execute(a.delete().where(a.c.model == name, a.c.alias == alias))

    def _head(self, row: dict[str, Any]) -> None:
        name = row["model"]
        theirs = read_model(self._client, name)
        head = tables.audit_head
        with self._ledger.connect() as connection:
            seq, mac = connection.execute(select(head.c.seq, head.c.mac).where(head.c.id == 1)).one()
            there = theirs.tags.get(HEAD_TAG, "") if theirs is not None else ""
            # A head that this log does not have is the proof that the log was cut, and must stay.
            free = not there or row["seq"] == FORCED_HEAD or in_log(connection, there)
        if theirs is not None and free:
            self._client.set_registered_model_tag(name, HEAD_TAG, f"{seq}:{mac}")
        self._note(tables.model_mirrors, {"model": name}, {"seq": seq, "mac": mac, "store": self._store})

    def _numbers(self, name: str) -> dict[int, str]:
        m = tables.version_mirrors
        query = select(m.c.version, m.c.mlflow_version).where(m.c.model == name, m.c.mlflow_version != "")
        with self._ledger.connect() as connection:
            return {row.version: row.mlflow_version for row in connection.execute(query)}

    def _note(
        self,
        table: Any,
        key: dict[str, Any],
        values: dict[str, Any],
        *,
        first: dict[str, Any] | None = None,
        shown: bool = False,
    ) -> None:
        statement = self._ledger.upsert(table).values(**key, **(first or {}), **values)
        with self._ledger.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
            if shown:
                self._ledger.touch(connection)
