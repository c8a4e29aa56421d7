"""The nouns of nbops as frozen dataclasses: what crosses a room, the REST interface and the MIME types.

Standard library only. :func:`to_wire` and :func:`from_wire` turn a record into JSON-able values and back;
``nbops.records.schema`` generates the JSON schema and the TypeScript interfaces of the front end from them.
"""

from nbops.records.models import Alias, ModelVersion, RegisteredModel
from nbops.records.runs import (
    RUN_MIME,
    ArtifactRef,
    Card,
    CellRef,
    Change,
    DataRef,
    Environment,
    ErrorInfo,
    GitState,
    HistoryPoint,
    MetricPoint,
    ModelRef,
    Run,
    RunPage,
    RunRow,
)
from nbops.records.wire import from_wire, to_wire

__all__ = [
    "RUN_MIME",
    "Alias",
    "ArtifactRef",
    "Card",
    "CellRef",
    "Change",
    "DataRef",
    "Environment",
    "ErrorInfo",
    "GitState",
    "HistoryPoint",
    "MetricPoint",
    "ModelRef",
    "ModelVersion",
    "RegisteredModel",
    "Run",
    "RunPage",
    "RunRow",
    "from_wire",
    "to_wire",
]
