"""Fitted estimators a block made or refitted, pickled once, in the kernel that has their classes."""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbops.capture.analysis import Analysis
from nbops.capture.values import clip
from nbops.records import ArtifactRef, DataRef, ModelRef

_TASKS = {"classifier": "classification", "regressor": "regression", "clusterer": "clustering"}


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model and, if it could be pickled, its bytes."""

    ref: ModelRef
    blob: tuple[ArtifactRef, bytes] | None


def state_of(namespace: Mapping[str, Any], names: Iterable[str]) -> dict[str, tuple[int, frozenset[int]]]:
    """Note what the estimators under ``names`` have learnt so far, to tell later which were fitted again."""
    found: dict[str, tuple[int, frozenset[int]]] = {}
    for name in names:
        value = namespace.get(name)
        if _is_candidate(value):
            found[name] = (id(value), frozenset(_learnt(value)))
    return found


def find_models(
    analysis: Analysis,
    namespace: Mapping[str, Any],
    before: Mapping[str, tuple[int, frozenset[int]]],
    *,
    chosen: Collection[str] = (),
    finished: bool = True,
) -> dict[str, Any]:
    """Give the fitted predictors this block made or refitted, by name.

    Those that are only a step or the best estimator of another one are left out. With ``chosen``, just those. A block
    that did not finish may not have come to its ``fit``, so there only what the models have learnt counts.
    """
    if chosen:
        return {
            name: namespace[name]
            for name in chosen
            if name in namespace and (finished or _changed(namespace[name], before.get(name)))
        }
    found: dict[str, Any] = {}
    for name in dict.fromkeys((*analysis.names_written, *analysis.names_read)):
        value = namespace.get(name)
        if name.startswith("_") or not _is_candidate(value) or not hasattr(type(value), "predict"):
            continue
        was = before.get(name)
        changed = _changed(value, was) or (finished and name in analysis.fitted)
        made_here = name in analysis.names_written or was is not None
        if changed and made_here and _is_fitted(value) and not any(value is other for other in found.values()):
            found[name] = value
    inside = {id(part) for value in found.values() for part in _parts(value)}
    return {name: value for name, value in found.items() if id(value) not in inside}


def store_model(name: str, value: Any, data: Iterable[DataRef]) -> StoredModel:
    """Pickle a model. What cannot be pickled gives a ``ModelRef`` with a ``problem``, never an exception."""
    kind = type(value)
    features = _features(value)
    described: dict[str, Any] = {
        "name": name,
        "class_name": kind.__qualname__,
        "module": kind.__module__,
        "flavor": "sklearn" if _is_sklearn(value) else "python",
        "features": features,
        "feature_types": _types(features, data),
        "task": _task(value),
    }
    try:
        content, serialization = _pickled(value)
    except Exception as error:  # pickling runs code of any class
        problem = clip(f"not stored, it cannot be pickled: {type(error).__name__}: {error}")
        return StoredModel(ModelRef(**described, problem=problem), None)
    digest = hashlib.sha256(content).hexdigest()
    ref = ModelRef(**described, digest=digest, size=len(content), serialization=serialization)
    path = f"models/{name}.pkl"
    artifact = ArtifactRef(
        path=path, digest=digest, size=len(content), media_type="application/octet-stream", kind="model"
    )
    return StoredModel(ref, (artifact, content))


def _changed(value: Any, was: tuple[int, frozenset[int]] | None) -> bool:
    return was is None or was[0] != id(value) or was[1] != _learnt(value)


def _is_candidate(value: Any) -> bool:
    kind = type(value)
    return not isinstance(value, type) and hasattr(kind, "fit") and _predicts(kind)


def _predicts(kind: type) -> bool:
    return any(hasattr(kind, method) for method in ("predict", "transform"))


def _own(value: Any) -> dict[str, Any]:
    own = getattr(value, "__dict__", None)
    return own if isinstance(own, dict) else {}


def _learnt(value: Any, depth: int = 0) -> set[int]:
    found: set[int] = set()
    for name, part in _own(value).items():
        if name.endswith("_") and not name.startswith("__"):
            found.add(id(part))
    if depth < 3:
        for _, step in _steps(value):
            found |= _learnt(step, depth + 1)
    return found


def _is_fitted(value: Any) -> bool:
    if _learnt(value):
        return True
    told = getattr(type(value), "__sklearn_is_fitted__", None)
    return bool(told(value)) if callable(told) else False


def _steps(value: Any) -> list[tuple[str, Any]]:
    own = _own(value)
    steps = own.get("steps") or own.get("transformers_") or own.get("transformer_list") or []
    if not isinstance(steps, list):
        return []
    return [(str(s[0]), s[1]) for s in steps if isinstance(s, tuple) and len(s) > 1]


def _parts(value: Any, depth: int = 0) -> list[Any]:
    own = _own(value)
    direct = [step for _, step in _steps(value)]
    direct += [own[k] for k in ("best_estimator_", "estimator_", "estimator", "final_estimator_") if k in own]
    for key in ("estimators_", "calibrated_classifiers_"):
        several = own.get(key)
        if isinstance(several, list) and len(several) <= 100:
            direct.extend(several)
    deeper = [part for step in direct if depth < 4 for part in _parts(step, depth + 1)]
    return direct + deeper


def _is_sklearn(value: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(value, base.BaseEstimator)


def _task(value: Any) -> str:
    base = sys.modules.get("sklearn.base")
    if base is None or not isinstance(value, base.BaseEstimator):
        return ""
    try:
        kind = value.__sklearn_tags__().estimator_type
    except Exception:  # tags run code of any class
        kind = getattr(type(value), "_estimator_type", "")
    return _TASKS.get(str(kind), "")


def _features(value: Any, depth: int = 0) -> tuple[str, ...]:
    own = _own(value)
    names = own.get("feature_names_in_")
    if names is not None:
        return tuple(str(n) for n in names)
    steps = _steps(value)
    first = steps[0][1] if steps else own.get("best_estimator_")
    if first is not None and depth < 4:
        return _features(first, depth + 1)
    count = own.get("n_features_in_")
    return tuple(f"x{i}" for i in range(count)) if isinstance(count, int) and count <= 10_000 else ()


def _types(features: tuple[str, ...], data: Iterable[DataRef]) -> tuple[str, ...]:
    for ref in data:
        if features and all(name in ref.schema for name in features):
            return tuple(ref.schema[name] for name in features)
    return ()


def _pickled(value: Any) -> tuple[bytes, str]:
    failure: Exception | None = None
    try:
        content = pickle.dumps(value, protocol=5)
        # A class of the notebook is pickled by reference to __main__, which exists in no other process.
        if b"__main__" not in content:
            return content, "pickle"
    except Exception as error:  # tried again below
        failure = error
    try:
        import cloudpickle
    except ImportError:
        if failure is not None:
            raise failure from None
        raise pickle.PicklingError("its class is defined in the notebook; install cloudpickle to store it") from None
    return bytes(cloudpickle.dumps(value, protocol=5)), "cloudpickle"
