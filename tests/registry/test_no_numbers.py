"""A version whose metrics are no numbers is shown like any other."""

import math

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.registry import get_version, list_models, register
from nbops.registry.card import model_card
from nbops.registry.diff import version_diff
from nbops.views.model_card import card_text
from nbops.views.models import models_text
from nbops.views.registry import versions_text
from nbops.views.version_diff import version_diff_text

pytestmark = pytest.mark.parametrize("ledger_uri", ["sqlite"], indirect=True)


def test_nan_and_infinity_stay_numbers_and_hide_no_model(place):
    for value in (math.nan, math.inf):
        with nbops.track("odd") as run:
            run.metric("loss", value)
            run.model(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), "model")
        register("churn", run_id=run.run_id)
    assert math.isnan(get_version(place, "churn", 1).metrics["loss"])
    assert get_version(place, "churn", 2).metrics == {"loss": math.inf}
    models = list_models(place)
    assert "NaN" in versions_text(models[0]) and "loss ∞" in models_text(models)
    assert "loss" in card_text(model_card(place, "churn", 1))
    assert "inf" in version_diff_text(version_diff(place, "churn", 1, 2))
