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
from nbops.pipelines.kinds import FILES, kind_of, plain
from nbops.workspace.blobs import write_atomically

FOLDER = "NBOPS_STAGE_OUTPUTS"
# The parameter by which a stage is told of the objects it takes and gives.
GIVEN = "nbops_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A value a stage gave away.

    ``kind`` is ``json``, ``literal`` (text of a Python literal), ``table``, ``array``, ``file``, ``model``, or ``withheld``
    for a secret that is not kept; ``value`` is what a downstream notebook receives: the value itself, an absolute path, or
    ``run/model``. ``digest`` (sha256) names the content. ``model`` describes a fitted estimator as
    :class:`nbops.records.ModelRef` does; ``form`` what makes the object of the same type again.
    """

    name: str
    kind: str
    value: Any
    digest: str
    model: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "value": self.value,
            "digest": self.digest,
            "model": dict(self.model),
            "form": dict(self.form),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Output:
        """Read what :meth:`to_dict` gave."""
        kept = {name: data[name] for name in ("name", "kind", "value", "digest", "model")}
        return cls(**kept, form=data.get("form", {}))

    def described(self) -> dict[str, Any]:
        """Give what one must know beside the value to make the object again."""
        return {"kind": self.kind, "digest": self.digest, "form": dict(self.form)}

    def intact(self, digest: Callable[[Path], str] | None = None) -> bool:
        """Whether the value is at hand; a file must still have its ``digest``."""
        if self.kind not in FILES:
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
        JSON-able values go as they are, tables as the path of a Parquet file, arrays of numpy as that of a ``.npy`` file,
        existing files (``pathlib.Path``, or text that looks like a path) as absolute path, fitted estimators as
        ``run/model``.

    Raises
    ------
    UsageError
        The name is no Python name, or the value is none of these.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise UsageError(f"{name!r} cannot name an output.", hint="Use a Python name.")
    folder = os.environ.get(FOLDER)
    if folder:
        save(Path(folder), name, value, kind_of(name, value))
    else:
        kind_of(name, value)


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


def save(folder: Path, name: str, value: Any, kind: str) -> None:
    """Write down a value of a kind in an outputs folder.

    Raises
    ------
    UsageError
        It is a model that cannot be stored.
    DataError
        It is a table that cannot be written.
    """
    if kind == "table":
        item = _table(folder, name, value)
    elif kind == "array":
        item = _array(folder, name, value)
    elif kind == "file":
        item = file_output(name, Path(value).expanduser())
    elif kind == "model":
        item = _model(name, value)
    else:
        told = repr(value) if kind == "literal" else plain(name, value)
        form = {"type": "path"} if isinstance(value, os.PathLike) else {}
        text = json.dumps(told, sort_keys=True)
        item = Output(name=name, kind=kind, value=told, digest=_sha(text.encode()), form=form)
    write_atomically(folder / f"{name}.json", json.dumps(item.to_dict(), ensure_ascii=True).encode())


def _table(folder: Path, name: str, value: Any) -> Output:
    from nbops.data.reading import write_table

    form: dict[str, Any] = {}
    if value.ndim == 1:
        # Parquet has tables only; what was one column is to be one again.
        form = {"type": "index" if hasattr(value, "is_unique") and not hasattr(value, "index") else "series"}
        own = value.name
        form["name"] = own if own is None or isinstance(own, (str, int)) else str(own)
        value = value.to_frame(name=str(own) if own is not None else name)
        if form["type"] == "index":
            value = value.reset_index(drop=True)
    path = write_table(value, folder / f"{name}.parquet")
    return Output(name=name, kind="table", value=str(path.absolute()), digest=digest_of(path), form=form)


def _array(folder: Path, name: str, value: Any) -> Output:
    import io

    import numpy as np

    content = io.BytesIO()
    np.save(content, value, allow_pickle=False)
    path = folder / f"{name}.npy"
    write_atomically(path, content.getvalue())
    return Output(name=name, kind="array", value=str(path.absolute()), digest=digest_of(path))


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


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_finite(value: Any) -> bool:
    """Whether a value is a number that a run can keep as a metric."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
