"""What a person is told on some route: the same words and facts, in the form that the route has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell.

    ``event`` names it for machines, ``headline`` says it in a line without a full stop, ``facts`` are told by name where they
    are not empty, ``closing`` is what a mail ends with. ``payload`` is the body of a signed webhook, beside its name.
    """

    event: str
    headline: str
    facts: Mapping[str, str] = field(default_factory=dict)
    closing: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
