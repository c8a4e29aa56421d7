"""What goes over the sockets of a warm parent: small JSON messages, each whole or not at all, with open files.

The sockets keep the borders of messages (``SOCK_SEQPACKET``), so that nobody waits for the rest of one. What may be large,
an environment above all, lies in a file in memory that is handed over.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any

KIND = socket.SOCK_SEQPACKET if hasattr(socket, "SOCK_SEQPACKET") else socket.SOCK_STREAM
_LARGEST = 65536
_FILES = 8


def tell(connection: socket.socket, message: dict[str, Any], files: Sequence[int] = ()) -> None:
    """Send one message, with open files."""
    socket.send_fds(connection, [json.dumps(message).encode()], list(files))


def hear(connection: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive one message and its open files; ``None`` when the other side is gone.

    Raises
    ------
    ValueError
        It is no message of ours.
    """
    data, files, flags, _ = socket.recv_fds(connection, _LARGEST, _FILES, socket.MSG_CMSG_CLOEXEC)
    try:
        if not data:
            return None, files
        found = json.loads(data)
        if not isinstance(found, dict) or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise ValueError("no message of ours")
    except ValueError:
        close(files)
        raise
    return found, files


def packed(content: dict[str, Any]) -> int:
    """Put something of any size into a file in memory; give the open file."""
    file = os.memfd_create("nbops")
    with os.fdopen(os.dup(file), "wb") as writer:
        writer.write(json.dumps(content).encode())
    return file


def unpacked(file: int) -> dict[str, Any]:
    """Read what :func:`packed` wrote, wherever the file was read to."""
    return dict(json.loads(os.pread(file, os.fstat(file).st_size, 0)))


def close(files: Sequence[int]) -> None:
    """Close files that nobody needs."""
    for file in files:
        os.close(file)


def peer(connection: socket.socket) -> tuple[int, int]:
    """Give process and user of the other side, as the system knows them."""
    pid, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid), int(user)
