"""What changed between two versions of a model: data, code, parameters, metrics, packages, signature."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from nbops.errors import NotFoundError
from nbops.records import ModelVersion, Run, VersionChange, VersionDiff
from nbops.registry.reading import get_version
from nbops.tracking.search import get_run
from nbops.workspace import Workspace

_FACTS = ("class_name", "serialization", "size", "task")


def version_diff(workspace: Workspace, name: str, before: int | str, after: int | str) -> VersionDiff:
    """Compare two versions of a model by what is known of them; nothing is loaded.

    Parameters
    ----------
    workspace
        Where they are.
    name
        Registered model.
    before, after
        Numbers or aliases.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    """
    old, new = get_version(workspace, name, before), get_version(workspace, name, after)
    was, now = _run(workspace, old), _run(workspace, new)
    changes = [
        *_pairs("fact", _facts(old), _facts(new)),
        *_pairs("param", old.params, new.params),
        *_pairs("metric", _shown(old.metrics), _shown(new.metrics)),
        *_pairs("data", _data(old, was), _data(new, now)),
        # A package that only one of the runs had imported says nothing about the other's environment.
        *(c for c in _pairs("package", _packages(was), _packages(now)) if c.before and c.after),
        *_pairs("signature", _signature(old), _signature(new)),
    ]
    code = _code(was, now)
    return VersionDiff(model=name, before=old.version, after=new.version, changes=tuple(changes), code=code)


def _run(workspace: Workspace, version: ModelVersion) -> Run | None:
    try:
        return get_run(workspace, version.run_id)
    except NotFoundError:  # a run that was deleted leaves a version that knows less
        return None


def _pairs(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[VersionChange]:
    names = sorted({*old, *new})
    return [
        VersionChange(kind=kind, name=name, before=old.get(name), after=new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _facts(version: ModelVersion) -> dict[str, str]:
    return {name: str(getattr(version, name)) for name in _FACTS}


def _shown(metrics: Mapping[str, float]) -> dict[str, str]:
    return {name: repr(value) for name, value in metrics.items()}


def _data(version: ModelVersion, run: Run | None) -> dict[str, str]:
    rows = {ref.name: ref for ref in run.data} if run else {}
    found = {}
    for name, fingerprint in version.data.items():
        ref = rows.get(name)
        found[name] = f"{fingerprint[:12]}" + (f", {ref.rows} × {ref.columns}" if ref else "")
    return found


def _packages(run: Run | None) -> dict[str, str]:
    if run is None or run.environment is None:
        return {}
    return {**run.environment.packages, "python": run.environment.python}


def _signature(version: ModelVersion) -> dict[str, str]:
    types = version.feature_types or ("",) * len(version.features)
    return dict(zip(version.features, (kind or "any" for kind in types), strict=False))


def _code(old: Run | None, new: Run | None) -> str:
    was, now = (run.code.splitlines() if run else [] for run in (old, new))
    return "\n".join(difflib.unified_diff(was, now, "before", "after", lineterm="", n=2))
