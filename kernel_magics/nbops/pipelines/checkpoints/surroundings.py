"""What a cell depends on beside the notebook's variables: states of random numbers, folder, environment, settings; in the kernel.

Of a library that is not loaded nothing is taken, and nothing is imported to find out.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbops.pipelines.checkpoints.problems import CannotKeep
from nbops.redaction import secret_name

# They belong to the process that started the kernel, or to this kernel alone.
_OWN = ("JPY_", "NBOPS_", "PYDEVD_")


def quick() -> dict[str, Any]:
    """Take what a cell may change before it fails; cheap enough to be taken before each cell."""
    return {
        "random": random.getstate(),
        "numpy": _numpy_random(),
        "torch": _torch_random(),
        "folder": _folder(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "warnings": list(warnings.filters),
    }


def settled() -> dict[str, Any]:
    """Take settings of libraries, which a cell that runs again sets again.

    Raises
    ------
    CannotKeep
        A setting that cannot be kept.
    """
    return {name: take() for name, (module, take, _) in _SETTINGS.items() if module in sys.modules}


def differing(environment: Mapping[str, str], baseline: Mapping[str, str]) -> dict[str, Any]:
    """Give what cells have changed of the environment: what is ``set`` and what is ``gone``.

    Raises
    ------
    CannotKeep
        A cell has set a secret.
    """
    here = {name: text for name, text in environment.items() if not name.startswith(_OWN)}
    changed = {name: text for name, text in here.items() if baseline.get(name) != text}
    for name in changed:
        if secret_name(name):
            raise CannotKeep(f"the environment variable {name}, which a cell has set, holds a secret")
    return {"set": changed, "gone": [name for name in baseline if name not in environment]}


def put_environment(changed: Mapping[str, Any]) -> None:
    """Make the environment what it was, from what :func:`differing` gave."""
    os.environ.update(changed["set"])
    for name in changed["gone"]:
        os.environ.pop(name, None)


def put_places(folder: str, path: Sequence[str]) -> None:
    """Make working directory and module paths what they were.

    Raises
    ------
    CannotKeep
        The working directory is gone.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        raise CannotKeep(f"the working directory {folder} is gone") from error
    sys.path[:] = path


def put_rest(state: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Make settings, warnings and random numbers what they were; after everything has been imported."""
    for name, value in settings.items():
        _SETTINGS[name][2](value)
    warnings.filters[:] = state["warnings"]  # type: ignore[index]
    with contextlib.suppress(AttributeError):
        warnings._filters_mutated()  # type: ignore[attr-defined]
    if state["numpy"] is not None:
        _numpy().set_state(state["numpy"])
    if state["torch"] is not None:
        _put_torch(state["torch"])
    random.setstate(state["random"])


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _numpy() -> Any:
    return sys.modules["numpy.random"]


def _numpy_random() -> Any:
    return _numpy().get_state(legacy=False) if "numpy.random" in sys.modules else None


def _torch_random() -> Any:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_rng_state"):
        return None
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return [torch.get_rng_state(), devices]


def _put_torch(state: Any) -> None:
    torch = sys.modules["torch"]
    torch.set_rng_state(state[0])
    if state[1]:
        torch.cuda.set_rng_state_all(state[1])


def _pandas() -> Any:
    config = sys.modules["pandas"]._config.config
    known = config._registered_options
    found = {}
    for key, option in known.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = config.get_option(key)
        if value != option.defval:
            found[key] = value
    return found


def _put_pandas(found: Mapping[str, Any]) -> None:
    config = sys.modules["pandas"]._config.config
    for key, value in found.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config.set_option(key, value)


def _matplotlib() -> Any:
    module = sys.modules["matplotlib"]
    # Read as the dictionary it is: asking for some of them chooses a backend or warns.
    now, first = dict(dict.items(module.rcParams)), dict(dict.items(module.rcParamsOrig))
    return {key: value for key, value in now.items() if "backend" not in key and value != first.get(key)}


def _put_matplotlib(found: Mapping[str, Any]) -> None:
    dict.update(sys.modules["matplotlib"].rcParams, found)


def _numpy_settings() -> Any:
    module = sys.modules["numpy"]
    return {"print": module.get_printoptions(), "errors": module.geterr()}


def _put_numpy_settings(found: Mapping[str, Any]) -> None:
    module = sys.modules["numpy"]
    options = {key: value for key, value in found["print"].items() if key != "override_repr"}
    module.set_printoptions(**options)
    module.seterr(**found["errors"])


def _sklearn() -> Any:
    return sys.modules["sklearn"].get_config()


def _put_sklearn(found: Mapping[str, Any]) -> None:
    sys.modules["sklearn"].set_config(**found)


def _loggers() -> Any:
    root = logging.getLogger()
    levels = {
        name: logger.level
        for name, logger in list(root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and logger.level
    }
    return {"levels": levels, "root": root.level, "handlers": [_handler(one) for one in root.handlers]}


def _handler(handler: logging.Handler) -> Any:
    streams = {id(sys.stdout): "stdout", id(sys.stderr): "stderr"}
    name = streams.get(id(getattr(handler, "stream", None)))
    if type(handler) is not logging.StreamHandler or name is None:
        raise CannotKeep(f"the root logger writes to a {type(handler).__name__}")
    shape = handler.formatter
    return [name, handler.level, shape and [shape._fmt, shape.datefmt]]


def _put_loggers(found: Mapping[str, Any]) -> None:
    root = logging.getLogger()
    root.setLevel(found["root"])
    for name, level in found["levels"].items():
        logging.getLogger(name).setLevel(level)
    if not root.handlers:
        for name, level, shape in found["handlers"]:
            handler = logging.StreamHandler(getattr(sys, name))
            handler.setLevel(level)
            if shape:
                handler.setFormatter(logging.Formatter(*shape))
            root.addHandler(handler)


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _extensions() -> Any:
    return sorted(_shell().extension_manager.loaded)


def _put_extensions(found: list[str]) -> None:
    manager = _shell().extension_manager
    for name in found:
        if name not in manager.loaded:
            manager.load_extension(name)


_SETTINGS: dict[str, tuple[str, Callable[[], Any], Callable[[Any], None]]] = {
    "pandas": ("pandas", _pandas, _put_pandas),
    "matplotlib": ("matplotlib", _matplotlib, _put_matplotlib),
    "numpy": ("numpy", _numpy_settings, _put_numpy_settings),
    "sklearn": ("sklearn", _sklearn, _put_sklearn),
    "loggers": ("logging", _loggers, _put_loggers),
    "extensions": ("IPython", _extensions, _put_extensions),
}
