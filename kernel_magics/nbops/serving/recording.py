"""What a served model predicts goes to its prediction log, and labels that are sent to it go where labels are."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from nbops.errors import DataError, NbopsError
from nbops.monitoring.predictions import LabelLog, PredictionLog, PredictionSettings, read_prediction_settings
from nbops.monitoring.predictions.committing import Health
from nbops.monitoring.predictions.identifiers import new_ids
from nbops.serving.served import Served
from nbops.workspace import Workspace

HEADER, STATE_HEADER = "X-Nbops-Prediction-Ids", "X-Nbops-Prediction-Log"
# Identifiers that an answer lists in its header; of more it gives what they begin with.
_LISTED, _LONGEST_ID = 100, 200
_PATIENCE = 2.0
_SAID_EVERY = 60.0
_log = logging.getLogger("nbops.serving")


class Recorder:
    """Logs the predictions of a served model, and records labels.

    Parameters
    ----------
    served
        The model.
    workspace
        Where it is registered.
    settings
        ``[predictions]`` of ``nbops.toml`` by default.

    Raises
    ------
    SettingsError
        ``[predictions]`` cannot be used.
    """

    def __init__(self, served: Served, workspace: Workspace, settings: PredictionSettings | None = None) -> None:
        self._served = served
        self.settings = settings or read_prediction_settings(workspace)
        model = served.version.model
        self._predictions = PredictionLog(workspace, model, self.settings, patience=_PATIENCE)
        self._labels = LabelLog(workspace, model)
        self._said_at = 0.0

    @property
    def health(self) -> Health:
        """How the log of predictions fares."""
        return self._predictions.health

    @property
    def label_health(self) -> Health:
        """How the log of labels fares."""
        return self._labels.health

    def predictions(self, rows: Any, outputs: Any, ids: Sequence[str] | None, latency: float) -> dict[str, str]:
        """Log the predictions of a request; give the headers that tell of it. Nothing that fails here fails the request."""
        count = len(rows)
        names = list(ids) if ids is not None else made_ids(count)
        found = self._served.version
        given = rows if hasattr(rows, "columns") else dict(zip(found.features, np.asarray(rows).T, strict=False))
        try:
            put = self._predictions.log if self.settings.wait else self._predictions.submit
            put(
                names,
                given if found.features or hasattr(rows, "columns") else None,
                outputs,
                self._scores(rows),
                version=found.version,
                digest=found.digest,
                latency=latency,
            )
        except NbopsError as error:
            self._say(str(error))
            return {STATE_HEADER: "lost"}
        except Exception as error:  # whoever asked has an answer, whatever the model took and gave
            self._say(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
            return {STATE_HEADER: "lost"}
        return {HEADER: listed(names, made=ids is None)}

    def labels(self, content: Any) -> int:
        """Record labels: ``{"ids": […], "labels": […], "at": …}``, or a list of ``{"id", "label", "at"}``.

        Raises
        ------
        DataError
            It is neither, or does not fit together.
        WorkspaceError
            They could not be written.
        """
        if isinstance(content, list) and all(
            isinstance(one, dict) and {"id", "label"} <= one.keys() for one in content
        ):
            times = [one.get("at", time.time()) for one in content]
            content = {"ids": [one["id"] for one in content], "labels": [one["label"] for one in content], "at": times}
        wanted = isinstance(content, dict) and {"ids", "labels"} <= content.keys() <= {"ids", "labels", "at"}
        if not wanted or not isinstance(content["ids"], list) or not isinstance(content["labels"], list):
            raise DataError(
                'Give {"ids": […], "labels": […]}, or a list of {"id": …, "label": …}, each perhaps with "at".'
            )
        if not all(isinstance(one, (str, int)) for one in content["ids"]):
            raise DataError("An identifier is text.")
        if any(isinstance(one, (list, dict)) for one in content["labels"]):
            raise DataError("A label is text, a number, true, false or null.")
        return self._labels.record(content["ids"], content["labels"], content.get("at"))

    def close(self) -> None:
        """Write what waits."""
        self._predictions.close()
        self._labels.close()

    def _scores(self, rows: Any) -> Any:
        model = self._served.model
        if not self.settings.scores or not hasattr(model, "predict_proba"):
            return None
        try:
            shares = np.asarray(model.predict_proba(rows), dtype=float)
            return dict(zip(map(str, model.classes_), shares.T, strict=True))
        except Exception:  # a model that predicts is served, whatever else it does not do
            return None

    def _say(self, problem: str) -> None:
        if time.monotonic() - self._said_at > _SAID_EVERY or not self._said_at:
            self._said_at = time.monotonic()
            _log.warning("predictions are not logged: %s", problem)


def made_ids(count: int) -> list[str]:
    """Make identifiers of a request's predictions: one, or with ``.0``, ``.1``, … behind it."""
    first = new_ids(1)[0]
    return [first] if count == 1 else [f"{first}.{place}" for place in range(count)]


def listed(names: Sequence[str], *, made: bool) -> str:
    """Give identifiers as a header: parted by commas, or of many that were made ``ID.*``, which stands for all in order."""
    if len(names) <= _LISTED:
        return ",".join(quote(name, safe="") for name in names)
    return f"{names[0].rpartition('.')[0]}.*" if made else ""


def given_ids(header: str, content: Any, count: int) -> list[str] | None:
    """Read the identifiers that a request gives, in its header or as ``prediction_ids`` among ``params``.

    Raises
    ------
    DataError
        There are not as many as rows, or they cannot be identifiers.
    """
    named = content.get("prediction_ids") if isinstance(content, dict) else None
    ids = [unquote(one.strip()) for one in header.split(",")] if header else named
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(one, (str, int)) and not isinstance(one, bool) for one in ids):
        raise DataError("prediction_ids must be a list of texts.")
    names = [str(one) for one in ids]
    if len(names) != count:
        raise DataError(f"There are {len(names)} identifiers of {count} rows.")
    if len(set(names)) < count:
        raise DataError("Two rows have the same identifier.")
    if not all(0 < len(one) <= _LONGEST_ID and one.isprintable() for one in names):
        raise DataError(f"An identifier has 1 to {_LONGEST_ID} letters that can be printed.")
    return names
