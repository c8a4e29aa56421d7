"""Lineage as OpenLineage run events, for catalogues such as Marquez, DataHub or Atlan.

Source: the OpenLineage specification 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import nbops
from nbops.records import Lineage, LineageNode

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets/"
_PRODUCER = "https://nbops.dev/nbops"


def openlineage_events(found: Lineage, namespace: str = "nbops") -> list[dict[str, Any]]:
    """Give one ``COMPLETE`` event (``FAIL`` for a failed run) for every run, oldest first.

    Data and model versions are datasets, the cell or run is the job.

    Parameters
    ----------
    found
        The lineage.
    namespace
        Namespace of jobs and datasets, such as the workspace's name.
    """
    nodes = {node.id: node for node in found.nodes}
    runs = sorted((node for node in found.nodes if node.kind == "run"), key=lambda node: node.at or 0.0)
    return [_event(node, found, nodes, namespace) for node in runs]


def _event(run: LineageNode, found: Lineage, nodes: dict[str, LineageNode], namespace: str) -> dict[str, Any]:
    into = [nodes[edge.source] for edge in found.edges if edge.target == run.id]
    out = [nodes[edge.target] for edge in found.edges if edge.source == run.id]
    cell = next((node for node in into if node.kind == "cell"), None)
    failed = run.facts.get("status") in {"FAILED", "KILLED"}
    return {
        "eventType": "FAIL" if failed else "COMPLETE",
        "eventTime": datetime.fromtimestamp(run.at or 0.0, UTC).isoformat().replace("+00:00", "Z"),
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
        "run": {
            "runId": _uuid(run.id.partition(":")[2]),
            "facets": {
                "processing_engine": _facet(
                    "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
                    version=nbops.__version__,
                    name="nbops",
                )
            },
        },
        "job": {"namespace": namespace, "name": f"{cell.label}#{cell.detail}" if cell else run.label, "facets": {}},
        "inputs": [_dataset(node, namespace) for node in into if node.kind == "data"],
        "outputs": [_dataset(node, namespace) for node in out if node.kind in {"data", "version"}],
    }


def _dataset(node: LineageNode, namespace: str) -> dict[str, Any]:
    rest = node.id.partition(":")[2]
    if node.kind == "version":
        name, _, version = rest.rpartition("@")
        name = f"models/{name}"
    else:
        name, version = node.facts.get("from", "") or node.label, rest
    facets: dict[str, Any] = {
        "version": _facet(
            "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet", datasetVersion=version
        )
    }
    if node.kind == "data" and node.columns:
        facets["schema"] = _facet(
            "1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet", fields=[{"name": name} for name in node.columns]
        )
    return {"namespace": namespace, "name": name, "facets": facets}


def _facet(where: str, **values: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": _FACETS + where, **values}


def _uuid(run_id: str) -> str:
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_PRODUCER}/{run_id}"))
