"""What a model was fitted on, as far as a block shows it: a profile of the data, a few rows, what was seeded.

Taken when the block has ended, because nobody has the rows later: the next cell may change the frame, and a registered
run may be of another process. It looks at 4,000 rows spread over the frame at most, so that it costs much less than
the fingerprint, which reads them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nbops.capture.analysis import Analysis
from nbops.capture.fits import Given
from nbops.capture.frames import is_frame
from nbops.capture.importances import importances_of
from nbops.capture.kept import kept
from nbops.capture.predicted import Outputs
from nbops.capture.profiling import PLAIN, Counted, spread_rows
from nbops.capture.seeding import random_states, seed_calls
from nbops.capture.values import clip
from nbops.records import ArtifactRef, DataRef, ModelRef
from nbops.redaction import MARK, Redactor, secret_name

KIND = "training"
_ROWS, _CELLS, _FEWEST = 4000, 400_000, 500
_FACTS = ("training_profile", "input_example")
_EXAMPLE_ROWS, _EXAMPLE_BYTES = 5, 50_000


def path_of_facts(digest: str) -> str:
    """Give the path, among the artifacts of a run, of what is known of the training of the model with these bytes."""
    return f"training/{digest[:16]}.json"


class TrainingFacts:
    """Looks at the training of each model of a block.

    Parameters
    ----------
    root
        Folder that may hold ``nbops.toml``, whose table ``track`` can switch profile and example off.
    analysis, namespace, data, redactor
        Of the block.
    outputs
        What its models predicted.

    Raises
    ------
    SettingsError
        The table has an unknown key, or a value that is neither true nor false.
    """

    def __init__(
        self,
        root: Path,
        analysis: Analysis,
        namespace: Mapping[str, Any],
        data: Iterable[DataRef],
        redactor: Redactor,
        outputs: Outputs | None = None,
    ) -> None:
        self._wanted = kept(root)
        self._analysis, self._namespace, self._redactor = analysis, namespace, redactor
        self._outputs = outputs
        self._prints = {ref.name: ref.fingerprint for ref in data}

    def of(self, ref: ModelRef, model: Any) -> tuple[ArtifactRef, bytes] | None:
        """Give what is known of one model's training as a file of the run."""
        found: dict[str, Any] = {"version": 1, "random_state": random_states(model)}
        if not self._analysis.problem:
            found["seeds"] = self._redactor.mapping(seed_calls(self._analysis.source, self._namespace))
        found |= self._data(ref)
        if self._outputs is not None and self._wanted["training_profile"]:
            fitted_on = found.get("data", {}).get("name", "")
            found["outputs"] = self._outputs.of(model, fitted_on, ref.task, self._redactor)
        if told := importances_of(model, ref.features, _deviations(found.get("profile"))):
            found["importance"] = told
        if not any(value for key, value in found.items() if key != "version"):
            return None
        content = json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
        digest = hashlib.sha256(content).hexdigest()
        path = path_of_facts(ref.digest)
        return ArtifactRef(
            path=path, digest=digest, size=len(content), media_type="application/json", kind=KIND
        ), content

    def _data(self, ref: ModelRef) -> dict[str, Any]:
        name, value, target, how = self._fitted_on(ref)
        positions = _positions(value, ref.features)
        if positions is None or not len(value) or not any(self._wanted[key] for key in _FACTS):
            return {}
        rows = len(value)
        chosen = spread_rows(rows, min(_ROWS, max(_FEWEST, _CELLS // max(1, len(positions)))))
        facts = {"name": name, "rows": rows, "sampled": len(chosen), "found_by": how}
        found: dict[str, Any] = {"data": {**facts, "fingerprint": self._prints.get(name, "")}}
        if self._wanted["training_profile"]:
            found["profile"] = Counted(_part(value, chosen, positions), ref.features, value).told(self._redactor)
            if target is not None and len(target) == rows:
                column = Counted(_column(target, chosen), ("target",)).told(self._redactor)["columns"]
                found["target"] = column[0] if column else {}
        if self._wanted["input_example"]:
            found["example"] = self._example(_part(value, slice(_EXAMPLE_ROWS), positions), ref.features)
        return found

    def _fitted_on(self, ref: ModelRef) -> tuple[str, Any, Any, str]:
        """Find the frame: what the code gives ``fit``, or else the longest that has all columns of the model."""
        data, target = self._analysis.fits.get(ref.name, (Given(""), Given("")))
        value: Any = self._namespace.get(data.name)
        if _positions(value, ref.features) is not None:
            # What was changed in this block, or picked by rows, is not sure to be what was fitted row by row.
            sure = data.exact and data.name not in self._analysis.mutated
            return data.name, value, self._target(target), "fit" if sure else "columns"
        found: tuple[str, Any] = ("", None)
        names = dict.fromkeys((*self._analysis.names_written, *self._analysis.names_read))
        for name in names if ref.feature_types else ():
            value = self._namespace.get(name)
            if name.startswith("_") or not hasattr(value, "iloc") or _positions(value, ref.features) is None:
                continue
            if found[1] is None or len(value) > len(found[1]):
                found = (name, value)
        return *found, None, "columns"

    def _target(self, given: Given) -> Any:
        value: Any = self._namespace.get(given.name)
        if is_frame(value) and value.ndim == 2 and given.column and hasattr(value, "iloc"):
            value = value[given.column] if list(value.columns).count(given.column) == 1 else None
        kind = type(value).__module__.partition(".")[0]
        return value if kind in {"pandas", "numpy"} and getattr(value, "ndim", 0) == 1 else None

    def _example(self, features: Any, names: tuple[str, ...]) -> dict[str, Any]:
        frame = hasattr(features, "iloc")
        columns = [str(c) for c in features.columns] if frame else _names(names, features.shape[1])
        for count in (len(features), 1):
            rows = features[:count]
            by_column = [
                [self._value(name, value) for value in (rows.iloc[:, i] if frame else rows[:, i]).tolist()]
                for i, name in enumerate(columns)
            ]
            found = {
                "kind": "frame" if frame else "array",
                "columns": columns,
                "data": [list(row) for row in zip(*by_column, strict=True)],
            }
            if len(json.dumps(found)) <= _EXAMPLE_BYTES:
                return found
        return {}

    def _value(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
            return value
        if isinstance(value, float):
            # JSON has neither; what is missing is null.
            return value if value - value == 0 else None
        if not isinstance(value, PLAIN):
            return None if str(type(value).__name__) in {"NAType", "NaTType"} else f"({type(value).__name__})"
        return MARK if secret_name(name) else clip(self._redactor.text(str(value)))


def _deviations(profile: dict[str, Any] | None) -> dict[str, float]:
    if profile is None:
        return {}
    from nbops.data.compact import expanded

    return {column.name: column.deviation or 0.0 for column in expanded(profile).columns if column.kind == "number"}


def _positions(value: Any, features: tuple[str, ...]) -> list[int] | None:
    """Give where the columns that the model takes stand in a frame; ``None`` where it cannot have been fitted on it."""
    if not is_frame(value) or value.ndim != 2:
        return None
    everything = list(range(value.shape[1]))
    if not hasattr(value, "iloc"):
        return everything if not features or len(everything) == len(features) else None
    names = {str(name): position for position, name in enumerate(value.columns)}
    if len(names) != len(everything):
        return None
    if features and names.keys() >= set(features):
        return [names[name] for name in features]
    return everything if not features or features == tuple(f"x{i}" for i in everything) else None


def _part(value: Any, rows: Any, positions: list[int]) -> Any:
    # Rows first: they are few, and a copy of all of them would cost.
    return value.iloc[rows].iloc[:, positions] if hasattr(value, "iloc") else value[rows]


def _column(target: Any, rows: Any) -> Any:
    return target.iloc[rows].to_frame("target") if hasattr(target, "iloc") else target[rows].reshape(-1, 1)


def _names(names: tuple[str, ...], count: int) -> list[str]:
    return list(names) if len(names) == count else [f"x{i}" for i in range(count)]
