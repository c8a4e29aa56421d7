"""A project that runs at once, made from a folder of assets: whole, or not at all."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.data.reading import read_table, write_table
from nbops.data.typed import require_columns, settle
from nbops.errors import DataError, NotFoundError, UsageError, WorkspaceError
from nbops.pipelines.spec import templates
from nbops.pipelines.tabular.metrics import CLASSIFICATION
from nbops.pipelines.tabular.task import task_of

if TYPE_CHECKING:
    import pandas as pd

CI = ("github", "gitlab", "jenkins", "none")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SAMPLES = {
    "classification": ("breast_cancer", "diagnosis", {0: "malignant", 1: "benign"}),
    "regression": ("diabetes", "progression", {}),
}
_TASKS = ("auto", *_SAMPLES)
_HIDDEN = {"gitignore": ".gitignore"}
_PLACE = re.compile(r"@@(\w+)@@|@(\w+)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project that was made: its folder, and its files from there."""

    name: str
    folder: Path
    target: str
    task: str
    files: tuple[str, ...]


def project_templates() -> dict[str, Path]:
    """Give the templates of projects by name."""
    root = next(iter(templates().values())).parent / "projects"
    return {folder.name: folder for folder in sorted(root.iterdir()) if folder.is_dir()} if root.is_dir() else {}


def new_project(
    path: str | os.PathLike[str],
    template: str = "tabular",
    *,
    data: str = "",
    target: str = "",
    task: str = "auto",
    ci: str = "none",
) -> Project:
    """Make a project in a folder that does not exist yet.

    Parameters
    ----------
    path
        The folder; its last part is the name of the project and of its model.
    template
        See :func:`project_templates`.
    data
        A file to learn from, which is copied; a sample of real data by default.
    target
        The column to predict; needed with ``data``.
    task
        ``classification``, ``regression`` or ``auto``.
    ci
        ``github``, ``gitlab`` or ``jenkins`` writes the file of that service; ``none`` does not.

    Raises
    ------
    UsageError
        The name, template, task or service is none.
    WorkspaceError
        Something is there already, or the folder cannot be written.
    NotFoundError, DataError
        The data do not exist, cannot be read or lack the target.
    """
    folder = Path(path).expanduser().absolute()
    _among("template of a project", template, project_templates())
    _among("task", task, _TASKS)
    _among("service", ci, CI)
    if not _NAME.fullmatch(folder.name):
        raise UsageError(
            f"{folder.name!r} cannot name a project.", hint="Use up to 64 letters, digits, - and _, a letter first."
        )
    if os.path.lexists(folder):
        raise WorkspaceError(f"{folder} is there already.", hint="Choose another name; nothing was changed.")
    if bool(data) != bool(target):
        raise UsageError("Data and target go together.", hint="nbops new NAME --data FILE --target COLUMN")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise WorkspaceError(f"{folder.parent} cannot be written: {error.strerror or error}.") from error
    try:
        values = _values(folder.name, made, data, target, task)
        _write(project_templates()[template], made, values)
        if ci != "none":
            _export(made, ci)
        made.chmod(0o755)
        # What one person makes is whole or absent, also when two make it at once.
        made.rename(folder)
    except OSError as error:
        raise WorkspaceError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    return Project(name=folder.name, folder=folder, target=values["target"], task=values["task"], files=tuple(files))


def _values(name: str, made: Path, data: str, target: str, task: str) -> dict[str, Any]:
    if data:
        source, table = _copied(made, data)
    else:
        source, table, target = _sampled(made, "classification" if task == "auto" else task)
    require_columns([str(column) for column in table.columns], [target], f"{data or source} has")
    found = settle(table).frame[target].dropna()
    if found.nunique() < 2:
        raise DataError(f"{target} of {data} has not two different values, so there is nothing to learn.")
    task = task_of(found, task)
    classes = task == CLASSIFICATION
    several = classes and found.nunique() > 2
    return {
        "name": name,
        "retrain": f"{name}-retrain",
        "source": source,
        "target": target,
        "task": task,
        "linear": "logistic_regression" if classes else "ridge",
        "metric": ("roc_auc_ovr" if several else "roc_auc") if classes else "mae",
        # As much worse as chance may make it look on few rows.
        "margin": 0.02 if classes else float(f"{0.05 * float(found.std()):.2g}"),
    }


def _copied(made: Path, data: str) -> tuple[str, pd.DataFrame]:
    given = Path(data).expanduser()
    if not given.is_file():
        raise NotFoundError(f"There is no file {given}.")
    table = read_table(given)
    source = f"data/{given.name}"
    (made / "data").mkdir()
    if (made / source).name in {"train.parquet", "holdout.parquet"}:
        raise UsageError(f"{given.name} is what the pipeline writes.", hint="Give the file another name.")
    shutil.copyfile(given, made / source)
    return source, table


def _sampled(made: Path, task: str) -> tuple[str, pd.DataFrame, str]:
    name, target, words = _SAMPLES[task]
    table = read_table(f"sklearn:{name}").rename(columns={"target": target})
    if words:
        table[target] = table[target].map(words)
    write_table(table, made / "data" / f"{name}.csv")
    return f"data/{name}.csv", table, target


def _write(assets: Path, made: Path, values: Mapping[str, Any]) -> None:
    for asset in sorted(assets.rglob("*")):
        inner = asset.relative_to(assets)
        if asset.is_dir() or "__pycache__" in inner.parts:
            continue
        goal = made / inner.parent / _HIDDEN.get(asset.name, asset.name)
        goal.parent.mkdir(parents=True, exist_ok=True)
        text = asset.read_text(encoding="utf-8")
        goal.write_text(
            _notebook(text, values) if asset.suffix == ".ipynb" else _filled(text, values), encoding="utf-8"
        )


def _notebook(text: str, values: Mapping[str, Any]) -> str:
    book = json.loads(text)
    for cell in book["cells"]:
        cell["source"] = _filled("".join(cell["source"]), values).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """Put values in place of ``@name@`` as literals, which TOML and Python share, and of ``@@name@@`` as they are."""

    def value(match: re.Match[str]) -> str:
        plain, quoted = match[1], match[2]
        if (plain or quoted) not in values:
            return match[0]
        return str(values[plain]) if plain else json.dumps(values[quoted], ensure_ascii=False)

    return _PLACE.sub(value, text)


def _export(made: Path, ci: str) -> None:
    from nbops.pipelines.exports import export_pipeline
    from nbops.workspace import find_workspace

    export_pipeline(ci, made / "pipeline.toml", workspace=find_workspace(made))


def _among(what: str, word: str, known: Any) -> None:
    if word not in known:
        near = difflib.get_close_matches(word, list(known), 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
        raise UsageError(f"There is no {what} {word!r}.", hint=hint)
