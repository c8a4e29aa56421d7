"""Identifiers of predictions: UUIDs of version 7 (RFC 9562), which sort by the time they were made."""

from __future__ import annotations

import os
import time

import numpy as np


def new_ids(count: int) -> list[str]:
    """Make so many identifiers; those of one call sort in their order."""
    parts = np.frombuffer(os.urandom(16 * count), np.uint8).reshape(count, 16).copy()
    parts[:, :6] = np.frombuffer((time.time_ns() // 1_000_000).to_bytes(6, "big"), np.uint8)
    order = np.arange(count, dtype=np.uint64)
    # 26 bits that count up: the twelve after the version, the fourteen after the variant.
    parts[:, 6] = 0x70 | (order >> np.uint64(22) & np.uint64(0x0F))
    parts[:, 7] = order >> np.uint64(14) & np.uint64(0xFF)
    parts[:, 8] = 0x80 | (order >> np.uint64(8) & np.uint64(0x3F))
    parts[:, 9] = order & np.uint64(0xFF)
    text = parts.tobytes().hex()
    return [
        f"{text[at : at + 8]}-{text[at + 8 : at + 12]}-{text[at + 12 : at + 16]}-{text[at + 16 : at + 20]}-{text[at + 20 : at + 32]}"
        for at in range(0, 32 * count, 32)
    ]
