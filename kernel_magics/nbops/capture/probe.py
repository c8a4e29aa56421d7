"""One tracked block: a cell, the body of a ``with nbops.track()``, a stage."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nbops.capture import calls
from nbops.capture.analysis import PREDICTS, Analysis, analyse
from nbops.capture.bindings import Bindings
from nbops.capture.captured import Captured, Options
from nbops.capture.environment import read_environment
from nbops.capture.failure import describe, status_of
from nbops.capture.frame_profiles import FrameProfiles
from nbops.capture.frames import Frames
from nbops.capture.git import GitReader
from nbops.capture.judged import forget_judged, judged_files
from nbops.capture.metrics import find_metrics
from nbops.capture.models import StoredModel, find_models, state_of, store_model
from nbops.capture.naming import new_name, new_run_id
from nbops.capture.outputs import Watch
from nbops.capture.params import find_params
from nbops.capture.place import key_of
from nbops.capture.predicted import Outputs, noted
from nbops.capture.resolution import metric_names
from nbops.capture.resources import Meter
from nbops.capture.training import TrainingFacts
from nbops.records import ArtifactRef, CellRef, ErrorInfo, GitState, Run, RunKind
from nbops.redaction import Redactor
from nbops.workspace.identity import user_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbops.workspace import Workspace

_Result = TypeVar("_Result")


class Probe:
    """Captures one block between :meth:`start` and :meth:`finish`. Reads only; raises nothing but an interrupt.

    ``interrupted`` says that Ctrl-C was pressed while one of its steps was at work; ``redactor`` replaces the secrets in
    all texts of the run, and has learnt those that its code names.

    Parameters
    ----------
    workspace
        Where the run belongs; nothing is written there.
    source
        The code of the block as Python.
    namespace
        The names the block works on: globals of the notebook or script.
    shown_source
        The code as the user wrote it, kept with the run; ``source`` by default.
    cell
        Where the code stands.
    shell
        The IPython shell whose output is looked at; none in a script.
    process
        Identity of this process, by which others see whether it lives.
    """

    def __init__(
        self,
        workspace: Workspace,
        source: str,
        namespace: Mapping[str, Any],
        *,
        shown_source: str | None = None,
        kind: RunKind = "cell",
        cell: CellRef | None = None,
        options: Options | None = None,
        shell: Any = None,
        process: str = "",
        parent_id: str = "",
    ) -> None:
        self.warnings: list[str] = []
        self.interrupted = False
        self.options = options or Options()
        self._namespace = namespace
        self._folder = Path.cwd()
        self._root = workspace.root
        self._models_found: dict[str, Any] = {}
        self._overhead = 0.0
        self._frames = Frames(str(self._folder))
        self._profiles = FrameProfiles(workspace)
        self._shell = shell
        self._watch = Watch(shell) if shell is not None else None
        self._before = Bindings({}, ())
        self._finished = True
        self._states: dict[str, tuple[int, frozenset[int]]] = {}
        self._git: GitReader | None = None
        self.redactor = Redactor()
        with self._timed():
            self.analysis: Analysis = self._guarded("source", lambda: analyse(source), _unread(source))
            self.functions: dict[str, str] = self._guarded("metric calls", self._metric_calls, {})
            place = cell or CellRef()
            # First, because the secrets it names may stand in name and tags too.
            code = self.redactor.text(source if shown_source is None else shown_source)
            self.run = Run(
                run_id=new_run_id(),
                name=self.redactor.text(self.options.name) or new_name(),
                experiment=self.redactor.text(self.options.experiment) or workspace.experiment,
                kind=kind,
                author=workspace.author,
                user=user_name(workspace),
                parent_id=parent_id,
                started_at=time.time(),
                cell=replace(place, key=place.key or key_of(place, str(self._folder), self.analysis)),
                code=code,
                code_digest=self.analysis.digest,
                names_read=self.analysis.names_read,
                names_written=self.analysis.names_written,
                tags=self.redactor.mapping(self.options.tags),
                uses_mlflow=self.analysis.uses_mlflow or "mlflow" in sys.modules,
                process=process,
            )
        self._meter = Meter()

    @property
    def rewrites(self) -> bool:
        """Whether calls of the block are to be handed through ours."""
        predicts = any(path.rpartition(".")[2] in PREDICTS for path in self.analysis.calls)
        return predicts or bool(self.functions)

    @property
    def commit(self) -> str:
        """The commit the working directory stands at, known once started."""
        return self._git.commit if self._git is not None else ""

    @property
    def clear_pending(self) -> bool:
        """Whether the next output would wipe those of the block (``clear_output(wait=True)`` came last)."""
        return self._watch is not None and self._watch.clear_pending

    def start(self) -> Run:
        """Look at what is there before the block runs; give the run as it begins."""
        with self._timed():
            namespace, analysis = self._namespace, self.analysis
            self._guarded("data", lambda: self._frames.read(namespace, analysis.names_read), None)
            # Now, because the block may change them; what time is left is for those that it makes.
            self._guarded("profiles", lambda: self._profiles.take(self._frames.fresh(), 0.5), None)
            self._before = self._guarded("names", lambda: Bindings(namespace, analysis.names_written), self._before)
            names = (*analysis.names_read, *analysis.names_written)
            self._states = self._guarded("models", lambda: state_of(namespace, names), {})
            self._git = self._guarded("git", lambda: GitReader(self._folder), None)
            if self._watch is not None:
                calls.recorded.clear()
                noted.clear()
                forget_judged()
                self._guarded("outputs", self._watch.start, None)
        self.resume()
        return self.run

    def resume(self) -> None:
        """Begin to measure anew, when something took time between :meth:`start` and the block."""
        self._meter = Meter()

    def finish(self, error: BaseException | None = None, *, shown: Any = None) -> Captured:
        """Look at what the block left behind.

        Parameters
        ----------
        error
            The exception that ended the block.
        shown
            Value of its last expression.
        """
        spent = self._meter.read()
        with self._timed():
            if self._watch is not None:
                self._guarded("outputs", self._watch.stop, None)
            self._guarded("names", lambda: self._leave_out(error), None)
            nothing: tuple[dict[str, float], dict[str, str]] = ({}, {})
            metrics, made_by = self._guarded("metrics", lambda: self._metrics(shown), nothing)
            # The block itself may have set variables.
            self.redactor.learn(os.environ)
            params: dict[str, str] = self._guarded("parameters", self._params, {})
            self._guarded("data", self._written, None)
            self._guarded("profiles", lambda: self._profiles.take(self._frames.fresh()), None)
            self.warnings += self._frames.problems
            if self.analysis.problem and error is None:
                self.warnings.append(f"source not read ({self.analysis.problem}): what it names is missing")
            run = replace(
                self.run,
                status=status_of(error),
                ended_at=self.run.started_at + spent.duration,
                duration=spent.duration,
                cpu=spent.cpu,
                peak_memory=spent.peak_memory,
                params=self.redactor.mapping(params),
                metrics=metrics,
                metric_functions=made_by,
                code=self.redactor.text(self.run.code),
                tags=self.redactor.mapping(self.run.tags),
                profiles={mark: self.redactor.text(said)[:200] for mark, said in self._profiles.said.items()},
                data=tuple(replace(ref, origin=self.redactor.text(ref.origin)) for ref in self._frames.refs.values()),
                error=self._guarded("error", lambda: self._error(error), None),
                environment=self._guarded("environment", read_environment, None),
                uses_mlflow=self.run.uses_mlflow or "mlflow" in sys.modules,
            )
            run, blobs = self._with_files(run, failed=run.status != "FINISHED")
        run = replace(run, redactions=self.redactor.count, tracking=self._overhead)
        if self._watch is not None:
            noted.clear()
            forget_judged()
        return Captured(run, tuple(blobs), tuple(dict.fromkeys(self.warnings)))

    def ended(self, error: BaseException | None = None, why: str = "") -> Captured:
        """Give the bare end of the run, where :meth:`finish` did not come to its own."""
        if self._watch is not None:
            self._guarded("outputs", self._watch.stop, None)
        now = time.time()
        run = replace(
            self.run,
            status=status_of(error),
            ended_at=now,
            duration=now - self.run.started_at,
            error=self._guarded("error", lambda: self._error(error), None),
        )
        return Captured(run, (), (*self.warnings, *filter(None, [why])))

    def _with_files(self, run: Run, *, failed: bool) -> tuple[Run, list[tuple[ArtifactRef, bytes]]]:
        blobs: list[tuple[ArtifactRef, bytes]] = []
        blobs += self._guarded("profiles", lambda: self._profiles.blobs(self.redactor), [])
        if self._watch is not None:
            streams = {name: self.redactor.text(tail.text()) for name, tail in self._watch.streams.items()}
            run = replace(run, stdout=streams["stdout"], stderr=streams["stderr"])
            blobs += self._guarded("figures", self._watch.figures.blobs, [])
            blobs += self._guarded("predictions", lambda: judged_files(self._root, self.redactor), [])
        if self.options.store_models:
            stored: list[StoredModel] = self._guarded("models", lambda: self._models(run), [])
            run = replace(
                run,
                models=tuple(replace(model.ref, problem=self.redactor.text(model.ref.problem)) for model in stored),
            )
            blobs += [model.blob for model in stored if model.blob is not None]
            blobs += self._guarded("training data", lambda: self._training(run, stored), [])
        if self._git is not None:
            unknown: tuple[GitState | None, str] = (None, "")
            state, patch = self._guarded("git", self._git.read, unknown)
            run = replace(run, git=state)
            if patch:
                blobs.append(_text_file("git.diff", self.redactor.text(patch), "text/x-diff", "diff"))
        return replace(run, artifacts=tuple(ref for ref, _ in blobs)), blobs

    def _leave_out(self, error: BaseException | None) -> None:
        """Leave out what a block that did not finish has not bound: it is of an earlier one."""
        if status_of(error) == "FINISHED":
            return
        # Literals stay: a constant bound again is the same object, and their values are told apart by the source.
        seen = self.analysis.mutated | self.analysis.literals.keys()
        hidden = self._before.unchanged(self._namespace) - seen
        self._namespace = {name: value for name, value in self._namespace.items() if name not in hidden}
        self._finished = False

    def _metric_calls(self) -> dict[str, str]:
        return metric_names(self.analysis.calls, self._namespace, self.analysis)

    def _metrics(self, shown: Any) -> tuple[dict[str, float], dict[str, str]]:
        return find_metrics(
            self.analysis,
            self._namespace,
            functions=self.functions,
            # A block inside a tracked cell must not take what the cell's own calls gave.
            recorded=dict(calls.recorded) if self._watch is not None else {},
            shown=shown,
            forced=self.options.metrics,
            excluded=self.options.params,
        )

    def _params(self) -> dict[str, str]:
        options = self.options
        return find_params(
            self.analysis,
            self._namespace,
            unchanged=self._before.unchanged(self._namespace),
            forced=options.params,
            excluded=options.metrics,
        )

    def _written(self) -> None:
        analysis = self.analysis
        self._frames.written(
            self._namespace, analysis.names_written, analysis.mutated, analysis.readers, finished=self._finished
        )

    def _models(self, run: Run) -> list[StoredModel]:
        found = find_models(
            self.analysis, self._namespace, self._states, chosen=self.options.models, finished=self._finished
        )
        for name in self.options.models:
            if name not in found and self._finished:
                self.warnings.append(f"there is no {name!r} to store as a model")
        self._models_found = found
        return [store_model(name, value, run.data) for name, value in found.items()]

    def _training(self, run: Run, stored: list[StoredModel]) -> list[tuple[ArtifactRef, bytes]]:
        outputs = Outputs(self.analysis, self._namespace, cell=self._watch is not None)
        facts = TrainingFacts(self._root, self.analysis, self._namespace, run.data, self.redactor, outputs)
        blobs = [facts.of(model.ref, self._models_found[model.ref.name]) for model in stored if model.ref.digest]
        return [blob for blob in blobs if blob is not None]

    def _error(self, error: BaseException | None) -> ErrorInfo | None:
        if error is None:
            return None
        files = getattr(getattr(self._shell, "compile", None), "_filename_map", None)
        info = describe(error, files=files if isinstance(files, dict) else None)
        return replace(info, message=self.redactor.text(info.message), traceback=self.redactor.text(info.traceback))

    def _guarded(self, what: str, step: Callable[[], _Result], otherwise: _Result) -> _Result:
        # Interrupts too: a second Ctrl-C must not turn the user's finished cell into a failed one.
        try:
            return step()
        except (Exception, KeyboardInterrupt) as error:
            self.interrupted = self.interrupted or isinstance(error, KeyboardInterrupt)
            self.warnings.append(f"{what} not captured ({type(error).__name__}: {error})"[:300])
            return otherwise

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._overhead += time.perf_counter() - begun


def _unread(source: str) -> Analysis:
    return Analysis(source=source, digest=hashlib.sha256(source.encode("utf-8", "replace")).hexdigest())


def _text_file(path: str, text: str, media_type: str, kind: str) -> tuple[ArtifactRef, bytes]:
    data = text.encode("utf-8", "replace")
    digest = hashlib.sha256(data).hexdigest()
    return ArtifactRef(path=path, digest=digest, size=len(data), media_type=media_type, kind=kind), data
