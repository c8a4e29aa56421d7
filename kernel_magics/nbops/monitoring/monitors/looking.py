"""One look: the checks of a monitor over one window, each by itself, all over the same rows read once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from nbops.data.profile import Profile, profile_frame
from nbops.data.scan import profile_source
from nbops.data.sources import read_source
from nbops.errors import MonitorError, NbopsError, NotFoundError
from nbops.monitoring.monitors.source import NothingYet, Rows, file_of, read_rows
from nbops.monitoring.monitors.subject import version_of
from nbops.monitoring.report import DriftReport
from nbops.records import Check, CheckKind, CheckResult, ModelVersion, Monitor, MonitorState
from nbops.registry.facts import training_profile
from nbops.tracking.frame_profiles import names_tracked, tracked_frame
from nbops.workspace import Workspace
from nbops.workspace.blobs import put_bytes

if TYPE_CHECKING:
    from nbops.monitoring.performance import PerformanceReport

_log = logging.getLogger("nbops.monitors")
# From the least to the most trouble.
RANK: Mapping[MonitorState, int] = {state: rank for rank, state in enumerate(get_args(MonitorState))}
_LONGEST = 300


class Look:
    """What the checks of one look share; each part is made when the first of them asks for it.

    Parameters
    ----------
    workspace, monitor
        What is looked at.
    end
        Where the window ends, in seconds since the epoch.
    strict
        As for :func:`~nbops.monitoring.monitors.source.read_rows`.
    """

    def __init__(self, workspace: Workspace, monitor: Monitor, end: float, *, strict: bool = True) -> None:
        self.workspace, self.monitor, self.end = workspace, monitor, end
        self._strict = strict
        self.reports: list[DriftReport] = []
        # What broke which rule, for the report.
        self.quality: Mapping[str, Any] = {}
        # Of the model, by metric.
        self.performances: dict[str, PerformanceReport] = {}

    @cached_property
    def rows(self) -> Rows:
        """The rows of the window."""
        return read_rows(self.workspace, self.monitor, self.end, strict=self._strict)

    @cached_property
    def version(self) -> ModelVersion | None:
        """The version that holds the monitor's target; none where only data are watched."""
        return version_of(self.workspace, self.monitor.model) if self.monitor.model else None

    @cached_property
    def reference(self) -> Profile:
        """What the rows are compared with, without the column of time."""
        if names_tracked(self.monitor.reference):
            found = tracked_frame(self.workspace, self.monitor.reference).profile
        elif self.monitor.reference:
            found = _profiled(file_of(self.workspace, self.monitor.reference))
        elif self.version is not None:
            found = training_profile(self.version.model, self.version.version, workspace=self.workspace)
        else:
            raise NotFoundError(
                f"The monitor {self.monitor.name!r} has nothing to compare with.", hint="Give --reference FILE."
            )
        kept = tuple(column for column in found.columns if column.name != self.monitor.time)
        return replace(found, columns=kept)

    @cached_property
    def reference_rows(self) -> Any:
        """The rows of the reference, for what a profile does not tell; none where there is only that of a version."""
        if not self.monitor.reference or names_tracked(self.monitor.reference):
            raise MonitorError("A stored profile has no rows to learn from.", hint="Give --reference FILE.")
        frame = read_source(file_of(self.workspace, self.monitor.reference))
        return frame.drop(columns=[self.monitor.time], errors="ignore")

    @property
    def number(self) -> int | None:
        """Number of the version, where one can be found."""
        try:
            return self.version.version if self.version is not None else None
        except NbopsError:
            return None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found: its state is the worst of its checks'."""

    state: MonitorState
    sentence: str
    checks: tuple[CheckResult, ...]
    version: int | None
    rows: int
    start: float | None
    end: float | None
    report: str = ""


def look(look: Look, runners: Mapping[CheckKind, Callable[[Look, Check], CheckResult]]) -> Seen:
    """Run all checks; one that cannot run says why, and the others go on.

    Parameters
    ----------
    look
        What they share.
    runners
        By the kind of a check what runs it.
    """
    results = tuple(_run(look, check, runners[check.kind]) for check in look.monitor.checks)
    state: MonitorState = max((one.state for one in results), key=RANK.__getitem__, default="waiting")
    rows = look.__dict__.get("rows")
    return Seen(
        state=state,
        sentence=sentence(results),
        checks=results,
        version=look.number,
        rows=0 if rows is None else len(rows.frame),
        start=None if rows is None else rows.start,
        end=look.end if rows is None or rows.end is None else rows.end,
        report=_kept(look),
    )


def sentence(results: tuple[CheckResult, ...]) -> str:
    """Say in a sentence what a look found: the worst first, and how many are in order."""
    order = sorted(results, key=lambda one: -RANK[one.state])
    if not order:
        return "Nothing was checked."
    said = order[0].message.rstrip(".")
    others = [one.check for one in order[1:] if RANK[one.state] > RANK["waiting"]]
    more = (
        f"; also {', '.join(others[:3])}{f' and {len(others) - 3} more' if len(others) > 3 else ''}" if others else ""
    )
    return f"{said}{more}."


def _profiled(source: str) -> Profile:
    if "://" in source or source.startswith("env:"):
        return profile_frame(read_source(source))
    return profile_source(source)


def _run(look: Look, check: Check, runner: Callable[[Look, Check], CheckResult]) -> CheckResult:
    def ended(state: MonitorState, words: str) -> CheckResult:
        said = " ".join(words.split())
        said = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
        return CheckResult(check=check.name, kind=check.kind, state=state, message=said, limit=check.threshold)

    try:
        return runner(look, check)
    except NothingYet as error:
        return ended("waiting", str(error))
    except NbopsError as error:
        return ended("error", f"{check.name} could not look: {error}")
    except Exception as error:
        # The other checks must not suffer from it.
        _log.exception("check %r of monitor %r stumbled", check.name, look.monitor.name)
        return ended("error", f"{check.name} could not look: {type(error).__name__}: {error}")


def _kept(look: Look) -> str:
    """Put the first drift report into the content store; give its digest."""
    if not look.reports:
        return ""
    report = replace(look.reports[0], quality=look.quality)
    return put_bytes(look.workspace, json.dumps(report.to_dict(), ensure_ascii=False).encode())
