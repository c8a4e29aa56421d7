"""``nbops.track``: what ``%%track`` does, as a context manager for scripts and functions."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from nbops.capture import Captured, Options, Probe, calls
from nbops.capture.models import store_model
from nbops.errors import NbopsError, NotFoundError, UsageError
from nbops.records import ArtifactRef, MetricPoint, ModelRef
from nbops.tracking import active, mlflow_session
from nbops.tracking.ending import write_end
from nbops.tracking.interrupts import Held, held_back
from nbops.tracking.launch import ensure_running
from nbops.tracking.outbox import Outbox, outbox_of
from nbops.tracking.parts import distinct, file_part, free, picture_part
from nbops.tracking.process import process_identity
from nbops.tracking.script import Names, block_source, calling, place_of, script_text
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
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        # What is natural in a loop over folds or models should not cost the run: anything may stand for a text.
        self._options = Options(
            name="" if name is None else str(name),
            experiment="" if experiment is None else str(experiment),
            tags={str(key): str(value) for key, value in (tags or {}).items()},
        )
        self._params = {str(key): str(value) for key, value in (params or {}).items()}
        self._tags: dict[str, str] = {}
        self._metrics: dict[str, tuple[int, float]] = {}
        self._models: list[ModelRef] = []
        self._asked: list[ModelRef] = []
        self._script: tuple[str, str] | None = None
        self._blobs: list[tuple[ArtifactRef, bytes]] = []
        self._workspace = workspace
        self._box: Outbox | None = None
        self._probe: Probe | None = None
        self._entry: active.ActiveRun | None = None
        self._mlflow_before = ""
        self._lock = threading.Lock()
        self._clock = 0.0
        self._warned = False
        self._names: Names | None = None
        self._recorded: dict[str, float] = {}

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

        Where it cannot be written, one line on stderr says so and the last value still goes with the end of the run.

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
        """
        try:
            number, place = float(value), None if step is None else int(step)
            if place is not None and abs(place) >= 2**63:
                raise ValueError("out of range")
        except (TypeError, ValueError) as error:
            raise UsageError(f"metric {name!r} must be a number, not {value!r} at step {step!r}.") from error
        name = str(name)
        with self._lock:
            last = self._metrics.get(name)
            place = (0 if last is None else last[0] + 1) if place is None else place
            if last is None or place >= last[0]:
                self._metrics[name] = (place, number)
            # Two points must not share a moment, or the second would take the place of the first.
            self._clock = max(time.time(), self._clock + 1e-6)
            point = MetricPoint(name=name, value=number, step=place, timestamp=self._clock)
        if self._box is None:
            return
        try:
            if self._entry is None:
                raise UsageError(f"run {self.name} is over; metric {name!r} comes too late.")
            self._box.metric(self.run_id, point)
        except NbopsError as problem:
            if not self._warned:
                _say(str(problem))
            self._warned = True

    def param(self, name: str, value: Any) -> None:
        """Keep a parameter with the run."""
        self._params[str(name)] = str(value)

    def tag(self, key: str, value: Any) -> None:
        """Keep a tag with the run."""
        self._tags[str(key)] = str(value)

    def artifact(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Keep a copy of a file with the run, as it is now; a second file of a name is numbered.

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
        """Keep a fitted model with the run; what cannot be pickled is said in the run and raises nothing.

        A second model of a name is numbered; the same one twice is kept once.
        """
        stored = store_model(str(name), model, ())
        if stored.ref in self._asked:
            return
        self._asked.append(stored.ref)
        own = free(stored.ref.name, [known.name for known in self._models])
        self._models.append(replace(stored.ref, name=own))
        if stored.blob is not None:
            artifact, data = stored.blob
            self._blobs.append((replace(artifact, path=f"models/{own}.pkl"), data))

    def __enter__(self) -> track:
        frame = calling(sys._getframe(1))
        with held_back() as held:
            try:
                self._start(frame, held)
            except Exception as error:  # the user's script comes first
                _say(f"this block is not tracked: {error}")
                self._probe = self._box = self._entry = None
        if held.came:
            interrupt = KeyboardInterrupt()
            self.__exit__(KeyboardInterrupt, interrupt, None)
            raise interrupt
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._probe is None or self._box is None or self._entry is None:
            return
        entry, self._entry = self._entry, None
        with held_back() as held:
            active.leave(entry)
            try:
                self._finish(self._probe, self._box, error, held)
            except Exception as problem:  # the user's script comes first
                _say(f"this run could not be written down: {problem}")
        if held.came:
            raise KeyboardInterrupt

    def _start(self, frame: FrameType, held: Held) -> None:
        workspace = self._workspace or find_workspace()
        workspace.ensure()
        self._workspace = workspace
        parent = active.current()
        self._box = outbox_of(workspace)
        self._names = Names(frame)
        self._script = script_text(frame)
        # A tracked cell around this block keeps the results of its own calls there.
        self._recorded = dict(calls.recorded)
        self._probe = Probe(
            workspace,
            block_source(frame),
            self._names,
            kind="script",
            cell=place_of(frame, self._options.name, parent),
            options=self._options,
            process=process_identity(),
            parent_id=parent.run_id if parent else os.environ.get("NBOPS_PARENT_RUN", ""),
        )
        if self._script is not None:
            # Learnt from the whole file, secrets are known in what the block is given of them.
            self._probe.redactor.text(self._script[1])
        try:
            with held.released():
                if self._probe.run.uses_mlflow:
                    mlflow_session.prepare(workspace)
                self._probe.start()
        except KeyboardInterrupt:
            held.came = True
        run = self._probe.run
        held.came = held.came or self._probe.interrupted
        self._mlflow_before = mlflow_session.active_run()
        self._box.start(run)
        self._entry = active.ActiveRun(run.run_id, run.name, mlflow_session.tags(run, self._probe.commit))
        active.enter(self._entry)
        self._probe.resume()

    def _finish(self, probe: Probe, box: Outbox, error: BaseException | None, held: Held) -> None:
        captured = _captured(probe, error, held)
        calls.recorded.update(self._recorded)
        if self._names is not None:
            self._names.forget()
        run = captured.run
        mlflow_session.end_runs(self._mlflow_before, run.status)
        redactor = probe.redactor
        blobs = distinct((*self._found(captured), *self._given(probe)))
        run = replace(
            run,
            params={**run.params, **redactor.mapping(self._params)},
            tags={**run.tags, **redactor.mapping(self._tags)},
            metrics={**run.metrics, **{name: value for name, (_, value) in self._metrics.items()}},
            artifacts=tuple(ref for ref, _ in blobs),
            # Said beats found.
            models=tuple(replace(m, problem=redactor.text(m.problem)) for m in self._models) or run.models,
        )
        family = box.family(run.cell.key)
        run = replace(run, attempt=family.count + 1, redactions=redactor.count)
        run, problem = write_end(box, run, blobs)
        if problem:
            _say(f"run {run.name}: {problem}")
        if self._workspace is not None:
            ensure_running(self._workspace)

    def _found(self, captured: Captured) -> list[tuple[ArtifactRef, bytes]]:
        return [(ref, data) for ref, data in captured.blobs if not (self._models and ref.kind == "model")]

    def _given(self, probe: Probe) -> list[tuple[ArtifactRef, bytes]]:
        if self._script is None:
            return self._blobs
        name, text = self._script
        return [file_part(probe.redactor.text(text).encode(), f"source/{name}", "code"), *self._blobs]


def _captured(probe: Probe, error: BaseException | None, held: Held) -> Captured:
    probe.interrupted = False
    try:
        with held.released():
            captured = probe.finish(error)
    except (Exception, KeyboardInterrupt) as failure:
        held.came = held.came or isinstance(failure, KeyboardInterrupt)
        captured = probe.ended(error)
    held.came = held.came or probe.interrupted
    return captured


def _say(text: str) -> None:
    print("nbops: " + " ".join(text.split()), file=sys.stderr)
