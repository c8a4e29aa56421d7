"""From an exception to the status of a run and a plain text of what happened."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from types import TracebackType

from nbops.records import ErrorInfo, RunStatus

_ANSI = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
_LIMIT = 64_000
_SHELL_FOLDERS = ("/IPython/core/", "/ipykernel/")


def status_of(error: BaseException | None) -> RunStatus:
    """Give the status of a run that ended with ``error``."""
    if error is None:
        return "FINISHED"
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "KILLED"
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "FINISHED"
    return "FAILED"


def describe(error: BaseException, *, files: Mapping[str, object] | None = None) -> ErrorInfo:
    """Describe an exception, with its traceback from the user's first frame on.

    Parameters
    ----------
    files
        Names of the temporary files that the kernel gives to the code of cells, with the number of each.
    """
    try:
        lines = traceback.format_exception(type(error), error, _from_user(error.__traceback__))
        text = "".join(lines)
    except Exception:  # an exception's own methods may raise
        text = ""
    for file, number in (files or {}).items():
        if file in text:
            text = text.replace(f'File "{file}"', f"Cell In[{number}]")
    try:
        message = str(error)
    except Exception:
        message = "(its text cannot be shown)"
    return ErrorInfo(type=type(error).__name__, message=plain(message)[:4000], traceback=plain(text)[-_LIMIT:])


def plain(text: str) -> str:
    """Take colour codes out of a text."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _from_user(trace: TracebackType | None) -> TracebackType | None:
    """Skip the frames of the shell itself, which come first."""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if not any(folder in name for folder in _SHELL_FOLDERS):
            break
        trace = trace.tb_next
    return trace
