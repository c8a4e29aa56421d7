"""What a cell shows while it runs: figures as already rendered, and the tail of its standard streams.

Nothing is replaced: in a Jupyter kernel the messages are looked at on their way out, through the hooks ipykernel
has for that.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import sys
import threading
from typing import Any

from nbops.records import ArtifactRef

TAIL = 64_000
_MAX_FIGURES = 50
_IMAGES = {"image/png": "png", "image/svg+xml": "svg", "image/jpeg": "jpg"}


class Tail:
    """The last part of a text that is written in pieces, by any thread."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Take a piece."""
        with self._lock:
            self._pieces.append(text)
            self._size += len(text)
            if self._size > 4 * TAIL:
                kept = "".join(self._pieces)[-TAIL:]
                self._pieces, self._size = [kept], len(kept)

    def text(self) -> str:
        """Give the last :data:`TAIL` characters."""
        with self._lock:
            return "".join(self._pieces)[-TAIL:]


class Figures:
    """Images shown, each once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, bytes]] = {}

    def add(self, media_type: str, content: Any) -> None:
        """Take one image as it stands in a message."""
        if len(self._found) >= _MAX_FIGURES:
            return
        if isinstance(content, str):
            data = content.encode() if media_type == "image/svg+xml" else base64.b64decode(content)
        else:
            data = bytes(content)
        self._found.setdefault(hashlib.sha256(data).hexdigest(), (media_type, data))

    def blobs(self) -> list[tuple[ArtifactRef, bytes]]:
        """Give the images as artifacts, in the order they were shown."""
        made = []
        for number, (digest, (media_type, data)) in enumerate(self._found.items(), 1):
            path = f"figures/figure_{number}.{_IMAGES[media_type]}"
            ref = ArtifactRef(path=path, digest=digest, size=len(data), media_type=media_type, kind="figure")
            made.append((ref, data))
        return made


class Watch:
    """Looks at what a shell shows, from :meth:`start` to :meth:`stop`."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.figures = Figures()
        self.streams = {"stdout": Tail(), "stderr": Tail()}
        self.clear_pending = False
        self._hooked: list[Any] = []
        self._streams: list[tuple[Any, Any]] = []
        self._wrapped: list[tuple[Any, Any, bool]] = []

    def start(self) -> None:
        """Begin to look."""
        publisher: Any
        for publisher in (getattr(self._shell, "display_pub", None), getattr(self._shell, "displayhook", None)):
            if callable(getattr(publisher, "register_hook", None)):
                publisher.register_hook(self._displayed)
                self._hooked.append(publisher)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if hasattr(stream, "pub_thread") and hasattr(stream, "register_hook"):
                self._hook_stream(name, stream)
            else:
                self._wrap_stream(name, stream)

    def stop(self) -> None:
        """Stop looking; everything is as it was before :meth:`start`."""
        for publisher in self._hooked:
            publisher.unregister_hook(self._displayed)
        for stream, hook in self._streams:
            with contextlib.suppress(Exception):
                stream.flush()
                stream.pub_thread.schedule(_later(stream.unregister_hook, hook))
        for stream, write, own in self._wrapped:
            with contextlib.suppress(Exception):
                if own:
                    stream.write = write
                else:
                    del stream.write
        self._hooked, self._streams, self._wrapped = [], [], []

    def _displayed(self, message: Any) -> Any:
        try:
            kind = message["msg_type"]
            content = message["content"]
            if kind == "clear_output":
                self.clear_pending = bool(content.get("wait"))
            else:
                self.clear_pending = self.clear_pending and kind == "update_display_data"
                data = content.get("data", {})
                media_type = next((known for known in _IMAGES if known in data), None)
                if media_type is not None:
                    self.figures.add(media_type, data[media_type])
        except Exception:  # the message goes out whatever happens to our copy
            pass
        return message

    def _hook_stream(self, name: str, stream: Any) -> None:
        tail = self.streams[name]
        # Hooks of a stream are kept per thread, and messages are made in the stream's own thread.
        request = _request(stream.parent_header)

        def hook(message: Any) -> Any:
            if _request(message.get("parent_header")) == request:
                tail.write(message["content"].get("text", ""))
                self.clear_pending = False
            return message

        stream.pub_thread.schedule(_later(stream.register_hook, hook))
        self._streams.append((stream, hook))

    def _wrap_stream(self, name: str, stream: Any) -> None:
        tail = self.streams[name]
        write = stream.write
        own = "write" in getattr(stream, "__dict__", {})

        def noted(text: Any, *args: Any, **kwargs: Any) -> Any:
            result = write(text, *args, **kwargs)
            if isinstance(text, str):
                tail.write(text)
            return result

        with contextlib.suppress(AttributeError, TypeError):
            stream.write = noted
            self._wrapped.append((stream, write, own))


def _request(header: Any) -> str:
    return str(header.get("msg_id", "")) if isinstance(header, dict) else ""


def _later(function: Any, argument: Any) -> Any:
    return lambda: function(argument)
