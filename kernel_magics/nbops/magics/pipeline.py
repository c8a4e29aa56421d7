"""``%pipeline run FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call
from nbops.views.pipeline import progress_html, result_html, result_text

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineEvent

_GRAMMAR = Grammar(
    "%pipeline",
    "Run the stages of a pipeline file that have changed: %pipeline run pipeline.toml",
    [Option("force", "run every stage")],
    words="run file",
)


def pipeline(line: str) -> None:
    """Run a pipeline, with progress in place.

    Raises
    ------
    UsageError
        The line names no action and file.
    PipelineError
        The pipeline is wrong, or a stage failed.
    """
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    words = call.arguments.words
    if len(words) != 2 or words[0] != "run":
        raise UsageError("%pipeline needs an action and a file.", hint="Say %pipeline run pipeline.toml")
    from nbops.pipelines.engine import execute_pipeline

    progress = _Progress(Path(words[1]).name)
    try:
        # A file may belong to another workspace than the notebook; a name is one of this workspace's nbops.toml.
        chosen = None if Path(words[1]).expanduser().is_file() else call.workspace
        result = execute_pipeline(
            words[1], force=call.arguments.flag("force"), on_event=progress.tell, workspace=chosen
        )
    except BaseException:
        progress.stop()
        raise
    progress.show(result_text(result), result_html(result))
    if result.failure is not None:
        raise result.failure


class _Progress:
    """One output that changes while stages go on."""

    def __init__(self, name: str) -> None:
        from IPython.display import display

        self._name = name
        self._stages: dict[str, tuple[str, str]] = {}
        self._handle: Any = display(self._bundle("starting"), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def tell(self, event: PipelineEvent) -> None:
        """Show what happened."""
        status = "running" if event.kind in {"stage", "cell"} else event.kind
        words = f"cell {event.cell} of {event.cells}" if event.kind == "cell" else event.message
        self._stages[event.stage] = (status, words or self._stages.get(event.stage, ("", ""))[1])
        self.show(f"{event.stage} {status} {words}", progress_html(self._name, self._rows()))

    def stop(self) -> None:
        """Say that what ran was stopped."""
        self._stages = {
            stage: ("failed", "stopped") if status == "running" else (status, words)
            for stage, (status, words) in self._stages.items()
        }
        self.show("stopped", progress_html(self._name, self._rows()))

    def show(self, text: str, html: str) -> None:
        """Put something in the output's place."""
        if self._handle is not None:
            self._handle.update({"text/plain": text, "text/html": html}, raw=True)

    def _rows(self) -> list[tuple[str, str, str]]:
        return [(stage, status, words) for stage, (status, words) in self._stages.items()]

    def _bundle(self, text: str) -> dict[str, str]:
        return {"text/plain": text, "text/html": progress_html(self._name, self._rows())}
