"""Models as skops: no code in the file, only types that are known beforehand."""

from __future__ import annotations

from typing import Any

from nbops.errors import RegistryError
from nbops.registry.formats.trusted import TRUSTED

FILE = "model.skops"


def dump(model: Any) -> bytes:
    """Write a model.

    Raises
    ------
    RegistryError
        It holds types that are not on the reviewed list, or that skops cannot write.
    """
    import skops.io

    try:
        data = bytes(skops.io.dumps(model))
        others = [name for name in skops.io.get_untrusted_types(data=data) if name not in TRUSTED]
    except Exception as error:  # a model's own code may raise anything
        raise RegistryError(f"skops cannot write it: {type(error).__name__}: {error}"[:300]) from error
    if others:
        raise RegistryError(f"it holds types that are not on the reviewed list: {', '.join(sorted(others)[:5])}")
    return data


def load(data: bytes) -> Any:
    """Build the model that ``data`` describes, of known types only.

    Raises
    ------
    RegistryError
        It names other types, or is no skops file.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        wanted = skops.io.get_untrusted_types(data=data)
        # Only ours are passed on; what else the file asks for makes skops refuse.
        return skops.io.loads(data, trusted=[name for name in wanted if name in TRUSTED])
    except UntrustedTypesFoundException as error:
        others = sorted(name for name in wanted if name not in TRUSTED)
        raise RegistryError(
            f"the file asks for types that are not on the reviewed list: {', '.join(others[:5])}"
        ) from error
