"""Files in which a person declares schedules, monitors or policies."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbops.errors import NotFoundError, UsageError


def named_files(files: Sequence[str | Path]) -> list[Path]:
    """Give the files that a person has named.

    Raises
    ------
    NotFoundError
        One is not there.
    """
    found = [Path(file).expanduser().absolute() for file in files]
    for path in found:
        if not path.is_file():
            raise NotFoundError(f"There is no file {path}.")
    return found


def read_toml(path: Path, origin: str) -> dict[str, Any]:
    """Read a file, which is called ``origin`` where it cannot be read.

    Raises
    ------
    UsageError
        It is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{origin} cannot be read: {error}.") from error
