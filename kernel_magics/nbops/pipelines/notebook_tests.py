"""Notebooks as tests: nbval executes them cell by cell in a copy of the project, so that nothing they do is done to it."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbops.errors import MissingExtraError, NotFoundError, PipelineError, UsageError
from nbops.workspace.location import DATA_FOLDER
from nbops.workspace.settings import FILE_NAME

MODES = {"errors": "--nbval-lax", "outputs": "--nbval"}
_NOT_COPIED = (DATA_FOLDER, ".git", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".tox")
# What leads to the real ledger and MLflow, and what a stage knows of itself.
_REAL = re.compile(r"NBOPS_(?!CACHE$)|MLFLOW_|PYTEST_")
_COLOUR = re.compile(r"(?:#x1B|\x1b)\[[\d;]*m")


@dataclass(frozen=True, slots=True)
class CellFailure:
    """A cell that failed: its number in the notebook, from 1 over all cells (0: the notebook itself), and why in one line."""

    notebook: str
    cell: int
    error: str

    def __str__(self) -> str:
        where = f"{self.notebook}, cell {self.cell}" if self.cell else self.notebook
        return f"{where}: {self.error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookTests:
    """How they went: cells that passed, and those that did not, in the order of the notebooks."""

    notebooks: tuple[str, ...]
    passed: int
    failures: tuple[CellFailure, ...]


def run_notebook_tests(
    folder: Path,
    patterns: Sequence[str],
    *,
    leave_out: Sequence[str] = (),
    mode: str = "errors",
    cell_timeout: float = 600.0,
) -> NotebookTests:
    """Execute notebooks with nbval in a copy of a project.

    Parameters
    ----------
    folder
        The project.
    patterns
        Which notebooks, such as ``notebooks/*.ipynb``, from the project on.
    leave_out
        Patterns of files and folders that are not copied, such as ``data/raw``.
    mode
        ``errors``: a cell fails when it raises; ``outputs``: also when its outputs are not those kept in the notebook.
    cell_timeout
        Seconds that a cell may take.

    Raises
    ------
    MissingExtraError
        nbval is not installed.
    NotFoundError
        No notebook has such a name.
    UsageError
        There is no such mode.
    PipelineError
        pytest itself did not run.
    """
    if mode not in MODES:
        raise UsageError(f"mode is {' or '.join(MODES)}, not {mode!r}.")
    if importlib.util.find_spec("nbval") is None:
        raise MissingExtraError("Testing notebooks", "nbval")
    names = list(_chosen(folder, patterns))
    if not names:
        raise NotFoundError(f"No notebook in {folder} is called {' or '.join(patterns)}.", hint="No test ran.")
    with tempfile.TemporaryDirectory(prefix="nbops-tests-") as place:
        copy = Path(place) / "project"
        shutil.copytree(folder, copy, ignore=_Left(folder, leave_out), symlinks=True)
        # Whatever they track or register is of this copy, and gone with it.
        (copy / FILE_NAME).touch()
        report = Path(place) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin", MODES[mode], "--nbval-current-env"]
        command += [
            "-q",
            "-c",
            os.devnull,
            "--rootdir",
            str(copy),
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
        ]
        command += ["-o", "junit_family=xunit1", "--junitxml", str(report), f"--nbval-cell-timeout={cell_timeout:g}"]
        done = subprocess.run(
            [*command, *names], cwd=copy, env=_environment(), capture_output=True, text=True, check=False
        )
        if not report.is_file():
            said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise PipelineError(f"pytest did not run: {_plain(said[-1])}")
        return _read(report, folder, names)


class _Left:
    """Tells ``shutil.copytree`` what to leave out."""

    def __init__(self, folder: Path, patterns: Sequence[str]) -> None:
        self._folder, self._patterns = folder, [pattern.rstrip("/") for pattern in patterns]

    def __call__(self, at: str, names: list[str]) -> set[str]:
        here = Path(at).relative_to(self._folder)
        return {name for name in names if name in _NOT_COPIED or self._matches((here / name).as_posix())}

    def _matches(self, name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in self._patterns)


def _chosen(folder: Path, patterns: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UsageError(f"{pattern!r} leads out of the project.")
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            if path.suffix == ".ipynb" and path.is_file() and name not in seen and not _hidden(name):
                seen.add(name)
                yield name


def _hidden(name: str) -> bool:
    return any(part in _NOT_COPIED for part in Path(name).parts)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _REAL.match(name)}
    return {**kept, "NBOPS_COURIER": "false", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _read(report: Path, folder: Path, names: Sequence[str]) -> NotebookTests:
    passed, failures = 0, []
    for case in ElementTree.parse(report).iter("testcase"):
        name = str(case.get("file") or case.get("name", ""))
        bad = [part for part in case if part.tag in {"failure", "error"}]
        if not bad:
            passed += all(part.tag != "skipped" for part in case)
            continue
        number = re.fullmatch(r"Cell (\d+)", case.get("name", ""))
        cell = _cell(folder / name, int(number[1])) if number else 0
        failures.append(CellFailure(name, cell, _line(str(bad[0].text or bad[0].get("message", "")))))
    rank = {name: place for place, name in enumerate(names)}
    failures.sort(key=lambda one: (rank.get(one.notebook, len(rank)), one.cell))
    return NotebookTests(notebooks=tuple(names), passed=passed, failures=tuple(failures))


def _cell(notebook: Path, number: int) -> int:
    """Give the place of a code cell in its notebook; nbval counts code cells from 0."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8-sig"))["cells"]
        return [place for place, cell in enumerate(cells, 1) if cell["cell_type"] == "code"][number]
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return number + 1


def _line(text: str) -> str:
    """Give the line of a long report that says what is wrong."""
    lines = [line.rstrip() for line in _COLOUR.sub("", text).splitlines() if line.strip()]
    named = [
        line
        for line in lines
        if re.match(r"(E   )?[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning|Iteration)\b", line)
    ]
    told = [line.partition(": ")[2] for line in lines if re.match(r"Cell \d+: ", line)]
    chosen = (named[-1:] or told[:1] or lines[-1:] or ["it failed"])[0]
    return _plain(chosen.removeprefix("E   "))


def _plain(line: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in line)[:300]
