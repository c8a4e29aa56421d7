"""What is taken to change nothing that it is given, by name; in the kernel.

Taken for granted is that reading an attribute or an item, comparing, converting to text and iterating over a container
change nothing, and that the libraries named here change what they are given only where they say so.
"""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FIXED = (
    type(None), bool, int, float, complex, str, bytes, range, type, types.ModuleType, types.BuiltinFunctionType, types.FunctionType,
)  # fmt: skip
_FIXED_NAMES = _words(
    "PosixPath WindowsPath date datetime timedelta Decimal Fraction UUID Pattern Timestamp Timedelta ufunc dtype"
)
_BUILTINS = _words(
    "abs all any ascii bin bool bytes callable chr complex dict dir divmod enumerate float format frozenset getattr hasattr hash "
    "hex id int isinstance issubclass iter len list map max min oct open ord pow print range repr reversed round set slice sorted "
    "str sum super tuple type zip display object filter"
)
_TRUSTED = _words(
    "builtins numpy pandas sklearn scipy math cmath statistics json re datetime time calendar pathlib itertools collections decimal "
    "fractions string textwrap pyarrow polars matplotlib seaborn plotly random secrets uuid hashlib base64 csv pprint copy operator "
    "typing dataclasses functools warnings platform os posixpath genericpath abc enum"
)
_CHANGING = _words(
    "append extend insert remove pop popitem clear sort reverse update setdefault add discard difference_update "
    "intersection_update symmetric_difference_update fill itemset partition put resize setfield setflags byteswap isetitem "
    "copyto place putmask fill_diagonal put_along_axis shuffle fit partial_fit fit_transform fit_predict fit_resample "
    "set_params set_output send throw close write writelines read readline readlines readinto seek truncate flush "
    "move_to_end rotate appendleft extendleft popleft subtract"
)
_MAGICS = frozenset({"matplotlib", "load_ext", "reload_ext", "config", "precision", "who", "whos", "pip", "conda"})


def fixed(value: Any) -> bool:
    """Whether an object cannot change, so that it does not matter what is done with it."""
    if isinstance(value, (tuple, frozenset)):
        return len(value) < 1000 and all(fixed(one) for one in value)
    kind = type(value)
    return isinstance(value, _FIXED) or (kind.__name__ in _FIXED_NAMES and kind.__module__ != "__main__")


def trusted(value: Any) -> bool:
    """Whether an object is of a kind whose methods change it only if their name says so."""
    return type(value).__module__.partition(".")[0] in _TRUSTED


def copies(value: Any) -> bool:
    """Whether what is taken out of an object is a copy of its own: since pandas 3 it is, where it holds plain values."""
    kind = type(value)
    if kind.__module__.partition(".")[0] != "pandas" or kind.__name__ not in {"DataFrame", "Series"}:
        return False
    version = str(getattr(sys.modules.get("pandas"), "__version__", "0")).partition(".")[0]
    kinds = value.dtypes if value.ndim == 2 else [value.dtype]
    return version.isdigit() and int(version) >= 3 and all(str(one) != "object" for one in kinds)


def trusted_function(function: Any, base: Any) -> bool:
    """Whether a function or class changes what it is given only if its name says so; ``base`` is the module it was found in."""
    module = getattr(function, "__module__", None) or (base.__name__ if isinstance(base, types.ModuleType) else "")
    return str(module).partition(".")[0] in _TRUSTED


def harmless_builtin(name: str) -> bool:
    """Whether a built-in function changes nothing."""
    kind = getattr(builtins, name, None)
    return name in _BUILTINS or (isinstance(kind, type) and issubclass(kind, BaseException))


def changing(name: str) -> bool:
    """Whether a function or method of this name changes what it is called on or given."""
    return name in _CHANGING or name.startswith("__")


def flagged(call: ast.Call) -> bool:
    """Whether a call says that it works in place, or may say so."""
    for keyword in call.keywords:
        constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else call
        if keyword.arg is None:
            return True
        if keyword.arg in {"inplace", "out"} or keyword.arg.startswith("overwrite_"):
            if constant not in (False, None):
                return True
        elif keyword.arg in {"copy", "copy_X"} and constant is not True:
            return True
    return False


def harmless_magic(call: ast.Call) -> bool:
    """Whether ``get_ipython().method(…)`` leaves variables alone."""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in {"system", "getoutput"}:
        return True
    first = call.args[0] if call.args else None
    return method == "run_line_magic" and isinstance(first, ast.Constant) and first.value in _MAGICS


def users_module(module: Any) -> bool:
    """Whether a module is one of the user's: neither the notebook nor installed."""
    name, file = str(getattr(module, "__name__", "")), str(getattr(module, "__file__", None) or "")
    if not file or "site-packages" in file or "dist-packages" in file:
        return False
    return name.partition(".")[0] not in sys.stdlib_module_names and name != "__main__"
