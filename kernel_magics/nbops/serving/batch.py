"""Batch scoring: a file or a folder of partitions scored with a registered version, on this machine or on Dask."""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.data.profile import Profile
from nbops.data.sources import keys_of, parts_of
from nbops.data.typed import kinds_of
from nbops.errors import RegistryError, UsageError
from nbops.pipelines.partitions import map_partitions, profile_files
from nbops.records import ModelVersion
from nbops.registry import training_profile
from nbops.serving.batch_log import log_parts
from nbops.serving.job_metrics import JobSpent, read_metrics_settings, tell_metrics
from nbops.serving.partition import ScoredPart, Scoring, prediction_columns, read_mark, score_part
from nbops.serving.served import load_served
from nbops.workspace import Workspace, find_workspace

_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchScores:
    """What became of the partitions; ``profile`` is that of the scores of all of them.

    ``logged`` is how many were written to the prediction log. ``left_over`` are files of scores in the folder whose partition is gone: whoever reads the folder reads them too.
    """

    model: str
    version: int
    digest: str
    folder: Path
    parts: tuple[ScoredPart, ...]
    profile: Profile | None
    left_over: tuple[str, ...] = ()
    looks_back: bool = False
    logged: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows have scores."""
        return sum(part.rows for part in self.parts)

    @property
    def counts(self) -> dict[str, int]:
        """How many partitions were scored now, skipped because they were already, and failed."""
        return {status: sum(part.status == status for part in self.parts) for status in ("scored", "skipped", "failed")}

    @property
    def lost(self) -> dict[str, int]:
        """Cells by column that are not what the model takes there, and were missing to it."""
        found: dict[str, int] = {}
        for part in self.parts:
            for name, count in part.lost.items():
                found[name] = found.get(name, 0) + count
        return found


def score_files(
    source: str | os.PathLike[str],
    name: str,
    version: int | str = "Production",
    *,
    folder: str | os.PathLike[str] = "scores",
    keep: Sequence[str] | None = None,
    threshold: float | None = None,
    positive: Any = None,
    on: str = "",
    workers: int | None = None,
    on_error: str = "stop",
    redo: bool = False,
    log: bool = False,
    ids: str = "",
    told: Callable[[int, int], None] | None = None,
    workspace: Workspace | None = None,
) -> BatchScores:
    """Score a file, or every file of a folder or pattern, each into a Parquet file of its own.

    A partition that is scored already by this very model from these very bytes is skipped, so that a run that was stopped goes
    on where it was. No partition is held in memory as a whole (JSON and Feather files aside).

    Parameters
    ----------
    source
        As :func:`nbops.data.sources.parts_of` takes it.
    name, version
        The registered model, and which of its versions: a number, an alias or a lifecycle stage.
    folder
        Where the scores go; the partitions' folders are kept within.
    keep
        Columns of the partitions that go along; all by default.
    threshold
        Say yes to ``positive`` of two classes from this probability on; by default the model decides.
    positive
        The second class by default.
    on, workers
        As for :func:`nbops.pipelines.partitions.map_partitions`; workers of other machines must see the same folders.
    on_error
        ``stop`` at the first partition that cannot be scored, or ``skip`` it and go on.
    redo
        Score what is scored already.
    log
        Log the scores as predictions, those of partitions that are not logged yet; inputs as far as they go along.
    ids
        The column with the identifiers of the predictions, which must go along; they are made if it is empty.
    told
        Called with how many partitions are done, and how many there are.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version, or nothing to score.
    DataError
        A partition cannot be read or lacks a column.
    UsageError
        A threshold without two classes that have probabilities.
    RegistryError
        The model cannot be loaded.
    SettingsError
        ``[metrics]`` or ``[predictions]`` of ``nbops.toml`` cannot be used.
    WorkspaceError
        The log or the metrics cannot be written; the scores are there all the same.
    MissingExtraError
        Dask is asked for and not installed.
    """
    started, cpu = time.perf_counter(), _cpu_seconds()
    if on_error not in {"stop", "skip"}:
        raise UsageError(f"on_error is stop or skip, not {on_error!r}.")
    workspace = workspace or find_workspace()
    settings = read_metrics_settings(workspace)
    number = re.fullmatch(r"[vV]?(\d+)", str(version).strip())
    served = load_served(f"{name}/{number[1]}" if number else f"{name}@{version}", workspace)
    held, model = served.version, served.model
    target = Path(folder).expanduser().absolute()
    paths = [path.absolute() for path in parts_of(source)]
    start = _start(paths, Path(source).expanduser().absolute(), target)
    outputs = _outputs(paths, start, target)
    scoring = Scoring(
        model=model,
        digest=held.digest,
        name=name,
        version=held.version,
        outputs=outputs,
        keys={str(path): keys_of(path, start) for path in paths},
        keep=None if keep is None else tuple(keep),
        threshold=threshold,
        positive=positive,
        looks_back=_looks_back(model),
        skip_errors=on_error == "skip",
        redo=redo,
        **_columns(workspace, held, model),
    )
    if threshold is not None:
        _check_threshold(scoring)
    _sweep(target)
    found = map_partitions(score_part, paths, shared=scoring, on=on, workers=workers, told=told)
    whole = [Path(part.output) for part in found if part.status != "failed"]
    names = prediction_columns(model)
    logged = 0
    if log:
        classes = [str(label) for label in getattr(model, "classes_", ())]
        logged = log_parts(workspace, held, found, features=scoring.features, classes=classes, ids=ids)
    scores = BatchScores(
        model=name,
        version=held.version,
        digest=held.digest,
        folder=target,
        parts=tuple(found),
        profile=profile_files(whole, columns=names, on=on, workers=workers) if whole else None,
        left_over=_left_over(target, name, set(outputs.values())),
        looks_back=scoring.looks_back,
        logged=logged,
        seconds=time.perf_counter() - started,
    )
    if settings.textfile or settings.push:
        tell_metrics(settings, _spent(scores, _cpu_seconds() - cpu))
    return scores


def _spent(scores: BatchScores, cpu: float) -> JobSpent:
    return JobSpent(
        model=scores.model,
        version=scores.version,
        rows=scores.rows,
        **scores.counts,
        seconds=scores.seconds,
        cpu=cpu,
        memory=float(max(_largest_memory(resource.RUSAGE_SELF), _largest_memory(resource.RUSAGE_CHILDREN))),
        ended_at=time.time(),
    )


def _cpu_seconds() -> float:
    return sum(os.times()[:4])


def _largest_memory(whose: int) -> int:
    # In bytes on macOS, in thousands of them elsewhere.
    return resource.getrusage(whose).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _start(paths: Sequence[Path], source: Path, folder: Path) -> Path:
    """Give the folder that the partitions lie in, which must not be that of the scores."""
    start = source if source.is_dir() else Path(os.path.commonpath([path.parent for path in paths]))
    if folder == start or (source.is_dir() and folder.is_relative_to(start)):
        raise UsageError(f"The scores cannot go to {folder}, where the partitions are.", hint="Choose another folder.")
    return start


def _outputs(paths: Sequence[Path], start: Path, folder: Path) -> dict[str, str]:
    inner = {path: path.relative_to(start) for path in paths}
    stems = [path.with_suffix("") for path in inner.values()]
    # Two partitions that differ in their kind only keep it in their names.
    names = {
        path: short if stems.count(short.with_suffix("")) > 1 else short.with_suffix("")
        for path, short in inner.items()
    }
    return {str(path): str(folder / short.parent / f"{short.name}.parquet") for path, short in names.items()}


def _columns(workspace: Workspace, held: ModelVersion, model: Any) -> dict[str, Any]:
    """Give what the model takes: names, whether they are positions only, and kinds where a profile tells them."""
    names = tuple(held.features) or tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
    positions = (
        bool(names)
        and not hasattr(model, "feature_names_in_")
        and all(name == f"x{place}" for place, name in enumerate(names))
    )
    try:
        kinds: Mapping[str, str] = kinds_of(training_profile(held.model, held.version, workspace=workspace))
    except RegistryError:
        kinds = {}
    if not names:
        names = tuple(kinds)
    known = set(names) <= kinds.keys()
    return {"features": names, "positions": positions, "kinds": {name: kinds[name] for name in names} if known else {}}


def _looks_back(model: Any) -> bool:
    steps = [step for _, step in getattr(model, "steps", ())]
    return any(getattr(step, "looks_back", False) for step in [model, *steps])


def _check_threshold(scoring: Scoring) -> None:
    if scoring.threshold is not None and not 0 <= scoring.threshold <= 1:
        raise UsageError(f"A threshold lies between 0 and 1, not at {scoring.threshold}.")
    if len(prediction_columns(scoring.model)) != 2:
        raise UsageError(f"{scoring.name} version {scoring.version} has not two classes with probabilities to part.")
    known = [str(label) for label in scoring.model.classes_]
    if scoring.positive not in (None, "") and str(scoring.positive) not in known:
        raise UsageError(f"There is no class {scoring.positive!r}.", hint=f"There are {', '.join(known)}.")


def _sweep(folder: Path) -> None:
    """Remove what was being written when somebody's process was killed, a day ago or longer."""
    for path in folder.rglob(".scoring-*.parquet") if folder.is_dir() else ():
        if time.time() - path.stat().st_mtime > _DAY:
            path.unlink(missing_ok=True)


def _left_over(folder: Path, name: str, wanted: set[str]) -> tuple[str, ...]:
    others = [path for path in sorted(folder.rglob("*.parquet")) if str(path) not in wanted and path.name[0] != "."]
    ours = [(path, read_mark(path)) for path in others]
    return tuple(str(path) for path, mark in ours if mark and mark["identity"]["model"].partition("/")[0] == name)
