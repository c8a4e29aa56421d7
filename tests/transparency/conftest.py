"""Runs a notebook plain and tracked in real kernels and gives both for comparison."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

HERE = Path(__file__).parent
RUN_MIME = "application/vnd.nbops.run.v1+json"
_MARK = "STATE:"
_MASKS = (
    (re.compile(r"(?:0x| at )[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"ipykernel_\d+/\d+"), "ipykernel_N/N"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\d+(?:\.\d+)?\s?(?:ns|µs|μs|us|ms|s|sec|min)\b"), "TIME"),
    # The kernel names the file of a cell by a hash of what was typed.
    (re.compile(r"\(\d+\.py, line"), "(N.py, line"),
    (re.compile(r"<dc:date>[^<]*</dc:date>"), "<dc:date/>"),
    (re.compile(r"\b([pm])[0-9a-f]{10}\b"), r"\1ID"),
    # Ids that scikit-learn and matplotlib number or draw themselves.
    (re.compile(r"sk-container-id-\d+"), "sk-container-id-N"),
    (re.compile(r"sk-estimator-id-\d+"), "sk-estimator-id-N"),
)


@dataclass(frozen=True)
class Executed:
    """One execution: outputs of each cell without our card, the state at the end, and the cards."""

    outputs: list[list[dict[str, Any]]]
    state: dict[str, Any]
    cards: list[dict[str, Any]]
    folder: Path


@dataclass(frozen=True)
class Pair:
    """The same notebook, run both ways."""

    plain: Executed
    tracked: Executed


def cells_of(path: Path) -> list[str]:
    """Split a ``# %%`` file into cells."""
    parts = re.split(r"^# %%.*\n", path.read_text("utf-8"), flags=re.MULTILINE)
    return [part.strip("\n") for part in parts if part.strip()]


def execute(cells: list[str], folder: Path, *, tracked: bool) -> Executed:
    """Run cells in a fresh kernel."""
    folder.mkdir(parents=True)
    (folder / "nbops.toml").write_text('experiment = "transparency"\ncourier = false\n')
    seeded = ["random", *(["numpy.random"] if re.search("numpy|pandas|sklearn|matplotlib", "".join(cells)) else [])]
    seeds = "".join(f"import {name}; {name}.seed(7); del {name.partition('.')[0]}\n" for name in seeded)
    sources = [seeds + ("%load_ext nbops" if tracked else "pass")]
    sources += ["%%track\n" + cell if tracked else cell for cell in cells]
    sources.append((HERE / "probe.txt").read_text("utf-8"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    # On a busy machine nbclient misses a reply behind the messages of an output widget, and looks again only then.
    patience = 20 if "widgets.Output" in "".join(cells) else 120
    sockets = tempfile.mkdtemp(prefix="nbops-")
    client = NotebookClient(
        notebook,
        timeout=patience,
        kernel_name="python3",
        allow_errors=True,
        # Over TCP a kernel now and then loses its heartbeat: its port was another kernel's by the time it bound it.
        config=Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}}),
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    shutil.rmtree(sockets)
    outputs, cards = [], []
    for cell in notebook.cells[1:-1]:
        kept, found = _split(cell.outputs, folder)
        outputs.append(kept)
        cards += found
    said = "".join(output.get("text", "") for output in notebook.cells[-1].outputs)
    assert _MARK in said, notebook.cells[-1].outputs
    return Executed(outputs, json.loads(_masked(said.partition(_MARK)[2], folder)), cards, folder)


def _split(outputs: list[Any], folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    kept: list[dict[str, Any]] = []
    cards = []
    for output in outputs:
        if RUN_MIME in output.get("data", {}):
            cards.append(output["data"][RUN_MIME])
            continue
        plain = json.loads(_masked(json.dumps(output, ensure_ascii=False), folder))
        # How a stream is cut into messages is a matter of time.
        if kept and plain["output_type"] == "stream" and kept[-1].get("name") == plain["name"]:
            kept[-1]["text"] += plain["text"]
        else:
            kept.append(plain)
    return kept, cards


def _masked(text: str, folder: Path) -> str:
    text = text.replace(str(folder), "FOLDER")
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


@pytest.fixture
def run_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Pair]:
    """Give a function that runs a notebook of ``notebooks/`` both ways."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("NBOPS_WORKSPACE", raising=False)
    # matplotlib says where it caches on its first run; that would differ between the first run and the second.
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")

    def run(name: str) -> Pair:
        cells = cells_of(HERE / "notebooks" / f"{name}.ipy")
        with ThreadPoolExecutor(2) as pool:
            plain = pool.submit(execute, cells, tmp_path / "plain", tracked=False)
            tracked = pool.submit(execute, cells, tmp_path / "tracked", tracked=True)
            return Pair(plain.result(), tracked.result())

    return run
