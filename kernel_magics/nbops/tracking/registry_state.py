"""What stands in MLflow's registry, as far as it concerns models of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSION_TAG, DIGEST_TAG, STAGE_TAG = "nbops.version", "nbops.digest", "nbops.stage"
AUTHOR_TAG, HEAD_TAG = "nbops.author", "nbops.audit_head"
# MLflow's own lifecycle stage of a version nobody has moved; it is deprecated there, and we never use it.
NO_STAGE = "None"
# In place of the number of the head that was noted: write it whatever stands there.
FORCED_HEAD = -1
# From so many models on, one listing of all is quicker than asking for each.
_MANY, _PAGE = 25, 200


@dataclass(frozen=True, slots=True)
class TheirVersion:
    """One version as MLflow has it. ``number`` is MLflow's, ``stage`` its own lifecycle stage."""

    number: str
    source: str
    run_id: str
    stage: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TheirModel:
    """One registered model as MLflow has it: aliases and versions by MLflow's numbers."""

    name: str
    aliases: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, TheirVersion] = field(default_factory=dict)


def store_identity(client: MlflowClient) -> str:
    """Give what tells one store from another, wherever it stands: when its first experiment was made."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_experiment("0").creation_time or "")
    except MlflowException as error:
        if _absent(error):
            return "without a default experiment"
        raise


def read_model(client: MlflowClient, name: str) -> TheirModel | None:
    """Give one model, ``None`` when MLflow has none of that name."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if _absent(error):
            return None
        raise
    condition = f"name = '{_quoted(name)}'"
    versions = [v for v in _all(client.search_model_versions, filter_string=condition) if v.name == name]
    return _model(found, versions)


def read_models(client: MlflowClient, names: Iterable[str]) -> dict[str, TheirModel]:
    """Give those of the models that MLflow has."""
    wanted = set(names)
    if len(wanted) < _MANY:
        asked = (read_model(client, name) for name in wanted)
        return {model.name: model for model in asked if model is not None}
    versions: dict[str, list[Any]] = {name: [] for name in wanted}
    for version in _all(client.search_model_versions):
        if version.name in wanted:
            versions[version.name].append(version)
    listed = _all(client.search_registered_models)
    return {model.name: _model(model, versions[model.name]) for model in listed if model.name in wanted}


def _model(found: Any, versions: Iterable[Any]) -> TheirModel:
    return TheirModel(
        name=found.name,
        aliases={alias: str(number) for alias, number in (found.aliases or {}).items()},
        tags=dict(found.tags or {}),
        versions={str(v.version): _version(v) for v in versions},
    )


def _version(found: Any) -> TheirVersion:
    return TheirVersion(
        number=str(found.version),
        source=found.source or "",
        run_id=found.run_id or "",
        stage=found.current_stage or NO_STAGE,
        tags=dict(found.tags or {}),
    )


def _all(search: Callable[..., Any], **options: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(max_results=_PAGE, page_token=token, **options)
        yield from page
        token = page.token
        if not token:
            return


def _absent(error: Any) -> bool:
    return str(error.error_code) == "RESOURCE_DOES_NOT_EXIST"


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "\\'")
