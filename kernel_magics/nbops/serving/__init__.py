"""Serving: a registered version answers over HTTP. One process, one model; batch, stream and edge are not there yet."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.serving.served import Served, load_served

__all__ = ["Served", "load_served"]

__getattr__, __dir__ = late(__name__, {"served": ["Served", "load_served"]})
