"""Values that go from stage to stage by name: ``nbops.output`` in a stage, and what the engine reads of it.

A value is kept as one small JSON file in the stage's outputs folder; tables stand beside it as Parquet, models lie in
the content store. A downstream notebook whose parameters cell declares the name gets the value.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError, UsageError
from nbops.workspace.blobs import write_atomically

FOLDER = "NBOPS_STAGE_OUTPUTS"
_DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A value a stage gave away.

    ``kind`` is ``json``, ``table``, ``file``, ``model``, or ``withheld`` for a secret that is not kept; ``value`` is what a downstream notebook receives: the value
    itself, an absolute path, or ``run/model``. ``digest`` (sha256) names the content. ``model`` describes a fitted
    estimator as :class:`nbops.records.ModelRef` does.
    """

    name: str
    kind: str
    value: Any
    digest: str
    model: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "value": self.value,
            "digest": self.digest,
            "model": dict(self.model),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Output:
        """Read what :meth:`to_dict` gave."""
        return cls(**{name: data[name] for name in ("name", "kind", "value", "digest", "model")})

    def intact(self, digest: Callable[[Path], str] | None = None) -> bool:
        """Whether the value is at hand; a file must still have its ``digest``."""
        if self.kind not in {"table", "file"}:
            return self.kind != "withheld"
        try:
            return (digest or digest_of)(Path(self.value)) == self.digest
        except OSError:
            return False


def output(name: str, value: Any) -> None:
    """Give a value to the stages that come after this one; outside a pipeline only check that this could be done.

    Parameters
    ----------
    name
        Downstream notebooks receive the value under this name if their parameters cell declares it.
    value
        JSON-able values go as they are, tables as the path of a Parquet file, existing files (``pathlib.Path``, or text
        that looks like a path) as absolute path, fitted estimators as ``run/model``.

    Raises
    ------
    UsageError
        The name is no Python name, or the value is none of these.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise UsageError(f"{name!r} cannot name an output.", hint="Use a Python name.")
    folder = os.environ.get(FOLDER)
    if folder:
        _save(Path(folder), name, value)
    else:
        _kind(name, value)


def save_named(namespace: Mapping[str, Any], names: Iterable[str]) -> None:
    """Give away variables by name, as the last cell of a stage does.

    Raises
    ------
    UsageError
        A variable does not exist or cannot be passed on.
    """
    folder = Path(os.environ[FOLDER])
    for name in names:
        if name in namespace:
            output(name, namespace[name])
        elif not (folder / f"{name}.json").exists():
            raise UsageError(f"the output {name!r} was never assigned.", hint=f"Assign {name} in the notebook.")


def read_outputs(folder: Path) -> dict[str, Output]:
    """Give the values in an outputs folder by name, in the order they were written."""
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    found = [Output.from_dict(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return {item.name: item for item in found}


def file_output(name: str, path: Path) -> Output:
    """Describe a file that a stage wrote.

    Raises
    ------
    PipelineError
        It is not there.
    """
    if not path.is_file():
        raise PipelineError(f"the stage did not write its output {path}.")
    return Output(name=name, kind="file", value=str(path.absolute()), digest=digest_of(path))


def digest_of(path: Path) -> str:
    """Give the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save(folder: Path, name: str, value: Any) -> None:
    kind = _kind(name, value)
    if kind == "table":
        from nbops.data.reading import write_table

        frame = value.to_frame(value.name if value.name is not None else name) if value.ndim == 1 else value
        path = write_table(frame, folder / f"{name}.parquet")
        item = Output(name=name, kind="table", value=str(path.absolute()), digest=digest_of(path))
    elif kind == "file":
        item = file_output(name, Path(value).expanduser())
    elif kind == "model":
        item = _model(name, value)
    else:
        plain = _plain(name, value)
        text = json.dumps(plain, sort_keys=True)
        item = Output(name=name, kind="json", value=plain, digest=hashlib.sha256(text.encode()).hexdigest())
    write_atomically(folder / f"{name}.json", json.dumps(item.to_dict(), ensure_ascii=True).encode())


def _kind(name: str, value: Any) -> str:
    kind = type(value)
    if isinstance(value, os.PathLike):
        if not Path(value).expanduser().is_file():
            raise UsageError(f"the output {name!r} names {value}, which is no file.")
        return "file"
    if isinstance(value, str) and (os.sep in value or "." in value) and len(value) < 4096 and os.path.isfile(value):
        return "file"
    if kind.__module__.partition(".")[0] == "pandas" and hasattr(
        value, "to_parquet" if value.ndim == 2 else "to_frame"
    ):
        return "table"
    if hasattr(kind, "fit") and (hasattr(kind, "predict") or hasattr(kind, "transform")):
        return "model"
    _plain(name, value)
    return "json"


def _plain(name: str, value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if depth < _DEEPEST:
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {str(key): _plain(name, item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [_plain(name, item, depth + 1) for item in value]
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return _plain(name, value.item(), depth + 1)
    if isinstance(value, os.PathLike):
        return str(value)
    raise UsageError(
        f"the output {name!r} holds a {type(value).__name__}, which cannot be passed on.",
        hint="Pass numbers, texts, lists, dictionaries with text keys, DataFrames, files or fitted estimators.",
    )


def _model(name: str, value: Any) -> Output:
    from nbops.capture.models import store_model
    from nbops.records import to_wire
    from nbops.workspace import find_workspace
    from nbops.workspace.blobs import put_bytes

    stored = store_model(name, value, ())
    if stored.blob is None:
        raise UsageError(f"the output {name!r} is a model that cannot be passed on: {stored.ref.problem}.")
    put_bytes(find_workspace(), stored.blob[1])
    return Output(name=name, kind="model", value="", digest=stored.ref.digest, model=to_wire(stored.ref))


def is_finite(value: Any) -> bool:
    """Whether a value is a number that a run can keep as a metric."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
