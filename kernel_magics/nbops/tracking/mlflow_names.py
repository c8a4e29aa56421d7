"""Names as MLflow takes them: what is refused there is replaced, and what was different stays different."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

# Keys may have 250 characters; names of runs and experiments have columns of about that many.
LONGEST = 250


def safe_name(name: str) -> str:
    """Give a name that MLflow takes for a parameter, metric or tag."""
    text = re.sub(r"[^\w\-. :/]", "_", name)[:LONGEST]
    text = re.sub(r"/+", "/", text).strip("/ ") or "_"
    # A segment of dots alone means a folder, and so would the two that a name begins with.
    text = re.sub(r"(^|/)\.+(?=/|$)", r"\1_", text)
    return re.sub(r"^\.\.+", "_", text)


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Give a name that MLflow takes for each of several, none of them twice."""
    wanted = sorted(set(names))
    # Those that are good as they are keep their names.
    found = {name: name for name in wanted if safe_name(name) == name}
    taken = set(found)
    for name in wanted:
        if name in found:
            continue
        safe = safe_name(name)
        if safe in taken:
            safe = f"{safe[: LONGEST - 9]}_{_mark(name)}"
        found[name] = safe
        taken.add(safe)
    return found


def short_name(name: str) -> str:
    """Give a name of a run or experiment that is short enough; cut ones end in a mark of the whole."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}_{_mark(name)}"


def model_name(name: str) -> str:
    """Give a name that MLflow takes for a logged model."""
    return short_name(re.sub(r"[/:.%\"']", "_", name) or "model")


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
