"""Watches tracked cells from outside: begins a run before the cell, finishes it after, shows the card.

Nothing here raises into the user's session: a failure of ours is one line, and the cell's result is its own.
"""

from __future__ import annotations

import ast
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from nbops.capture import Captured, Options, Probe
from nbops.capture.calls import Rewriter
from nbops.capture.place import locate
from nbops.errors import NbopsError, UsageError
from nbops.magics.arguments import Arguments, expand
from nbops.magics.header import Header, find_header
from nbops.magics.track import GRAMMAR
from nbops.records import Card, CellRef
from nbops.tracking import active
from nbops.tracking.compare import changes
from nbops.tracking.outbox import Family, Outbox
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace, find_workspace


@dataclass(slots=True)
class _Open:
    """The cell that is being tracked."""

    info: Any
    request: str
    thread: int
    probe: Probe
    outbox: Outbox
    workspace: Workspace
    entry: active.ActiveRun
    rewriter: Rewriter | None
    mlflow_run: str
    overhead: float


class CellTracker:
    """Tracks the cells of one shell, one at a time; what a tracked cell runs inside belongs to it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._open: _Open | None = None
        self._outboxes: dict[str, Outbox] = {}

    def begin(self, info: Any) -> None:
        """Take up a cell that is about to run (``pre_run_cell``)."""
        header = find_header(info.raw_cell)
        if header is None or not header.body.strip() or not self._free():
            return
        with _quiet():
            try:
                arguments = GRAMMAR.parse(header.line)
            except UsageError:
                return
            if not arguments.help:
                self._start(info, header, arguments)

    def end(self, result: Any) -> None:
        """Finish the run of the cell that has ended (``post_run_cell``)."""
        opened = self._open
        if opened is None or not _belongs(result, opened):
            return
        with _quiet():
            self._finish(opened, result)

    def close(self) -> None:
        """Finish what is open, because the extension is being taken out."""
        if self._open is not None:
            with _quiet():
                self._finish(self._open, None, left=True)

    def _free(self) -> bool:
        opened = self._open
        if opened is None:
            return True
        if opened.thread != threading.get_ident() or not opened.request or opened.request == self._request():
            return False
        # Its end was never announced; nothing else will close it.
        with _quiet():
            self._finish(opened, None)
        return True

    def _start(self, info: Any, header: Header, arguments: Arguments) -> None:
        begun = time.perf_counter()
        namespace = self._shell.user_ns
        try:
            arguments = expand(arguments, namespace)
        except UsageError as error:
            _say(f"{error} The option is taken as it stands.")
        cell = locate(_metadata(info), namespace, execution_count=self._shell.execution_count - 1 or None)
        if not getattr(info, "store_history", True):
            cell = replace(cell, execution_count=None)
        try:
            workspace = find_workspace(cell.notebook or None)
            workspace.ensure()
        except NbopsError as error:
            _say(f"this cell is not tracked: {error}")
            return
        outbox = self._outboxes.setdefault(str(workspace.root), Outbox(workspace))
        source = self._python(header, info)
        probe = Probe(
            workspace,
            source,
            namespace,
            shown_source=header.rest,
            cell=cell,
            options=_options(arguments),
            shell=self._shell,
            process=process_identity(),
        )
        if probe.run.uses_mlflow:
            _prepare_mlflow(workspace, probe)
        rewriter = Rewriter(probe.functions) if probe.functions else None
        run = probe.start()
        entry = active.ActiveRun(run.run_id, run.name, _mlflow_tags(probe, cell))
        opened = _Open(
            info,
            self._request(),
            threading.get_ident(),
            probe,
            outbox,
            workspace,
            entry,
            rewriter,
            _active_mlflow_run(),
            0.0,
        )
        try:
            outbox.start(run)
        except NbopsError as error:
            probe.finish()
            _say(f"this cell is not tracked: {error}")
            return
        active.enter(entry)
        if rewriter is not None:
            self._shell.ast_transformers.append(rewriter)
        opened.overhead = time.perf_counter() - begun
        self._open = opened
        probe.resume()

    def _finish(self, opened: _Open, result: Any, *, left: bool = False) -> None:
        begun = time.perf_counter()
        self._open = None
        active.leave(opened.entry)
        if opened.rewriter in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(opened.rewriter)
        error = None if left else _error_of(result)
        shown = getattr(result, "result", None)
        captured = opened.probe.finish(error, shown=shown, cell_file=_cell_file(error))
        _end_mlflow_run(opened.mlflow_run, captured)
        family = Family()
        warnings = list(captured.warnings)
        try:
            family = opened.outbox.family(captured.run.cell.key)
        except NbopsError as problem:
            warnings.append(str(problem))
        spent = opened.overhead + time.perf_counter() - begun
        run = replace(captured.run, attempt=family.count + 1, tracking=spent)
        try:
            opened.outbox.finish(run, captured.blobs)
        except NbopsError as problem:
            _say(f"this run could not be written down: {problem}")
            return
        run = replace(run, tracking=opened.overhead + time.perf_counter() - begun)
        card = Card(
            run=run,
            previous=family.history[-1] if family.history else None,
            changes=changes(family.previous, run),
            history=family.history,
            warnings=tuple(warnings),
            workspace=str(opened.workspace.root),
        )
        self._show(card, hidden=opened.probe.clear_pending)
        _start_courier(opened.workspace)

    def _show(self, card: Card, *, hidden: bool) -> None:
        # An output now would wipe those of a cell that ended with clear_output(wait=True).
        if hidden:
            return
        from nbops.views.card import card_bundle

        self._shell.display_pub.publish(data=card_bundle(card), metadata={})

    def _python(self, header: Header, info: Any) -> str:
        """Give the cell as Python for reading: as IPython has transformed it, or the body below other magics."""
        transformed = getattr(info, "transformed_cell", None)
        above = any(line.strip().startswith("%%") for line in header.rest.splitlines() if line.strip())
        if not above and isinstance(transformed, str):
            return transformed
        try:
            ast.parse(header.body)
            return header.body
        except SyntaxError:
            return str(self._shell.transform_cell(header.body))

    def _request(self) -> str:
        parent = getattr(self._shell, "parent_header", None)
        if not isinstance(parent, dict):
            getter = getattr(self._shell, "get_parent", None)
            parent = getter() if callable(getter) else None
        message = parent.get("header", parent) if isinstance(parent, dict) else {}
        return str(message.get("msg_id", ""))


def _options(arguments: Arguments) -> Options:
    tags = dict(tag.partition("=")[::2] for tag in arguments.all("tag"))
    return Options(
        name=arguments.one("name") or " ".join(arguments.words),
        experiment=arguments.one("experiment"),
        tags=tags,
        params=arguments.all("param"),
        metrics=arguments.all("metric"),
        models=arguments.all("model"),
        store_models=not arguments.flag("no-model"),
    )


def _metadata(info: Any) -> dict[str, Any]:
    found = getattr(info, "cell_meta", None)
    metadata = dict(found) if isinstance(found, dict) else {}
    if getattr(info, "cell_id", None):
        metadata.setdefault("cellId", info.cell_id)
    return metadata


def _belongs(result: Any, opened: _Open) -> bool:
    if opened.thread != threading.get_ident():
        return False
    if result is None:
        # An interrupted asynchronous cell ends without a result.
        return True
    info = getattr(result, "info", None)
    return info is opened.info or getattr(info, "raw_cell", None) == opened.info.raw_cell


def _error_of(result: Any) -> BaseException | None:
    if result is None:
        return KeyboardInterrupt()
    found = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
    return found if isinstance(found, BaseException) else None


def _cell_file(error: BaseException | None) -> str:
    """Give the file name under which the failing cell was compiled."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "ipykernel_" in name or name.startswith("<ipython-input"):
            return name
        trace = trace.tb_next
    return ""


def _prepare_mlflow(workspace: Workspace, probe: Probe) -> None:
    if os.environ.get("MLFLOW_TRACKING_URI") != workspace.mlflow_uri:
        return
    from nbops.tracking import mlflow_store

    try:
        mlflow_store.ensure_in_subprocess(workspace)
    except (NbopsError, OSError, ValueError) as error:
        probe.warnings.append(str(error))


def _mlflow_tags(probe: Probe, cell: CellRef) -> dict[str, str]:
    tags = {
        "nbops.notebook": cell.notebook,
        "nbops.cell_id": cell.cell_id,
        "nbops.code_digest": probe.run.code_digest,
        "nbops.kind": probe.run.kind,
        "nbops.git_commit": probe.commit,
    }
    return {name: value for name, value in tags.items() if value}


def _active_mlflow_run() -> str:
    mlflow = sys.modules.get("mlflow")
    try:
        run = mlflow.active_run() if mlflow is not None else None
        return str(run.info.run_id) if run is not None else ""
    except Exception:  # MLflow's state is not ours
        return ""


def _end_mlflow_run(before: str, captured: Captured) -> None:
    """End the MLflow run that the cell left open, with the cell's status."""
    mlflow = sys.modules.get("mlflow")
    try:
        while mlflow is not None and _active_mlflow_run() not in ("", before):
            mlflow.end_run("KILLED" if captured.run.status == "KILLED" else captured.run.status)
    except Exception as error:  # MLflow's server may be away
        _say(f"the MLflow run of this cell could not be ended: {error}")


def _start_courier(workspace: Workspace) -> None:
    if not workspace.courier_wanted:
        return
    from nbops.tracking import courier

    courier.ensure_running(workspace)


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:  # the user's session comes first
        _say(f"tracking failed, the cell itself did not: {type(error).__name__}: {error}")


def _say(text: str) -> None:
    print("nbops: " + " ".join(text.split()), file=sys.stderr)
