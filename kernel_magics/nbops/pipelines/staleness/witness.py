"""A build in which nothing had to run leaves a witness: every file it looked at, by its signature, and what it told.

Where none of these has changed since, the next build can say the same without reading any of them. This module is all
that such a build loads, so it imports next to nothing. A witness proves nothing more than that: where it is gone or does
not agree, the build looks at everything again.
"""

from __future__ import annotations

import os
import sys
import time
from binascii import crc32

import nbops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The signature of what is not there.
ABSENT = "-"
_FIRST = "nbops witness 1"
# Variables that change where the kernels, modules and packages of a stage are found.
_VARIABLES = ("PYTHONPATH", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "XDG_DATA_HOME", "HOME", "TZ")


def signature_of(found: os.stat_result) -> str:
    """Give what tells one state of a file or folder from another: size, times, inode."""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


class Witness:
    """What a build said in which nothing had to run.

    Parameters
    ----------
    name
        The pipeline.
    stages
        Name and run of each stage.
    json
        The whole result.
    """

    def __init__(self, name: str, stages: list[tuple[str, str]], json: str) -> None:
        self.name, self.stages, self.json = name, stages, json


def look(root: str, word: str) -> Witness | None:
    """Give the witness of the pipeline that a word names, if everything is as it was.

    Parameters
    ----------
    root
        Root of the workspace.
    word
        Absolute path of a pipeline file, or a name.
    """
    try:
        with open(_path(root, word), encoding="utf-8", errors="surrogateescape", newline="") as file:
            head, looked, told, json = file.read().split("\n\n", 3)
    except (OSError, ValueError):
        return None
    if head != _head(word):
        return None
    for line in looked.split("\n"):
        signature, _, path = line.partition("\t")
        try:
            now = signature_of(os.stat(path))
        except (OSError, ValueError):
            now = ABSENT
        if signature != now:
            return None
    name, *stages = told.split("\n")
    pairs = [line.partition("\t") for line in stages]
    return Witness(name, [(stage, run) for run, _, stage in pairs], json)


def keep(root: str, word: str, looked: Mapping[str, str], witness: Witness) -> None:
    """Leave a witness; do without where a name cannot be written down or the folder takes none.

    Parameters
    ----------
    looked
        Paths to the signatures that they had before they were read.
    """
    texts = [word, *looked, witness.name, *(text for pair in witness.stages for text in pair)]
    if any("\n" in text or "\t" in text for text in texts) or not looked:
        return
    told = "\n".join([witness.name, *(f"{run}\t{stage}" for stage, run in witness.stages)])
    lines = "\n".join(f"{signature}\t{path}" for path, signature in looked.items())
    path = _path(root, word)
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write("\n\n".join((_head(word), lines, told, witness.json)))
        os.replace(part, path)
    except (OSError, ValueError):
        return


def _head(word: str) -> str:
    """Give what else decides: the program, its environment, and the day, because a pipeline may name today."""
    python = f"{sys.prefix}\t{sys.hexversion}\t{nbops.__version__}\t{nbops.__file__}"
    variables = "\t".join(f"{name}={os.environ.get(name, '')}" for name in _VARIABLES).replace("\n", " ")
    return "\n".join((_FIRST, word, python, variables, time.strftime("%Y-%m-%d")))


def _path(root: str, word: str) -> str:
    number = crc32(word.encode("utf-8", "surrogatepass"))
    return os.path.join(root, ".nbops", "pipelines", "witnesses", f"{number:08x}")
