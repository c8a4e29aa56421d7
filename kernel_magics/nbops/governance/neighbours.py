"""One step of the lineage: what went into things, and what came out of them, for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from nbops.governance.columns import columns_used
from nbops.ledger import tables
from nbops.records import LineageEdge, LineageNode

# Databases take a limited number of values in one statement.
_CHUNK = 400


@dataclass
class Found:
    """Nodes and edges, of the things asked for and of their neighbours."""

    nodes: list[LineageNode] = field(default_factory=list)
    edges: list[LineageEdge] = field(default_factory=list)

    def edge(self, source: str, target: str, label: str = "", columns: tuple[str, ...] = ()) -> None:
        """Add an edge."""
        self.edges.append(LineageEdge(source=source, target=target, label=label, columns=columns))


def before(connection: Connection, ids: Iterable[str]) -> Found:
    """Give the things themselves and what went into them."""
    kinds, found = _sorted(ids), Found()
    for row in _rows(connection, _placements(), tables.placements.c.id, [int(i) for i in kinds["promotion"]]):
        found.nodes += [_promotion(row)]
        if row["version"] is not None:
            kinds["version"].append(f"{row['model']}@{row['version']}")
            found.edge(f"version:{row['model']}@{row['version']}", f"promotion:{row['id']}", row["kind"])
        if row["gate_run"]:
            kinds["run"].append(row["gate_run"])
            found.edge(f"run:{row['gate_run']}", f"promotion:{row['id']}", "gates")
    for row in _versions(connection, kinds["version"]):
        found.nodes.append(_version(row))
        if row["run_id"]:
            kinds["run"].append(row["run_id"])
            found.edge(f"run:{row['run_id']}", _version(row).id, "registered", _features(row))
    d = tables.data_refs
    writers = _rows(connection, select(d).where(d.c.context == "written"), d.c.fingerprint, kinds["data"])
    kinds["run"] += [row["run_id"] for row in writers]
    _add_runs(connection, kinds["run"], found)
    _add_data(connection, d.c.run_id, kinds["run"], found, "read")
    _add_data(connection, d.c.fingerprint, kinds["data"], found, "written")
    return found


def after(connection: Connection, ids: Iterable[str]) -> Found:
    """Give the things themselves and what came out of them."""
    kinds, found = _sorted(ids), Found()
    d, runs, v = tables.data_refs, tables.runs, tables.model_versions
    readers = _rows(connection, select(d).where(d.c.context == "read"), d.c.fingerprint, kinds["data"])
    kinds["run"] += [row["run_id"] for row in readers]
    kinds["run"] += [row["run_id"] for row in _rows(connection, select(runs.c.run_id), runs.c.cell_key, kinds["cell"])]
    _add_runs(connection, kinds["run"], found)
    _add_data(connection, d.c.fingerprint, kinds["data"], found, "read")
    _add_data(connection, d.c.run_id, kinds["run"], found, "written")
    made = _rows(connection, select(v), v.c.run_id, kinds["run"])
    for row in made:
        found.edge(f"run:{row['run_id']}", _version(row).id, "registered", _features(row))
    wanted = [*kinds["version"], *(f"{row['model']}@{row['version']}" for row in made)]
    found.nodes += [_version(row) for row in _versions(connection, wanted)]
    pairs = [_pair(text) for text in dict.fromkeys(wanted)]
    p, g = tables.placements, tables.gate_reports
    for chunk in _chunks(pairs):
        held = _placements().where(tuple_(p.c.model, p.c.version).in_(chunk))
        for row in connection.execute(held).mappings():
            found.nodes.append(_promotion(row))
            found.edge(f"version:{row['model']}@{row['version']}", f"promotion:{row['id']}", row["kind"])
    judged = _placements().where(g.c.run_id != "")
    for row in _rows(connection, judged, g.c.run_id, kinds["run"]):
        found.nodes.append(_promotion(row))
        found.edge(f"run:{row['gate_run']}", f"promotion:{row['id']}", "gates")
    found.nodes += [
        _promotion(r) for r in _rows(connection, _placements(), p.c.id, [int(i) for i in kinds["promotion"]])
    ]
    return found


def _add_runs(connection: Connection, run_ids: Sequence[str], found: Found) -> None:
    runs = tables.runs
    for row in _rows(connection, select(runs), runs.c.run_id, run_ids):
        found.nodes.append(_run(row))
        if row["cell_key"] and row["notebook"]:
            found.nodes.append(_cell(row))
            found.edge(f"cell:{row['cell_key']}", f"run:{row['run_id']}", "executed")


def _add_data(connection: Connection, column: Any, values: Sequence[str], found: Found, context: str) -> None:
    d, runs = tables.data_refs, tables.runs
    query = select(d, runs.c.code).join(runs, runs.c.run_id == d.c.run_id).where(d.c.context == context)
    for row in _rows(connection, query, column, values):
        data, run = f"data:{row['fingerprint']}", f"run:{row['run_id']}"
        found.nodes.append(_data(row))
        if context == "read":
            found.edge(data, run, row["name"], columns_used(row["code"], row["name"], tuple(row["schema"])))
        else:
            found.edge(run, data, row["name"])


def _placements() -> Select[Any]:
    p, g = tables.placements, tables.gate_reports
    return select(p, g.c.run_id.label("gate_run")).outerjoin(g, g.c.digest == p.c.gate_report)


def _versions(connection: Connection, wanted: Sequence[str]) -> list[RowMapping]:
    v = tables.model_versions
    found: list[RowMapping] = []
    for chunk in _chunks([_pair(text) for text in dict.fromkeys(wanted)]):
        query = select(v).where(tuple_(v.c.model, v.c.version).in_(chunk))
        found += connection.execute(query).mappings().all()
    return found


def _rows(connection: Connection, query: Select[Any], column: Any, values: Sequence[Any]) -> list[RowMapping]:
    found: list[RowMapping] = []
    for chunk in _chunks(list(dict.fromkeys(values))):
        found += connection.execute(query.where(column.in_(chunk))).mappings().all()
    return found


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[i : i + _CHUNK] for i in range(0, len(values), _CHUNK))


def _sorted(ids: Iterable[str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = defaultdict(list)
    for node in ids:
        kind, _, rest = node.partition(":")
        kinds[kind].append(rest)
    return kinds


def _pair(text: str) -> tuple[str, int]:
    name, _, number = text.rpartition("@")
    return name, int(number)


def _features(row: RowMapping) -> tuple[str, ...]:
    return tuple(row["detail"].get("features", ()))


def _data(row: RowMapping) -> LineageNode:
    facts = {"rows": f"{row['rows']:,}", "columns": str(row["columns"]), "fingerprint": row["fingerprint"]}
    if row["origin"]:
        facts["from"] = row["origin"]
    label = row["origin"].rpartition("/")[2] or row["name"]
    detail = row["fingerprint"][:8] + (f" · {row['rows']:,} × {row['columns']}" if row["columns"] else "")
    return LineageNode(
        id=f"data:{row['fingerprint']}",
        kind="data",
        label=label,
        detail=detail,
        facts=facts,
        columns=tuple(row["schema"]),
    )


def _cell(row: RowMapping) -> LineageNode:
    facts = {"notebook": row["notebook"]} | ({"cell": row["cell_id"]} if row["cell_id"] else {})
    label = row["notebook"].rpartition("/")[2]
    return LineageNode(id=f"cell:{row['cell_key']}", kind="cell", label=label, detail=row["cell_id"][:12], facts=facts)


def _run(row: RowMapping) -> LineageNode:
    facts = {"status": row["status"], "author": row["author"], "experiment": row["experiment"], "run": row["run_id"]}
    if row["ended_at"]:
        facts["ended"] = _instant(row["ended_at"])
    return LineageNode(
        id=f"run:{row['run_id']}",
        kind="run",
        label=row["name"],
        detail=row["status"].lower(),
        at=row["started_at"],
        facts=facts,
    )


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _version(row: RowMapping) -> LineageNode:
    facts = {"class": row["class_name"], "sha256": row["digest"], "author": row["author"], "run": row["run_id"]}
    return LineageNode(
        id=f"version:{row['model']}@{row['version']}",
        kind="version",
        label=f"{row['model']} v{row['version']}",
        detail=row["lifecycle_stage"] if row["lifecycle_stage"] != "None" else row["class_name"],
        at=row["created_at"],
        facts=facts,
        columns=_features(row),
    )


def _promotion(row: RowMapping) -> LineageNode:
    facts = {"by": row["actor"], "how": row["kind"], "audit event": f"#{row['seq']}"}
    if row["reason"]:
        facts["why"] = row["reason"]
    if row["gate_report"]:
        facts["gate report"] = row["gate_report"][:12]
    return LineageNode(
        id=f"promotion:{row['id']}",
        kind="promotion",
        label=f"{row['target']} ({row['kind']})",
        detail=row["actor"],
        at=row["at"],
        facts=facts,
    )
