"""The routes, in one place."""

from __future__ import annotations

from nbops_lab.artifacts import ArtifactHandler
from nbops_lab.audit import AuditHandler, VerifyHandler
from nbops_lab.base import NbopsHandler
from nbops_lab.executed import CheckpointsHandler, ExecutedHandler
from nbops_lab.lineage import LineageHandler
from nbops_lab.models import CardHandler, HistoryHandler, ModelsHandler, VersionsHandler
from nbops_lab.monitors import (
    IncidentsHandler,
    MonitorActHandler,
    MonitorHandler,
    MonitorRunsHandler,
    MonitorsHandler,
    ReportPageHandler,
)
from nbops_lab.pipelines import (
    GraphHandler,
    PipelineRunHandler,
    PipelineRunsHandler,
    PipelinesHandler,
    RunActHandler,
    StagePageHandler,
    WhyHandler,
)
from nbops_lab.projects import ProjectsHandler
from nbops_lab.promotion import DecisionHandler, GatesHandler, PromotionHandler, RequestsHandler
from nbops_lab.retraining import RetrainingActHandler, RetrainingHandler
from nbops_lab.runs import ExperimentsHandler, RunHandler, RunsHandler, SeriesHandler
from nbops_lab.schedules import (
    FailuresHandler,
    PreviewHandler,
    ScheduleActHandler,
    ScheduleHandler,
    ScheduleRunsHandler,
    SchedulesHandler,
)
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
        (f"{_ROOT}/pipelines", PipelinesHandler),
        (f"{_ROOT}/pipelines/graph", GraphHandler),
        (f"{_ROOT}/pipelines/why", WhyHandler),
        (f"{_ROOT}/pipelines/runs", PipelineRunsHandler),
        (f"{_ROOT}/pipelines/runs/([^/]+)", PipelineRunHandler),
        (f"{_ROOT}/pipelines/runs/([^/]+)/([^/]+)", RunActHandler),
        (f"{_ROOT}/pipelines/runs/([^/]+)/stages/([^/]+)/page", StagePageHandler),
        (f"{_ROOT}/executed/(.*)/checkpoints", CheckpointsHandler),
        (f"{_ROOT}/executed/(.*)", ExecutedHandler),
        (f"{_ROOT}/projects", ProjectsHandler),
        (f"{_ROOT}/schedules", SchedulesHandler),
        (f"{_ROOT}/schedules/preview", PreviewHandler),
        (f"{_ROOT}/schedules/failures", FailuresHandler),
        (f"{_ROOT}/schedules/([^/]+)", ScheduleHandler),
        (f"{_ROOT}/schedules/([^/]+)/runs", ScheduleRunsHandler),
        (f"{_ROOT}/schedules/([^/]+)/([^/]+)", ScheduleActHandler),
        (f"{_ROOT}/monitors", MonitorsHandler),
        (f"{_ROOT}/monitors/([^/]+)", MonitorHandler),
        (f"{_ROOT}/monitors/([^/]+)/runs", MonitorRunsHandler),
        (f"{_ROOT}/monitors/([^/]+)/runs/([^/]+)/report", ReportPageHandler),
        (f"{_ROOT}/monitors/([^/]+)/([^/]+)", MonitorActHandler),
        (f"{_ROOT}/incidents", IncidentsHandler),
        (f"{_ROOT}/retraining/([^/]+)", RetrainingHandler),
        (f"{_ROOT}/retraining/([^/]+)/([^/]+)", RetrainingActHandler),
    ]
