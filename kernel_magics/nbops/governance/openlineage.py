"""Lineage as OpenLineage run events, for catalogues such as Marquez, DataHub or Atlan.

Source: the OpenLineage specification 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbops
from nbops.records import Lineage, LineageEdge, LineageNode

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets/"
_PRODUCER = "https://nbops.dev/nbops"
_ENDS = {"FINISHED": "COMPLETE", "FAILED": "FAIL", "KILLED": "ABORT"}


def openlineage_events(found: Lineage, namespace: str = "nbops", root: Path | None = None) -> list[dict[str, Any]]:
    """Give a ``START`` event for every run and, when it has ended, ``COMPLETE``, ``FAIL`` or ``ABORT``, oldest first.

    Data and model versions are datasets, the cell or run is the job. The features of a version are its columns, each
    with the columns of the data it came from.

    Parameters
    ----------
    found
        The lineage.
    namespace
        Namespace of jobs and datasets, such as the workspace's name.
    root
        Folder from which notebooks and files are named, so that a catalogue sees no paths of this machine.
    """
    writer = _Writer(found, namespace, root)
    events = [event for node in found.nodes if node.kind == "run" for event in writer.events(node)]
    return sorted(events, key=lambda event: datetime.fromisoformat(event["eventTime"]))


class _Writer:
    def __init__(self, found: Lineage, namespace: str, root: Path | None) -> None:
        self._namespace, self._root = namespace, root
        self._nodes = {node.id: node for node in found.nodes}
        self._into: dict[str, list[LineageEdge]] = {}
        self._out: dict[str, list[LineageEdge]] = {}
        for edge in found.edges:
            self._into.setdefault(edge.target, []).append(edge)
            self._out.setdefault(edge.source, []).append(edge)

    def events(self, run: LineageNode) -> list[dict[str, Any]]:
        into = self._into.get(run.id, [])
        out = [self._nodes[edge.target] for edge in self._out.get(run.id, [])]
        read = [edge for edge in into if self._nodes[edge.source].kind == "data"]
        inputs = [self._dataset(self._nodes[edge.source]) for edge in read]
        outputs = [self._dataset(node, read) for node in out if node.kind in {"data", "version"}]
        started = datetime.fromtimestamp(run.at or 0.0, UTC).isoformat().replace("+00:00", "Z")
        common = self._common(run, into)
        events = [{"eventType": "START", "eventTime": started, **common, "inputs": inputs, "outputs": []}]
        end = _ENDS.get(run.facts.get("status", ""))
        if end:
            ended = run.facts.get("ended", started)
            events.append({"eventType": end, "eventTime": ended, **common, "inputs": inputs, "outputs": outputs})
        return events

    def _common(self, run: LineageNode, into: list[LineageEdge]) -> dict[str, Any]:
        cell = next((self._nodes[edge.source] for edge in into if self._nodes[edge.source].kind == "cell"), None)
        engine = _facet(
            "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
            version=nbops.__version__,
            name="nbops",
        )
        return {
            "producer": _PRODUCER,
            "schemaURL": _SPEC,
            "run": {"runId": _uuid(run.id.partition(":")[2]), "facets": {"processing_engine": engine}},
            "job": {"namespace": self._namespace, "name": self._job(cell) if cell else run.label, "facets": {}},
        }

    def _job(self, cell: LineageNode) -> str:
        # A script has no cells: its tracked blocks are told apart by the key of their code.
        part = cell.facts.get("cell") or cell.id.partition(":")[2][:12]
        return f"{self._named(cell.facts.get('notebook', '') or cell.label)}#{part}"

    def _named(self, path: str) -> str:
        if self._root is not None and Path(path).is_relative_to(self._root):
            return Path(path).relative_to(self._root).as_posix()
        return path

    def _dataset(self, node: LineageNode, read: list[LineageEdge] | None = None) -> dict[str, Any]:
        facets: dict[str, Any] = {
            "version": _facet(
                "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                datasetVersion=node.id.partition(":")[2].rpartition("@")[2],
            )
        }
        if node.columns:
            facets["schema"] = _facet(
                "1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet", fields=[{"name": n} for n in node.columns]
            )
        origins = self._origins(node, read or [])
        if origins:
            facets["columnLineage"] = _facet(
                "1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet", fields=origins
            )
        return {"namespace": self._namespace, "name": self._name(node), "facets": facets}

    def _origins(self, node: LineageNode, read: list[LineageEdge]) -> dict[str, Any]:
        """Give where the features of a version came from: of data that is written, no code shows it."""
        found: dict[str, Any] = {}
        for column in node.columns if node.kind == "version" else ():
            fields = [
                {"namespace": self._namespace, "name": self._name(self._nodes[edge.source]), "field": column}
                for edge in read
                if column in (edge.columns or self._nodes[edge.source].columns)
            ]
            if fields:
                found[column] = {"inputFields": fields}
        return found

    def _name(self, node: LineageNode) -> str:
        if node.kind == "version":
            return f"models/{node.id.partition(':')[2].rpartition('@')[0]}"
        return self._named(node.facts.get("from", "")) or node.label


def _facet(where: str, **values: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": _FACETS + where, **values}


def _uuid(run_id: str) -> str:
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_PRODUCER}/{run_id}"))
