"""The routes, in one place."""

from __future__ import annotations

from nbops_lab.artifacts import ArtifactHandler
from nbops_lab.audit import AuditHandler, VerifyHandler
from nbops_lab.base import NbopsHandler
from nbops_lab.lineage import LineageHandler
from nbops_lab.models import CardHandler, HistoryHandler, ModelsHandler, VersionsHandler
from nbops_lab.promotion import DecisionHandler, GatesHandler, PromotionHandler, RequestsHandler
from nbops_lab.runs import ExperimentsHandler, RunHandler, RunsHandler, SeriesHandler
from nbops_lab.status import StatusHandler

_ROOT = "/nbops/api"
_VERSION = f"{_ROOT}/models/([^/]+)/versions/([^/]+)"


def routes() -> list[tuple[str, type[NbopsHandler]]]:
    """Give every route as a pattern below the server's base URL, and its handler."""
    return [
        (f"{_ROOT}/status", StatusHandler),
        (f"{_ROOT}/runs", RunsHandler),
        (f"{_ROOT}/runs/([^/]+)", RunHandler),
        (f"{_ROOT}/runs/([^/]+)/series", SeriesHandler),
        (f"{_ROOT}/runs/([^/]+)/artifacts/(.+)", ArtifactHandler),
        (f"{_ROOT}/experiments", ExperimentsHandler),
        (f"{_ROOT}/models", ModelsHandler),
        (f"{_ROOT}/models/([^/]+)/versions", VersionsHandler),
        (f"{_ROOT}/models/([^/]+)/history", HistoryHandler),
        (f"{_VERSION}/card", CardHandler),
        (f"{_VERSION}/promotion", PromotionHandler),
        (f"{_VERSION}/gates", GatesHandler),
        (f"{_VERSION}/([^/]+)", DecisionHandler),
        (f"{_ROOT}/requests", RequestsHandler),
        (f"{_ROOT}/audit", AuditHandler),
        (f"{_ROOT}/audit/verify", VerifyHandler),
        (f"{_ROOT}/lineage", LineageHandler),
    ]
