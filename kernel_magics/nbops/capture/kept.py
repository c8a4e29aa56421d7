"""The table ``track`` of ``nbops.toml``: what is kept of frames and of the training of models."""

from __future__ import annotations

from pathlib import Path

from nbops.errors import SettingsError
from nbops.workspace.settings import FILE_NAME, read_tables

_SWITCHES = ("training_profile", "input_example", "frame_profiles")


def kept(root: Path) -> dict[str, bool]:
    """Give which of ``training_profile``, ``input_example`` and ``frame_profiles`` are kept; all by default.

    Raises
    ------
    SettingsError
        The table has an unknown key, or a value that is neither true nor false.
    """
    given = read_tables(root).get("track", {})
    for key, value in given.items():
        if key not in _SWITCHES or not isinstance(value, bool):
            known = f"{', '.join(_SWITCHES[:-1])} and {_SWITCHES[-1]}"
            raise SettingsError(f"[track] {key} in {FILE_NAME}: known are {known}, true or false.")
    return {key: given.get(key, True) for key in _SWITCHES}
