"""Serving: a registered version answers over HTTP. One process, one model; batch, stream and edge are not there yet."""

from nbops.serving.served import Served, load_served

__all__ = ["Served", "load_served"]
