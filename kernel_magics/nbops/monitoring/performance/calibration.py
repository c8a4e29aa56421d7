"""Whether probabilities agree with what happened."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbops.monitoring.performance.outcomes import Outcomes
from nbops.monitoring.performance.realised import wilson
from nbops.registry.gates.scores import calibration_error

_BINS = 10


def calibration(found: Outcomes) -> dict[str, Any]:
    """Give the expected calibration error ``ece`` and the ``bins`` of rows with labels; nothing without probabilities.

    Of two classes it is about the positive one, of several about the class that was said. A bin has its mean probability
    ``score``, the share ``rate`` for which it came true with Wilson's interval, and ``n``.
    """
    held = found.labelled
    if held.scores is None or not len(held):
        return {}
    held = held.rows(np.flatnonzero(np.isfinite(held.scores).all(axis=1) & (held.said >= 0)))
    if not len(held):
        return {}
    if held.kind.positive:
        score, truth = held.score, held.truth == held.place
    else:
        score, truth = held.scores[np.arange(len(held)), held.said], held.truth == held.said
    score = np.clip(score, 0, 1)
    bins = []
    place = np.minimum((score * _BINS).astype(int), _BINS - 1)
    for number in range(_BINS):
        rows = place == number
        count, hits = int(rows.sum()), int(truth[rows].sum())
        if count:
            low, high = wilson(hits, count)
            bins.append(
                {"score": float(score[rows].mean()), "rate": hits / count, "low": low, "high": high, "n": count}
            )
    return {"ece": calibration_error(truth.astype(float), score, _BINS), "n": len(score), "bins": bins}
