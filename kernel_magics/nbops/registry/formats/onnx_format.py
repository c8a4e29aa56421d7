"""Models as ONNX, kept only where it says on a sample what the model says."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from nbops.errors import RegistryError

FILE = "model.onnx"
_ROWS = 200
_SEED = 1


def available() -> bool:
    """Whether the packages of the extra ``onnx`` are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("skl2onnx", "onnxruntime"))


def dump(model: Any) -> bytes:
    """Convert a fitted scikit-learn model of numeric columns, if the result agrees with it.

    Agreement is looked at on 200 rows drawn around nought: the same labels, and probabilities or values that differ
    by at most 1e-3 of their size (ONNX computes in 32 bits).

    Raises
    ------
    RegistryError
        It cannot be converted, or does not agree; the message says which.
    """
    from skl2onnx import to_onnx

    columns = getattr(model, "n_features_in_", None)
    if not isinstance(columns, int):
        raise RegistryError("it does not say how many columns it takes")
    # Rounded to what 32 bits hold, so that a threshold falls on the same side for both.
    rows = np.random.default_rng(_SEED).normal(size=(_ROWS, columns)).astype(np.float32)
    try:
        options = {"zipmap": False} if hasattr(model, "predict_proba") else None
        data = bytes(to_onnx(model, rows[:1], options=options).SerializeToString())
        _compare(model, data, rows)
    except RegistryError:
        raise
    except Exception as error:  # converters raise all sorts of things
        raise RegistryError(f"it cannot be converted: {type(error).__name__}: {error}"[:300]) from error
    return data


def _compare(model: Any, data: bytes, rows: Any) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    said = session.run(None, {session.get_inputs()[0].name: rows})
    names = getattr(model, "feature_names_in_", None)
    given = rows.astype(np.float64)
    if names is not None:
        import pandas as pd

        given = pd.DataFrame(given, columns=list(names))
    expected = np.asarray(model.predict(given))
    found = np.asarray(said[0]).reshape(expected.shape)
    if np.issubdtype(expected.dtype, np.floating):
        same = np.allclose(found, expected, rtol=1e-3, atol=1e-4)
    else:
        same = bool((found == expected).all())
    if same and hasattr(model, "predict_proba") and len(said) > 1:
        same = np.allclose(np.asarray(said[1]), model.predict_proba(given), rtol=1e-3, atol=1e-3)
    if not same:
        raise RegistryError("the converted model does not agree with it")
