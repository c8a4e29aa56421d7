"""``[predictions]`` of ``nbops.toml``: what cannot be used is named."""

import pytest

from nbops.errors import SettingsError
from nbops.monitoring.predictions.settings import read_prediction_settings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max_days = nan", "max_days must be at least 1"),
        ("max_days = 0", "max_days must be at least 1"),
        ("max_days = true", "max_days must be a number"),
        # A wait that no lock of Python can be told.
        ("flush = 1e12", "flush must be at most 3,600"),
        ("flush = inf", "flush must be seconds"),
        ("max_bytes = nan", "max_bytes must be bytes"),
        ("rows = 1", "rows must be true or false"),
        ("leave_out = 'name'", "leave_out must be a list"),
        ("row = true", "Did you mean 'rows'?"),
    ],
)
def test_what_cannot_be_used_is_named(workspace, line, said):
    (workspace.root / "nbops.toml").write_text(f"[predictions]\n{line}\n")
    with pytest.raises(SettingsError) as told:
        read_prediction_settings(workspace)
    assert said in str(told.value)


def test_what_can_be_used(workspace):
    (workspace.root / "nbops.toml").write_text('[predictions]\nmax_days = inf\nflush = "2s"\nmax_bytes = "1 GB"\n')
    found = read_prediction_settings(workspace)
    assert (found.max_days, found.flush, found.max_bytes) == (float("inf"), 2.0, 1_000_000_000)
