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

from nbops.capture import Options, Probe
from nbops.capture.calls import Rewriter
from nbops.capture.place import locate
from nbops.errors import NbopsError, UsageError
from nbops.magics.arguments import Arguments, expand
from nbops.magics.header import Header, find_header
from nbops.magics.track import GRAMMAR
from nbops.records import Card
from nbops.tracking import active, mlflow_session
from nbops.tracking.compare import changes
from nbops.tracking.ending import write_end
from nbops.tracking.interrupts import Held, held_back
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

    def begin(self, info: Any, held: Held) -> None:
        """Take up a cell that is about to run (``pre_run_cell``); ``held`` keeps interrupts off meanwhile."""
        header = find_header(info.raw_cell)
        if header is None or not header.body.strip() or not self._free():
            return
        with _quiet():
            try:
                arguments = GRAMMAR.parse(header.line)
            except UsageError:
                return
            if not arguments.help:
                self._start(info, header, arguments, held)

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

    def _start(self, info: Any, header: Header, arguments: Arguments, held: Held) -> None:
        begun = time.perf_counter()
        namespace = self._shell.user_ns
        try:
            with held.released():
                arguments = expand(arguments, namespace)
        except UsageError as error:
            _say(f"{error} The option is taken as it stands.")
        except KeyboardInterrupt:
            held.came = True
            return
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
            parent_id=os.environ.get("NBOPS_PARENT_RUN", ""),
        )
        rewriter = Rewriter(probe.functions) if probe.rewrites else None
        try:
            with held.released():
                problem = mlflow_session.prepare(workspace) if probe.run.uses_mlflow else ""
                if problem:
                    probe.warnings.append(problem)
                probe.start()
        except KeyboardInterrupt:
            probe.interrupted = True
        run = probe.run
        held.came = held.came or probe.interrupted
        entry = active.ActiveRun(run.run_id, run.name, mlflow_session.tags(run, probe.commit))
        opened = _Open(
            info,
            self._request(),
            threading.get_ident(),
            probe,
            outbox,
            workspace,
            entry,
            rewriter,
            mlflow_session.active_run(),
            0.0,
        )
        try:
            outbox.start(run)
        except NbopsError as error:
            probe.ended()
            _say(f"this cell is not tracked: {error}")
            return
        active.enter(entry)
        if rewriter is not None:
            self._shell.ast_transformers.append(rewriter)
        opened.overhead = time.perf_counter() - begun
        self._open = opened
        probe.resume()

    def _finish(self, opened: _Open, result: Any, *, left: bool = False) -> None:
        self._open = None
        with held_back() as held:
            try:
                card = self._written(opened, result, held, left=left)
            except NbopsError as failure:
                _say(f"this run could not be written down: {failure}")
                return
        self._show(card, hidden=opened.probe.clear_pending)
        _start_courier(opened.workspace)

    def _written(self, opened: _Open, result: Any, held: Held, *, left: bool) -> Card:
        begun = time.perf_counter()
        active.leave(opened.entry)
        if opened.rewriter in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(opened.rewriter)
        error = None if left else _error_of(result)
        shown = getattr(result, "result", None)
        try:
            with held.released():
                captured = opened.probe.finish(error, shown=shown)
        except (Exception, KeyboardInterrupt) as failure:
            captured = opened.probe.ended(error, f"not captured ({type(failure).__name__}: {failure})")
        family = Family()
        warnings = list(captured.warnings)
        problem = mlflow_session.end_runs(opened.mlflow_run, captured.run.status)
        if problem:
            warnings.append(problem)
        try:
            family = opened.outbox.family(captured.run.cell.key)
        except NbopsError as failure:
            warnings.append(str(failure))
        spent = opened.overhead + time.perf_counter() - begun
        run = replace(captured.run, attempt=family.count + 1, tracking=spent)
        run, problem = write_end(opened.outbox, run, captured.blobs)
        if problem:
            _say(f"run {run.name}: {problem}")
        run = replace(run, tracking=opened.overhead + time.perf_counter() - begun)
        return Card(
            run=run,
            previous=family.history[-1] if family.history else None,
            changes=changes(family.previous, run),
            history=family.history,
            warnings=tuple(warnings),
            workspace=str(opened.workspace.root),
        )

    def _show(self, card: Card, *, hidden: bool) -> None:
        # An output now would wipe those of a cell that ended with clear_output(wait=True).
        if hidden:
            return
        from nbops.views.card import card_bundle

        self._shell.display_pub.publish(data=card_bundle(card), metadata={})

    def _python(self, header: Header, info: Any) -> str:
        """Give the cell as Python: as IPython has transformed it, or the body of magics that run it as Python."""
        transformed = getattr(info, "transformed_cell", None)
        if not header.in_namespace and isinstance(transformed, str):
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


def _start_courier(workspace: Workspace) -> None:
    if not workspace.courier_wanted:
        return
    from nbops.tracking.launch import ensure_running

    ensure_running(workspace)


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:  # the user's session comes first
        _say(f"tracking failed, the cell itself did not: {type(error).__name__}: {error}")


def _say(text: str) -> None:
    print("nbops: " + " ".join(text.split()), file=sys.stderr)
