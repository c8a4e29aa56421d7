"""From an exception to the status of a run and a plain text of what happened."""

from __future__ import annotations

import re
import traceback
from types import TracebackType

from nbops.records import ErrorInfo
from nbops.records.runs import RunStatus

_ANSI = re.compile(r"\x1b\[[0-9;]{0,16}[A-Za-z]")
_LIMIT = 64_000
_SHELL_FILES = ("IPython/core/interactiveshell.py", "IPython/core/async_helpers.py", "ipykernel/zmqshell.py")


def status_of(error: BaseException | None) -> RunStatus:
    """Give the status of a run that ended with ``error``."""
    if error is None:
        return "FINISHED"
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "KILLED"
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return "FINISHED"
    return "FAILED"


def describe(error: BaseException, *, cell_file: str = "", label: str = "") -> ErrorInfo:
    """Describe an exception, with its traceback from the user's first frame on.

    Parameters
    ----------
    cell_file
        Name of the temporary file that the kernel gives to the code, replaced by ``label``.
    """
    try:
        lines = traceback.format_exception(type(error), error, _from_user(error.__traceback__))
        text = "".join(lines)
    except Exception:  # an exception's own methods may raise
        text = ""
    if cell_file and label:
        text = text.replace(f'File "{cell_file}"', label)
    try:
        message = str(error)
    except Exception:
        message = "(its text cannot be shown)"
    return ErrorInfo(type=type(error).__name__, message=plain(message)[:4000], traceback=plain(text)[-_LIMIT:])


def plain(text: str) -> str:
    """Take colour codes out of a text."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _from_user(trace: TracebackType | None) -> TracebackType | None:
    first = trace
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.replace("\\", "/").endswith(_SHELL_FILES):
            first = trace.tb_next
        trace = trace.tb_next
    return first
