"""Columns of vectors, such as embeddings: their length, and where they lie along sixteen fixed random directions.

Each vector is rounded to whole numbers of a unit of its own, so that its products are exact: they do not depend on how many
rows are multiplied at once.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

DIRECTIONS = 16
_DIGITS = 20


def looks_of_vectors(vectors: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Give ``norm`` and ``projection 1`` … ``projection 16`` (in units of the root of the width) of vectors.

    Parameters
    ----------
    vectors
        Shape ``(rows, width)``. A vector with a number that is not finite has none of these (NaN).
    """
    width = max(1, vectors.shape[1])
    values = vectors.astype(np.float64)
    usable = np.isfinite(values).all(axis=1)
    values[~usable] = 0.0
    top = np.abs(values).max(axis=1, initial=0.0)
    exponent = np.where(top > 0, np.frexp(top)[1] - _DIGITS, 0)
    whole = np.rint(np.ldexp(values, -exponent[:, None]))
    norm = np.ldexp(np.sqrt(np.einsum("ij,ij->i", whole, whole)), exponent)
    along = np.ldexp(whole @ _directions(width), exponent[:, None]) / np.sqrt(width)
    norm[~usable] = np.nan
    along[~usable] = np.nan
    return {"norm": norm, **{f"projection {i + 1}": np.ascontiguousarray(along[:, i]) for i in range(DIRECTIONS)}}


@functools.cache
def _directions(width: int) -> np.ndarray[Any, Any]:
    """Give directions of plus and minus one (Achlioptas 2003), shape ``(width, 16)``, the same everywhere."""
    draw = np.random.Generator(np.random.PCG64(20260101))
    found: np.ndarray[Any, Any] = draw.integers(0, 2, (DIRECTIONS, width)).T * 2.0 - 1.0
    return found
