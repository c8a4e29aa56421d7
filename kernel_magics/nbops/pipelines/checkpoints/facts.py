"""What the state of a stage's kernel depends on beside its notebook, parameters and modules. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# The rest of what a stage is made of is compared with the state itself, cell by cell and module by module.
_WORDS = {"inputs": "input", "upstream": "what comes from", "environment": "the variable"}


def facts_of(parts: Mapping[str, Any]) -> dict[str, str]:
    """Give digests of what a stage reads, by words for people, from the parts that decide whether it runs."""
    return {f"{word} {name}": _digest(value) for part, word in _WORDS.items() for name, value in parts[part].items()}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
