"""What a kernel is asked for besides its cells: to keep every output, and to know which cell it executes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

# In the thread to which the socket belongs; 23 is ZMQ_SNDHWM.
_NO_LIMIT = "(lambda thread: thread.schedule(lambda: thread.socket.setsockopt(23, 0)))(get_ipython().kernel.iopub_thread) or None"


def name_cells(client: Any, cell: Callable[[], Any], known: Collection[str]) -> None:
    """Have a kernel client tell the kernel which cell it executes, as JupyterLab does.

    Parameters
    ----------
    client
        A kernel client of jupyter_client.
    cell
        Gives the cell that executes now.
    known
        Ids that cells have in their file; others would name another cell each time.
    """
    session = client.session
    message = session.msg

    def with_cell(kind: str, *arguments: Any, **options: Any) -> Any:
        made = message(kind, *arguments, **options)
        if kind == "execute_request" and (cell() or {}).get("id") in known:
            made["metadata"]["cellId"] = cell()["id"]
        return made

    session.msg = with_cell


def hear_everything(client: Any) -> None:
    """Have a Python kernel throw no outputs away, however fast they come; by default it keeps a thousand for us.

    It does so before it executes what it is asked for next. Its answer is of no use to anybody.
    """
    client.execute("", silent=True, store_history=False, allow_stdin=False, user_expressions={"nbops": _NO_LIMIT})
