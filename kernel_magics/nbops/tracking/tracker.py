"""``nbops.track``: what ``%%track`` does, as a context manager for scripts and functions."""

from __future__ import annotations

import ast
import linecache
import os
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from nbops.capture import Options, Probe
from nbops.capture.models import store_model
from nbops.capture.redaction import Redactor
from nbops.errors import NbopsError, NotFoundError, UsageError
from nbops.records import ArtifactRef, CellRef, MetricPoint, ModelRef
from nbops.tracking import active, mlflow_session
from nbops.tracking.launch import ensure_running
from nbops.tracking.outbox import Outbox, outbox_of
from nbops.tracking.parts import file_part, picture_part
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace, find_workspace


class track:  # noqa: N801 - it is called like a function: with nbops.track("nightly") as run
    """Track a block of code as a run.

    The block's parameters, metrics, frames and models are found as in a cell; the methods add to them. The run is FAILED
    when the block raises and KILLED when it is interrupted; the exception goes on. Where nothing can be written, one line
    on stderr says so and the block runs untracked.

    Parameters
    ----------
    name
        Name of the run; a readable one is made up by default.
    experiment
        Experiment; the workspace's by default.
    tags, params
        Texts to keep with the run.
    workspace
        Where the run belongs; found from the working directory by default.

    Examples
    --------
    >>> import nbops
    >>> with nbops.track("nightly", params={"depth": 3}) as run:  # doctest: +SKIP
    ...     run.metric("loss", 0.25, step=1)
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        experiment: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self._options = Options(name=name or "", experiment=experiment or "", tags=dict(tags or {}))
        self._params = {key: str(value) for key, value in (params or {}).items()}
        self._tags: dict[str, str] = {}
        self._metrics: dict[str, tuple[int, float]] = {}
        self._models: list[ModelRef] = []
        self._blobs: list[tuple[ArtifactRef, bytes]] = []
        self._workspace = workspace
        self._box: Outbox | None = None
        self._probe: Probe | None = None
        self._entry: active.ActiveRun | None = None
        self._mlflow_before = ""
        self._lock = threading.Lock()

    @property
    def run_id(self) -> str:
        """Id of the run; empty when it is not tracked."""
        return self._probe.run.run_id if self._probe is not None else ""

    @property
    def name(self) -> str:
        """Name of the run; empty when it is not tracked."""
        return self._probe.run.name if self._probe is not None else ""

    def metric(self, name: str, value: float, step: int | None = None) -> None:
        """Log a point of a metric; when this returns it survives the death of the process.

        Parameters
        ----------
        name
            Name of the metric.
        value
            A number.
        step
            Where in the series; the next one by default.

        Raises
        ------
        UsageError
            The value is no number, or the step no whole number.
        TrackingError
            It cannot be written.
        """
        try:
            number, place = float(value), None if step is None else int(step)
        except (TypeError, ValueError) as error:
            raise UsageError(f"metric {name!r} must be a number, not {value!r} at step {step!r}.") from error
        with self._lock:
            last = self._metrics.get(name)
            place = (0 if last is None else last[0] + 1) if place is None else place
            if last is None or place >= last[0]:
                self._metrics[name] = (place, number)
        if self._box is not None and self._entry is not None:
            point = MetricPoint(name=name, value=number, step=place, timestamp=time.time())
            self._box.metric(self.run_id, point)

    def param(self, name: str, value: Any) -> None:
        """Keep a parameter with the run."""
        self._params[name] = str(value)

    def tag(self, key: str, value: Any) -> None:
        """Keep a tag with the run."""
        self._tags[key] = str(value)

    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a copy of a file with the run, as it is now.

        Raises
        ------
        NotFoundError
            There is no such file.
        """
        source = Path(path)
        if not source.is_file():
            raise NotFoundError(f"There is no file {source}.")
        self._blobs.append(file_part(source.read_bytes(), name or source.name))

    def figure(self, figure: Any, name: str = "figure") -> None:
        """Keep a matplotlib figure with the run, as PNG."""
        self._blobs.append(picture_part(figure, name))

    def model(self, model: Any, name: str = "model") -> None:
        """Keep a fitted model with the run; what cannot be pickled is said in the run and raises nothing."""
        stored = store_model(name, model, ())
        self._models.append(stored.ref)
        if stored.blob is not None:
            self._blobs.append(stored.blob)

    def __enter__(self) -> track:
        frame = sys._getframe(1)
        try:
            self._start(frame)
        except NbopsError as error:
            print(f"nbops: this block is not tracked: {error}", file=sys.stderr)
            self._probe = self._box = self._entry = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._probe is None or self._box is None or self._entry is None:
            return
        entry, self._entry = self._entry, None
        active.leave(entry)
        try:
            self._finish(self._probe, self._box, error)
        except NbopsError as problem:
            print(f"nbops: this run could not be written down: {problem}", file=sys.stderr)

    def _start(self, frame: FrameType) -> None:
        workspace = self._workspace or find_workspace()
        workspace.ensure()
        self._workspace = workspace
        parent = active.current()
        self._box = outbox_of(workspace)
        self._probe = Probe(
            workspace,
            _block_source(frame),
            _Names(frame),
            kind="script",
            cell=_place(frame),
            options=self._options,
            process=process_identity(),
            parent_id=parent.run_id if parent else os.environ.get("NBOPS_PARENT_RUN", ""),
        )
        if self._probe.run.uses_mlflow:
            os.environ.setdefault("MLFLOW_TRACKING_URI", workspace.mlflow_uri)
            mlflow_session.prepare(workspace)
        run = self._probe.start()
        self._mlflow_before = mlflow_session.active_run()
        self._box.start(run)
        self._entry = active.ActiveRun(run.run_id, run.name, mlflow_session.tags(run, self._probe.commit))
        active.enter(self._entry)
        self._probe.resume()

    def _finish(self, probe: Probe, box: Outbox, error: BaseException | None) -> None:
        captured = probe.finish(error)
        run = captured.run
        mlflow_session.end_runs(self._mlflow_before, run.status)
        explicit = {name: value for name, (_, value) in self._metrics.items()}
        redactor = Redactor()
        run = replace(
            run,
            params={**run.params, **redactor.mapping(self._params)},
            tags={**run.tags, **redactor.mapping(self._tags)},
            metrics={**run.metrics, **explicit},
            artifacts=(*run.artifacts, *(ref for ref, _ in self._blobs)),
        )
        run = replace(run, redactions=run.redactions + redactor.count)
        if self._models:
            # Said beats found.
            run = replace(run, models=tuple(self._models))
        family = box.family(run.cell.key)
        box.finish(replace(run, attempt=family.count + 1), (*captured.blobs, *self._blobs))
        if self._workspace is not None:
            ensure_running(self._workspace)


class _Names(Mapping[str, Any]):
    """The names a frame sees: its own before those of its module, as they are when asked."""

    def __init__(self, frame: FrameType) -> None:
        self._frame = frame

    def _all(self) -> dict[str, Any]:
        if self._frame.f_locals is self._frame.f_globals:
            return self._frame.f_globals
        return {**self._frame.f_globals, **self._frame.f_locals}

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all()))

    def __len__(self) -> int:
        return len(self._all())


def _block_source(frame: FrameType) -> str:
    """Give the body of the ``with`` statement that the frame is in; empty where there is no source."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return ""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With | ast.AsyncWith) and node.lineno <= frame.f_lineno <= node.body[0].lineno
    ]
    if not around:
        return ""
    body = max(around, key=lambda node: node.lineno).body
    return textwrap.dedent("".join(lines[body[0].lineno - 1 : body[-1].end_lineno]))


def _place(frame: FrameType) -> CellRef:
    path = os.path.abspath(frame.f_code.co_filename)
    if not os.path.exists(path):
        return CellRef(source="script")
    return CellRef(notebook=Path(path).as_posix(), source="script")
