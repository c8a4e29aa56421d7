"""What changed between two versions of a model: data, code, parameters, metrics, packages, signature."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from nbops.errors import NotFoundError
from nbops.records import ModelVersion, PredictionChange, Run, VersionChange, VersionDiff
from nbops.registry.facts import facts_of
from nbops.registry.reading import get_version
from nbops.tracking.search import get_run
from nbops.workspace import Workspace

_FACTS = ("class_name", "serialization", "size", "task")


def version_diff(
    workspace: Workspace,
    name: str,
    before: int | str,
    after: int | str,
    *,
    data: Any = None,
    target: str | None = None,
    by: str | None = None,
) -> VersionDiff:
    """Compare two versions of a model by what is known of them; they are loaded only where ``data`` is given.

    Parameters
    ----------
    workspace
        Where they are.
    name
        Registered model.
    before, after
        Numbers or aliases.
    data
        Rows (a frame or a file) on which to compare what both predict.
    target
        Column of ``data`` with the truth, to tell which changes are to right.
    by
        Column of ``data`` by whose values changes are counted.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    """
    old, new = get_version(workspace, name, before), get_version(workspace, name, after)
    was, now = _run(workspace, old), _run(workspace, new)
    changes = [
        *_pairs("fact", _facts(workspace, old), _facts(workspace, new)),
        *_pairs("param", old.params, new.params),
        *_pairs("metric", _shown(old.metrics), _shown(new.metrics)),
        *_pairs("data", _data(old, was), _data(new, now)),
        # A package that only one of the runs had imported says nothing about the other's environment.
        *(c for c in _pairs("package", _packages(was), _packages(now)) if c.before and c.after),
        *_pairs("signature", _signature(old), _signature(new)),
    ]
    code = _code(was, now)
    predictions = None if data is None else compare_predictions(workspace, old, new, data, target, by)
    return VersionDiff(
        model=name, before=old.version, after=new.version, changes=tuple(changes), code=code, predictions=predictions
    )


def compare_predictions(
    workspace: Workspace, old: ModelVersion, new: ModelVersion, data: Any, target: str | None, by: str | None
) -> PredictionChange:
    """Count the rows on which two versions say something else; why it could not be done stands in ``problem``."""
    import numpy as np

    from nbops.data.reading import read_table
    from nbops.registry.gates.sample import Contender, Sample
    from nbops.registry.loading import load_model

    try:
        frame = read_table(data)
        for column in filter(None, (target, by)):
            if column not in frame.columns:
                raise NotFoundError(f"the data have no column {column!r}")
        truth = frame[target] if target else frame.iloc[:, 0].rename("nbops: no target")
        sample = Sample(frame, truth, fingerprint="")
        models = [Contender(v, load_model(v.model, v.version, workspace=workspace)) for v in (old, new)]
        before, after = (np.asarray(c.model.predict(sample.features(c))).ravel() for c in models)
    except Exception as error:  # a model's own code may raise anything
        return PredictionChange(rows=0, changed=0, problem=str(error) or type(error).__name__)
    numbers = np.issubdtype(before.dtype, np.floating)
    differs = ~np.isclose(before, after, rtol=1e-6) if numbers else before != after
    known = None if target is None or numbers else truth.to_numpy()
    groups: list[dict[str, Any]] = []
    if by:
        values = frame[by].astype(object).where(frame[by].notna(), "missing").astype(str)
        for value, rows in values.groupby(values).indices.items():
            groups.append({"group": f"{by} = {value}", "rows": len(rows), "changed": int(differs[rows].sum())})
        groups.sort(key=lambda group: -group["changed"] / group["rows"])
    return PredictionChange(
        rows=len(frame),
        changed=int(differs.sum()),
        to_right=None if known is None else int((differs & (after == known)).sum()),
        to_wrong=None if known is None else int((differs & (before == known)).sum()),
        mean_shift=float(np.mean(after - before)) if numbers else None,
        groups=tuple(groups[:20]),
    )


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


def _facts(workspace: Workspace, version: ModelVersion) -> dict[str, str]:
    known = facts_of(workspace, version)
    # Parameters are compared as such already.
    seeds = {f"seed {name}": value for name, value in known["seeds"].items() if name not in version.params}
    rows = {"training rows": f"{known['training']['rows']:,}"} if known["training"] else {}
    return {name: str(getattr(version, name)) for name in _FACTS} | seeds | rows


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
