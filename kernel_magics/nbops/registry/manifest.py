"""The files of a version and the digest over all of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from nbops.errors import NotFoundError, RegistryError, WorkspaceError
from nbops.ledger.chain import canonical
from nbops.records import ModelRef, ModelVersion, Run, VersionFile, to_wire
from nbops.registry.facts import EXAMPLE_FILE, PROFILE_FILE, RUN_FILE, seeds
from nbops.workspace import Workspace
from nbops.workspace.blobs import path_of, put_bytes, read


def digest_of(files: Iterable[VersionFile]) -> str:
    """Give the sha256 over the list of files: path, digest and size of each."""
    listed = sorted((file.path, file.digest, file.size) for file in files)
    return hashlib.sha256(canonical(listed).encode()).hexdigest()


def describe(workspace: Workspace, run: Run, ref: ModelRef, training: Mapping[str, Any]) -> tuple[VersionFile, ...]:
    """Store what goes with a model: signature, environment lock, the run it comes from, and its ``training``."""
    environment = run.environment
    packages = dict(environment.packages) if environment else {}
    lock = [f"# Python {environment.python}, {environment.platform}"] if environment else []
    lock += [f"{name}=={version}" for name, version in sorted(packages.items(), key=lambda item: item[0].lower())]
    types = ref.feature_types or ("",) * len(ref.features)
    signature = {
        "task": ref.task,
        "inputs": [{"name": name, "type": kind} for name, kind in zip(ref.features, types, strict=False)],
    }
    told = {
        "run_id": run.run_id,
        "name": run.name,
        "author": run.author,
        "started_at": run.started_at,
        "notebook": run.cell.notebook,
        "cell_id": run.cell.cell_id,
        "code": run.code,
        "code_digest": run.code_digest,
        "params": run.params,
        "metrics": run.metrics,
        "seeds": seeds(run, dict(training)),
        "data": run.data,
        "git": run.git,
        "model": ref,
    }
    kept = ("data", "profile", "target", "importance", "outputs")
    profile = {name: training[name] for name in kept if training.get(name)}
    example = training.get("example")
    return (
        *([_json(workspace, PROFILE_FILE, profile)] if "profile" in profile else []),
        *([_json(workspace, EXAMPLE_FILE, example)] if example else []),
        _json(workspace, "signature.json", signature),
        _json(workspace, RUN_FILE, told),
        _stored(workspace, "requirements.txt", ("\n".join(lock) + "\n").encode()),
    )


def settle(workspace: Workspace, files: Iterable[VersionFile]) -> None:
    """Make sure that the files will still be there after a power failure: their folders go to disk too.

    Raises
    ------
    RegistryError
        A file is not there.
    """
    for folder in {path_of(workspace, file.digest).parent for file in files}:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError as error:
            raise RegistryError("A file of the version vanished while it was registered.", hint="Try again.") from error
        except PermissionError:  # folders cannot be opened on Windows
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def verified(workspace: Workspace, version: ModelVersion) -> dict[str, bytes]:
    """Give the bytes of every file of a version, each checked, and the list of files against the version's digest.

    Raises
    ------
    RegistryError
        A file was changed or is gone, or the list is not that of the version.
    """
    if version.files and digest_of(version.files) != version.digest:
        raise RegistryError(
            f"{version.model} version {version.version} does not have the files it was registered with.",
            hint="`nbops audit verify` says more.",
        )
    # A version of nbops 0.1 is one pickle under its own digest.
    files = version.files or (VersionFile(path="model.pkl", digest=version.digest, size=version.size),)
    found = {}
    for file in files:
        try:
            found[file.path] = read(workspace, file.digest)
        except (WorkspaceError, NotFoundError) as error:
            what = "is gone" if isinstance(error, NotFoundError) else "has been changed since it was registered"
            raise RegistryError(
                f"{file.path} of {version.model} version {version.version} {what} ({path_of(workspace, file.digest)}).",
                hint="Restore it from a backup; the version cannot be used as it is.",
            ) from error
    return found


def _json(workspace: Workspace, path: str, value: Any) -> VersionFile:
    text = json.dumps(to_wire(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return _stored(workspace, path, text.encode())


def _stored(workspace: Workspace, path: str, data: bytes) -> VersionFile:
    return VersionFile(path=path, digest=put_bytes(workspace, data), size=len(data))
