"""What models predict, written down as it happens, and the labels that arrive later."""

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
