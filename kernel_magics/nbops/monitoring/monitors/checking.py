"""What is wrong with a monitor is said before it is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from nbops.data.sources import parts_of
from nbops.errors import UsageError, meant
from nbops.faults import Faults
from nbops.monitoring.monitors.building import KINDS, PREDICTIONS
from nbops.monitoring.monitors.limits import better, measures
from nbops.monitoring.monitors.options import check_options
from nbops.monitoring.monitors.source import file_of
from nbops.monitoring.monitors.subject import split_model
from nbops.monitoring.monitors.window import read_window
from nbops.pipelines.cron import Cron, zone_of
from nbops.records import Check, Monitor
from nbops.registry.reading import get_model
from nbops.tracking.frame_profiles import names_tracked, tracked_frame
from nbops.tracking.routes import check_route
from nbops.workspace import Workspace

_NAME = re.compile(r"[^\W][\w .@+-]{0,99}")
_NUMBERS = ("alpha", "min_effect", "min_labelled", "min_rows")
_LONGEST_REMINDER = 24 * 366.0
_ELSEWHERE = ("sklearn:", "env:")
_FROM_LOG = ("prediction", "performance", "estimate", "infrastructure")


def check_monitor(workspace: Workspace, monitor: Monitor, found: Faults | None = None) -> None:
    """Check a monitor and what it names; an error says which field it is about, and what is wrong with the others.

    Parameters
    ----------
    workspace, monitor
        What is checked.
    found
        What is wrong with it for sure; what those fields name is not looked at.

    Raises
    ------
    UsageError
        Something of it cannot be used; the message names it.
    NotFoundError
        There is no such model, or no such file of the reference.
    SettingsError
        ``nbops.toml`` declares a webhook or mail server that cannot be used.
    """
    faults = found or Faults()
    with faults.about("name"):
        if not _NAME.fullmatch(monitor.name):
            raise UsageError(
                f"{monitor.name!r} cannot name a monitor.", hint="Use letters, digits, blanks and . _ @ + -"
            )
    with faults.about("timezone"):
        zone_of(monitor.timezone)
    with faults.about("cron"):
        if monitor.cron and Cron(monitor.cron, "UTC" if "timezone" in faults else monitor.timezone).next(0.0) is None:
            raise UsageError(f"The cron expression {monitor.cron!r} names no day that ever comes.")
    with faults.about("remind_hours"):
        if not 0 <= monitor.remind_hours <= _LONGEST_REMINDER or math.isnan(monitor.remind_hours):
            raise UsageError(
                f"remind_hours must be from 0 (never) to {_LONGEST_REMINDER:g}, not {monitor.remind_hours:g}."
            )
    _check_source(monitor, faults)
    with faults.about("model"):
        if monitor.model:
            get_model(workspace, split_model(monitor.model)[0])
    if "reference" not in faults:
        with faults.about("reference"):
            _check_reference(workspace, monitor)
    named = "checks" not in faults
    for check in monitor.checks:
        with faults.about("checks"):
            _check(monitor, check)
            if named:
                check_options(workspace, check)
    for route in monitor.routes:
        with faults.about("routes"):
            check_route(workspace, route)
    faults.settle()


def _check_source(monitor: Monitor, faults: Faults) -> None:
    files = monitor.source != PREDICTIONS
    with faults.about("window"):
        window = read_window(monitor.window)
        if window.timed and files and monitor.source.startswith("sklearn:") and not monitor.time:
            raise UsageError(f"{monitor.source} has no times.", hint="Use the window all.")
    with faults.about("model"):
        if not files and not monitor.model:
            raise UsageError(
                f"The monitor {monitor.name!r} names neither a model nor data.", hint="Give --model NAME or --source."
            )
    with faults.about("time"):
        if not files and monitor.time:
            raise UsageError("The prediction log knows the time of each prediction; a column of time is for files.")
    with faults.about("source"):
        if files and not monitor.source.strip():
            raise UsageError("The source is empty.", hint="Write predictions, or a file, folder or pattern.")


def _check_reference(workspace: Workspace, monitor: Monitor) -> None:
    reference = monitor.reference
    compared = any(
        check.kind == "drift" or (check.kind == "quality" and not check.options.get("rules"))
        for check in monitor.checks
    )
    if not reference and not monitor.model and compared:
        raise UsageError(
            f"The monitor {monitor.name!r} has nothing to compare with.",
            hint="Give --reference FILE, or the model whose stored profile it is.",
        )
    if names_tracked(reference):
        tracked_frame(workspace, reference)
    elif reference and "://" not in reference and not reference.startswith(_ELSEWHERE):
        parts_of(file_of(workspace, reference))


def _check_query(check: Check) -> None:
    url, query = check.options.get("url", ""), check.options.get("query", "")
    if query and not url:
        raise UsageError(f"The check {check.name!r} has a query and nobody to ask.", hint="url is a Prometheus server.")
    if url and urlsplit(str(url)).scheme not in ("http", "https"):
        raise UsageError(f"The check {check.name!r}: url must be an http or https address.")
    if check.metric == "errors" and not url:
        raise UsageError(
            "The prediction log does not know of requests that failed.",
            hint="Ask the served model: infrastructure errors<=0.01 url=http://127.0.0.1:5001/metrics",
        )


def _check(monitor: Monitor, check: Check) -> None:
    if check.kind not in KINDS:
        raise UsageError(f"There is no check {check.kind!r}.", hint=meant(check.kind, KINDS))
    if (
        check.kind in _FROM_LOG
        and not monitor.model
        and not (check.kind == "infrastructure" and check.options.get("url"))
    ):
        raise UsageError(f"The check {check.name!r} needs a model.", hint="Give --model NAME.")
    if check.kind == "prediction" and monitor.source != PREDICTIONS:
        raise UsageError(f"The check {check.name!r} looks at the prediction log.", hint="Leave the source out.")
    known = measures(check)
    asks = bool(check.options.get("query"))
    if check.metric and check.metric not in known and not asks:
        raise UsageError(
            f"The check {check.name!r} measures no {check.metric!r}.",
            hint=meant(check.metric, known) or f"It may be {', '.join(known)}.",
        )
    if check.kind == "infrastructure" and check.threshold is None and check.warning is None:
        raise UsageError(f"The check {check.name!r} has no limit.", hint="Write infrastructure latency_p95<=0.2")
    if check.kind == "infrastructure":
        _check_query(check)
    weights = check.options.get("importance", {})
    if not isinstance(weights, Mapping):
        raise UsageError(f"The check {check.name!r}: importance must be a table of weights by column.")
    for name in _NUMBERS:
        value = check.options.get(name, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise UsageError(f"The check {check.name!r}: {name} must be a number from 0, not {value!r}.")
    recover = check.options.get("recover", 1)
    if isinstance(recover, bool) or not isinstance(recover, int) or not 1 <= recover <= 1000:
        raise UsageError(f"The check {check.name!r}: recover must be a whole number of windows from 1.")
    if check.threshold is None and check.warning is None:
        return
    side = better(check)
    if check.threshold is not None and check.warning is not None:
        worse = check.warning < check.threshold if side == "more" else check.warning > check.threshold
        if worse:
            raise UsageError(
                f"The check {check.name!r} would alert before it warns.",
                hint=f"The warning must be {'above' if side == 'more' else 'below'} the limit {check.threshold:g}.",
            )
