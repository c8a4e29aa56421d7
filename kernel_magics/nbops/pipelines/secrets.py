"""What may be kept of parameters, outputs and messages in which there are secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.pipelines.outputs import Output, read_outputs
from nbops.redaction import MARK, Redactor

WITHHELD = "withheld"
# Enough to see that a secret was exchanged, too few to find it out by trying.
_DIGITS = 4


def shown(values: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    """Give values as text without their secrets, and how many were replaced."""
    redactor = Redactor()
    found = {name: next(iter(redactor.mapping({name: _text(value)}).values())) for name, value in values.items()}
    return found, redactor.count


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values as they may be compared later: a secret is replaced, and told from another by a short digest."""
    texts, _ = shown(values)
    return {
        name: value if texts[name] == _text(value) else f"{texts[name]} ({_digest(_text(value))})"
        for name, value in values.items()
    }


def is_marked(value: Any) -> bool:
    """Whether something was replaced in a value."""
    return MARK in _text(value)


def collected(folder: Path) -> dict[str, Output]:
    """Read the outputs of a stage; files that hold a secret are removed, and its digest is shortened."""
    found = read_outputs(folder)
    for name, item in found.items():
        if item.kind in {"json", "literal"} and kept({name: item.value})[name] != item.value:
            (folder / f"{name}.json").unlink(missing_ok=True)
            found[name] = replace(item, digest=item.digest[:_DIGITS], model={WITHHELD: True})
    return found


def without_secrets(outputs: Mapping[str, Output]) -> dict[str, Output]:
    """Give outputs as they may be kept between two runs: of a secret only that there was one."""
    return {
        name: replace(item, kind=WITHHELD, value=MARK, model={}) if item.model.get(WITHHELD) else item
        for name, item in outputs.items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
