"""One output of a cell that changes while the stages of a pipeline go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbops.views.pipeline import StageLine, progress_html

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineEvent

# More often than this nobody can read it, and every change is a message to the browser.
_EVERY = 0.2


class Progress:
    """Shows each stage with its cells, its last line of output and how long it has taken.

    Parameters
    ----------
    name
        What runs, for the head.
    """

    def __init__(self, name: str) -> None:
        from IPython.display import display

        self._name = name
        self._stages: dict[str, StageLine] = {}
        self._begun: dict[str, float] = {}
        self._drawn = 0.0
        self._handle: Any = display(  # type: ignore[no-untyped-call]
            {"text/plain": "starting", "text/html": progress_html(name, [])}, raw=True, display_id=True
        )

    def tell(self, event: PipelineEvent) -> None:
        """Show what happened."""
        now = time.monotonic()
        if event.kind == "stage":
            self._begun[event.stage] = now
        running = event.kind in {"stage", "cell", "retry"}
        known = self._stages.get(event.stage)
        line = StageLine(
            name=event.stage,
            status="running" if running else event.kind,
            words=event.message or (known.words if known and running else ""),
            cell=event.cell,
            cells=event.cells,
            seconds=event.duration if not running else now - self._begun.get(event.stage, now),
        )
        self._stages[event.stage] = line
        if event.kind != "cell" or now - self._drawn > _EVERY:
            self._drawn = now
            self.show(f"{line.name} {line.status} {line.words}", progress_html(self._name, [*self._stages.values()]))

    def stop(self) -> None:
        """Say that what ran was stopped."""
        self._stages = {
            name: StageLine(name=name, status="stopped", words="stopped") if line.status == "running" else line
            for name, line in self._stages.items()
        }
        self.show("stopped", progress_html(self._name, [*self._stages.values()]))

    def show(self, text: str, html: str) -> None:
        """Put something in the output's place."""
        if self._handle is not None:
            self._handle.update({"text/plain": text, "text/html": html}, raw=True)
