"""What is kept of a stage that succeeded, and the manifest that tells of it. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.pipelines.staleness.parts import key_of
from nbops.workspace import Workspace

_VERSION = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("pipeline", "stage", "notebook", "run_id", "kernel", "by")
_KINDS = FILES | {"json", "literal", "model"}
# Files that are read and not run, whatever opens them.
_DATA = frozenset(
    [
        ".arrow",
        ".avro",
        ".bmp",
        ".csv",
        ".feather",
        ".gif",
        ".jpeg",
        ".jpg",
        ".json",
        ".jsonl",
        ".log",
        ".md",
        ".ndjson",
        ".npy",
        ".npz",
        ".orc",
        ".parquet",
        ".pdf",
        ".png",
        ".toml",
        ".tsv",
        ".txt",
        ".webp",
        ".xlsx",
        ".xml",
        ".yaml",
        ".yml",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a stage gave.

    ``places`` says where files belong, by ``outputs/NAME`` or ``files/NAME``: a path from the folder of the pipeline, or
    nothing for the folder of the stage's run. ``sizes`` are the bytes of everything in the content store, by digest. ``foreign`` is set for what
    comes from a remote.
    """

    key: str
    pipeline: str
    stage: str
    parts: Mapping[str, Any]
    outputs: Mapping[str, Output]
    files: tuple[Output, ...]
    places: Mapping[str, str]
    sizes: Mapping[str, int]
    notebook: str
    run_id: str
    duration: float
    kernel: str
    at: float
    by: str
    foreign: bool = field(default=False, compare=False)

    @property
    def may_run_code(self) -> bool:
        """Whether using it may run code: it has a model, or a file that is none of plain data."""
        # A file among the outputs is put back with the ending of its path, one that a stage declares under its name.
        names = [str(item.value) for item in self.outputs.values() if item.kind == "file"]
        names += [item.name for item in self.files]
        models = any(item.kind == "model" for item in self.outputs.values())
        return models or any(Path(name).suffix.lower() not in _DATA for name in names)


def manifest_path(workspace: Workspace, key: str) -> Path:
    """Give the path of the manifest of a key.

    Raises
    ------
    PipelineError
        It is no key.
    """
    if not _DIGEST.fullmatch(key):
        raise PipelineError(f"{key[:80]!r} is no key of a stage.")
    return workspace.results / key[:2] / f"{key}.json"


def manifest(result: Result) -> dict[str, Any]:
    """Give a result as JSON-able values."""
    names = [name for name in Result.__dataclass_fields__ if name not in {"outputs", "files", "foreign"}]
    return {
        "nbops": _VERSION,
        **{name: getattr(result, name) for name in names},
        "outputs": [item.to_dict() for item in result.outputs.values()],
        "files": [item.to_dict() for item in result.files],
    }


def read_manifest(content: Any, key: str) -> Result:
    """Read what :func:`manifest` gave, wherever it comes from.

    Raises
    ------
    ValueError
        It is something else, or belongs to another key.
    """
    try:
        if content["nbops"] != _VERSION or content["key"] != key or key_of(content["parts"]) != key:
            raise ValueError("it belongs to another key")
        outputs = [_output(item, _KINDS) for item in content["outputs"]]
        files = tuple(_output(item, frozenset({"file"})) for item in content["files"])
        texts = {name: str(content[name]) for name in _TEXTS}
        result = Result(
            key=key,
            pipeline=texts["pipeline"],
            stage=texts["stage"],
            notebook=texts["notebook"],
            run_id=texts["run_id"],
            kernel=texts["kernel"],
            by=texts["by"],
            parts=content["parts"],
            outputs={item.name: item for item in outputs},
            files=files,
            places={str(name): str(place) for name, place in content["places"].items()},
            sizes={str(digest): int(size) for digest, size in content["sizes"].items()},
            duration=float(content["duration"]),
            at=float(content["at"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no manifest: {error}") from error
    stored = {item.digest for item in (*outputs, *files) if item.kind in {*FILES, "model"}} | {result.notebook}
    if stored != set(result.sizes) or not all(map(_DIGEST.fullmatch, stored)):
        raise ValueError("it does not name its files")
    return result


def _output(content: Mapping[str, Any], kinds: frozenset[str]) -> Output:
    item = Output.from_dict(content)
    texts = (item.name, item.kind, item.digest)
    tables = isinstance(item.model, dict) and isinstance(item.form, dict)
    if not all(isinstance(text, str) for text in texts) or item.kind not in kinds or not tables:
        raise TypeError("an output is none")
    if item.kind != "file" and not item.name.isidentifier():
        raise TypeError("an output has no name")
    return item
