"""What goes into a capture and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbops.records import ArtifactRef, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user said about a run; each corrects what would be found.

    ``params``, ``metrics`` and ``models`` are names: the first two add a name to one kind and take it from the other,
    the last says which models to store.
    """

    name: str = ""
    experiment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    store_models: bool = True


@dataclass(frozen=True, slots=True)
class Captured:
    """A finished run, the files it names, and what went wrong in capturing it, a line each."""

    run: Run
    blobs: tuple[tuple[ArtifactRef, bytes], ...]
    warnings: tuple[str, ...]
