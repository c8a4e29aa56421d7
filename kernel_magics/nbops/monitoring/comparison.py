"""Two drift reports against each other: what is new, what has recovered, how far each column has moved."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import DataError

_LARGEST = 256 * 1024 * 1024
_RANK = {"drift": 2, "quality": 1}


def compare_reports(before: Any, after: Any) -> dict[str, Any]:
    """Compare two drift reports, column by column.

    Parameters
    ----------
    before, after
        Reports, the plain values that their ``to_dict`` gave, or paths of JSON files with those.

    Returns
    -------
    dict
        JSON-able: ``sentence``; ``newly_drifted``, ``recovered``, ``still_drifted``, ``new_quality``, ``gone``, ``came``: names;
        ``columns``: each with ``name``, ``kind``, ``before`` and ``after`` (``status``, ``effect``, ``reason``, ``picture``), ``change``
        of the effect and ``moved`` (``newly drifted``, ``recovered``, ``still drifted``, ``quality``, ``steady``, ``came``,
        ``gone``); ``sides``: of each ``sentence``, ``title``, ``rows``, ``about``; ``comparable``: empty, or why effects are not.

    Raises
    ------
    DataError
        One of them is no drift report.
    """
    old, new = _values(before), _values(after)
    pairs = _paired(old, new)
    columns = [_moved(name, *pair) for name, pair in pairs.items()]
    order = ("newly drifted", "recovered", "still drifted", "quality", "came", "gone", "steady")
    columns.sort(key=lambda c: (order.index(c["moved"]), -abs(c["change"] or 0.0), -(c["after"].get("effect") or 0.0)))
    named = {kind: [c["name"] for c in columns if c["moved"] == kind] for kind in order}
    return {
        "sentence": _sentence(named),
        "newly_drifted": named["newly drifted"],
        "recovered": named["recovered"],
        "still_drifted": named["still drifted"],
        "new_quality": named["quality"],
        "came": named["came"],
        "gone": named["gone"],
        "columns": columns,
        "sides": {"before": _side(old), "after": _side(new)},
        "comparable": _comparable(old, new),
    }


def _values(given: Any) -> Mapping[str, Any]:
    found: Any = given
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        try:
            if path.stat().st_size > _LARGEST:
                raise DataError(f"{path} is too large for a drift report.")
            found = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path} cannot be read as a drift report: {error}.",
                hint="It must be the JSON that `nbops drift … --json-out FILE` or report.to_json(FILE) wrote.",
            ) from error
    elif hasattr(given, "to_dict"):
        found = given.to_dict()
    columns = found.get("columns") if isinstance(found, Mapping) else None
    named = isinstance(columns, list) and all(
        isinstance(c, Mapping) and {"name", "status"} <= c.keys() for c in columns
    )
    if not isinstance(found, Mapping) or not named or not all(map(_as_written, columns or ())):
        raise DataError("This is no drift report.", hint="Give reports, or JSON files that nbops drift has written.")
    if not all(isinstance(found.get(key) or {}, Mapping) for key in ("rows", "about")):
        raise DataError("This is no drift report.", hint="Give reports, or JSON files that nbops drift has written.")
    return found


def _as_written(column: Mapping[str, Any]) -> bool:
    effect = column.get("effect")
    return isinstance(column["status"], str) and (effect is None or _number(effect) is not None)


def _paired(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    first = {str(c["name"]): c for c in old["columns"]}
    second = {str(c["name"]): c for c in new["columns"]}
    return {name: (first.get(name, {}), second.get(name, {})) for name in dict.fromkeys([*second, *first])}


def _moved(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    was, now = _RANK.get(str(old.get("status")), 0), _RANK.get(str(new.get("status")), 0)
    if not old or not new:
        moved = "came" if not old else "gone"
    elif now == 2:
        moved = "still drifted" if was == 2 else "newly drifted"
    elif was == 2:
        moved = "recovered"
    else:
        moved = "quality" if now == 1 else "steady"
    effects = _number(old.get("effect")), _number(new.get("effect"))
    change = None if effects[0] is None or effects[1] is None else round(effects[1] - effects[0], 6)
    kept = ("status", "effect", "reason", "picture", "p")
    return {
        "name": name,
        "kind": str(new.get("kind") or old.get("kind") or ""),
        "moved": moved,
        "change": change,
        "before": {key: old[key] for key in kept if key in old},
        "after": {key: new[key] for key in kept if key in new},
    }


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _side(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report.get(key) for key in ("sentence", "title", "rows", "about", "alpha", "min_effect")}


def _comparable(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Say why effects cannot be set side by side; another reference is another measure."""
    rows = [(report.get("rows") or {}).get("reference") for report in (old, new)]
    names = [(report.get("about") or {}).get("reference") for report in (old, new)]
    if rows[0] != rows[1] or (all(names) and names[0] != names[1]):
        return "the two reports go by different references, so their effects are not on one scale"
    settings = [(report.get("alpha"), report.get("min_effect")) for report in (old, new)]
    return "" if settings[0] == settings[1] else "the two reports were decided by different settings"


def _sentence(named: Mapping[str, list[str]]) -> str:
    told = [
        _listed(named["newly drifted"], "has newly drifted", "have newly drifted"),
        _listed(named["recovered"], "has recovered", "have recovered"),
        _listed(named["still drifted"], "is still away", "are still away"),
    ]
    said = "; ".join(part for part in told if part)
    return (said or "Nothing has newly drifted and nothing was to recover") + "."


def _listed(names: list[str], one: str, several: str) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {one if len(names) == 1 else several}"
