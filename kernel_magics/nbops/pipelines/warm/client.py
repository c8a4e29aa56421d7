"""A kernel client that is ready as soon as the kernel is."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

_QUICK = 10


class QuickClient(AsyncKernelClient):
    """Waits for the kernel's answer and for its way to us, and not a fixed time for messages that matter to nobody.

    ``jupyter_client``'s own client asks once a second and then waits until 0.2 s have passed without any message. Whoever
    executes a cell looks for messages of that cell, so that those of our question, should some still be on the way, do no harm.
    """

    def _context_default(self) -> Any:
        context = zmq.asyncio.Context()
        # The kernel may not listen yet: try again soon.
        context.setsockopt(zmq.RECONNECT_IVL, _QUICK)
        # A cell may show things faster than they are kept; by default what is beyond a thousand is thrown away.
        context.setsockopt(zmq.RCVHWM, 0)
        self._created_context = True
        return context

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until the kernel answers and its outputs arrive.

        Raises
        ------
        RuntimeError
            It died, or did not answer in time.
        """
        end = time.monotonic() + (120.0 if timeout is None else timeout)
        while True:
            asked = self.kernel_info()
            reply = await self._answer(asked, end)
            self._handle_kernel_info_reply(reply)
            if await self._heard(asked, 0.1):
                return
            if time.monotonic() > end:
                raise RuntimeError("the kernel answers, but its outputs do not arrive")

    async def _answer(self, asked: str, end: float) -> Any:
        while True:
            try:
                message = await self.shell_channel.get_msg(timeout=0.5)
                if message["parent_header"].get("msg_id") == asked:
                    return message
            except Empty:
                if not await self._async_is_alive():
                    raise RuntimeError("the kernel died before it answered") from None
                if time.monotonic() > end:
                    raise RuntimeError("the kernel did not answer in time") from None

    async def _heard(self, asked: str, patience: float) -> bool:
        """Whether the end of the kernel's answer is published to us: what it publishes next will be, too."""
        try:
            while True:
                message = await self.iopub_channel.get_msg(timeout=patience)
                ours = message["parent_header"].get("msg_id") == asked
                if ours and message["content"].get("execution_state") == "idle":
                    return True
        except Empty:
            return False
