"""What models predict, written down as it happens, and the labels that arrive later."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.monitoring.predictions.labelled import labelled_predictions, labelled_rows, read_labels
    from nbops.monitoring.predictions.labels import LabelLog, record_labels
    from nbops.monitoring.predictions.log import PredictionLog
    from nbops.monitoring.predictions.reading import input_profile, read_predictions
    from nbops.monitoring.predictions.settings import PredictionSettings, read_prediction_settings

__all__ = [
    "LabelLog",
    "PredictionLog",
    "PredictionSettings",
    "input_profile",
    "labelled_predictions",
    "labelled_rows",
    "read_labels",
    "read_prediction_settings",
    "read_predictions",
    "record_labels",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "labelled": ["labelled_predictions", "labelled_rows", "read_labels"],
        "labels": ["LabelLog", "record_labels"],
        "log": ["PredictionLog"],
        "reading": ["input_profile", "read_predictions"],
        "settings": ["PredictionSettings", "read_prediction_settings"],
    },
)
