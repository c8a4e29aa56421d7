"""Interpreter and imported packages, read from what is in memory already."""

from __future__ import annotations

import platform
import sys
from types import ModuleType

from nbops.records import Environment

# Distributions whose name is not that of the module.
_DISTRIBUTIONS = {
    "IPython": "ipython",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dotenv": "python-dotenv",
    "dateutil": "python-dateutil",
    "git": "GitPython",
    "imblearn": "imbalanced-learn",
    "jwt": "PyJWT",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "websocket": "websocket-client",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
_platform = ""
# Reading the description of a distribution costs, and a module in memory keeps its version.
_described: dict[str, str] = {}


def read_environment() -> Environment:
    """Give the interpreter and the distributions whose modules are imported, with versions."""
    global _platform
    _platform = _platform or f"{platform.system()}-{platform.machine()}"
    packages: dict[str, str] = {}
    for name, module in tuple(sys.modules.items()):
        if "." in name or name.startswith("_") or name in sys.stdlib_module_names:
            continue
        # Only what stands in the module: asking for an attribute can run code and warn.
        version = vars(module).get("__version__") if isinstance(module, ModuleType) else None
        if not isinstance(version, str):
            version = _from_distribution(name, module)
        if version and name != "nbops":
            packages[_DISTRIBUTIONS.get(name, name)] = version
    ordered = {name: packages[name] for name in sorted(packages, key=str.lower)}
    return Environment(python=platform.python_version(), platform=_platform, packages=ordered)


def _from_distribution(name: str, module: object) -> str:
    """Give the version of an installed package that does not say it itself, or an empty text."""
    if name not in _described:
        from importlib.metadata import PackageNotFoundError, version

        _described[name] = ""
        # A module of the user's may have the name of something that is installed as well.
        if "-packages" in str(getattr(module, "__file__", None) if isinstance(module, ModuleType) else ""):
            try:
                _described[name] = version(_DISTRIBUTIONS.get(name, name))
            except (PackageNotFoundError, ValueError):
                return ""
    return _described[name]
