"""The documents are true: their links lead somewhere, their walk works, and they name no machine."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = sorted([*_ROOT.glob("*.md"), *_ROOT.glob("docs/*.md")])
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if not urlsplit(target).scheme:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def _walk():
    """The cells of the README's five-minute walk: indented blocks up to the first that is for a terminal."""
    text = (_ROOT / "README.md").read_text(encoding="utf-8")
    text = text.split("## A five-minute walk", 1)[1].split("Everything is a command", 1)[0]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    return [textwrap.dedent(block).strip() for block in blocks]


def test_the_walk_in_the_readme_works(tmp_path):
    cells = _walk()
    assert len(cells) == 3
    cells[2] = "\n".join(
        line for line in cells[2].splitlines() if not line.startswith(("%pipeline", "%schedule", "%retrain"))
    )
    script = "\n".join(
        [
            "from IPython.core.interactiveshell import InteractiveShell",
            "shell = InteractiveShell.instance()",
            *(f"shell.run_cell({cell!r}).raise_error()" for cell in cells),
        ]
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))} | {
        "NBOPS_COURIER": "false"
    }
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mae" in done.stdout
    assert "diabetes version 1" in done.stdout


def test_the_architecture_names_every_room():
    text = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (_ROOT / "kernel_magics" / "nbops").glob("*/__init__.py")]
    assert len(rooms) >= 17
    assert [room for room in rooms if f"{room}/" not in text] == []


def test_the_repository_names_no_machine_and_no_registry():
    files = subprocess.run(["git", "-C", _ROOT, "ls-files"], capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    if files == [""]:
        pytest.skip("not a git checkout: nothing says which files belong to the repository")
    found = []
    for name in filter(None, files):
        path = _ROOT / name
        if path.suffix in {".png", ".parquet"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r'"resolved": "https?://|registry\.npmjs|pypi\.org/simple|/root/|/home/(?!a/|me/)\w+/', text):
            found.append(name)
    assert found == []
