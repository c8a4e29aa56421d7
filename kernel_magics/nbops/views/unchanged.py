"""A build in which nothing had to run, as text. Imports nothing: that build is over before anything is loaded."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def unchanged_text(name: str, stages: Sequence[tuple[str, str]]) -> str:
    """Say that nothing has changed.

    Parameters
    ----------
    name
        The pipeline.
    stages
        Name of each stage, and the run that its results are of.
    """
    width = max((len(stage) for stage, _ in stages), default=0)
    lines = [f"○ {stage:<{width}}  skipped  {run[:8]:<8}  unchanged" for stage, run in stages]
    # What a terminal would obey instead of print.
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return "\n".join([f"{shown} succeeded: nothing has changed", *lines])
