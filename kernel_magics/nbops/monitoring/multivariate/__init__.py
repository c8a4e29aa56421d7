"""All columns at once: what no single column shows, such as a correlation that broke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile
from nbops.monitoring.coding import comparable
from nbops.monitoring.matrix import matrix, sampled
from nbops.monitoring.multivariate.classifier import domain_classifier
from nbops.monitoring.multivariate.reconstruction import reconstruction

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["domain_classifier", "multivariate", "reconstruction"]

_MOST_ROWS = 10_000
_MOST_COLUMNS = 200
_FEWEST = 50
_AUC_ABOVE_HALF = 0.05


def multivariate(
    before: Profile,
    after: Profile,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    columns: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    alpha: float = 0.01,
    min_effect: float = 0.03,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare the joint distributions by a domain classifier and by the reconstruction error of principal components.

    Parameters
    ----------
    before, after, reference, current
        Profiles of both sides, and their rows; of more than 10,000 on a side a sample is taken.
    columns
        Only these; by default all numbers, categories and truth values, the first 200 of them.
    left_out
        Columns that take no part. Identifiers and times never do: every period can be told from another by them.
    alpha
        Largest probability of a false alarm of each of the two, for independent rows.
    min_effect
        Smallest KS distance of the errors of reconstruction that counts. An AUC counts from 0.55.
    seed
        Of the samples and models; the state of nobody's random generator is touched.

    Returns
    -------
    dict
        JSON-able: ``classifier``, as :func:`domain_classifier`, and ``pca``, as :func:`reconstruction` gives it.
    """
    names = comparable(before, after, columns, left_out)[:_MOST_COLUMNS]
    random = np.random.default_rng(seed)
    rows = [sampled(frame, _MOST_ROWS, random) for frame in (reference, current)]
    if not names or min(len(side) for side in rows) < _FEWEST:
        told = f"Too few rows or columns to look at them together ({min(len(side) for side in rows)} rows)."
        return {"classifier": {"sentence": told, "drifted": False}}
    whole = matrix(names, before, rows[0], rows[1])
    return {
        "classifier": domain_classifier(whole, alpha=alpha, min_effect=_AUC_ABOVE_HALF, seed=seed),
        "pca": reconstruction(whole, alpha=alpha, min_effect=min_effect, seed=seed),
    }
