"""Writers of predictions are killed, two at once, at random times and at every kind of step: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_KILLS = 100 if os.environ.get("NBOPS_LONG_FAULTS") == "1" else 8


@pytest.mark.skipif(sys.platform != "linux", reason="kills processes that were forked")
def test_no_acknowledged_prediction_is_lost_or_doubled(workspace):
    program = Path(__file__).with_name("prediction_writers.py")
    ran = subprocess.run(
        [sys.executable, str(program), str(workspace.root), str(_KILLS), "3"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["lost"] == [] and found["doubled"] == []
    assert found["acknowledged"] > _KILLS
    # What the dead have left was made up by the next writer.
    assert found["open"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="kills processes that were forked")
def test_whoever_drops_old_predictions_and_their_labels_may_be_killed_at_any_step(workspace):
    program = Path(__file__).with_name("label_retention_killed.py")
    ran = subprocess.run(
        [sys.executable, str(program), str(workspace.root)], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["wrong"] == [] and found["steps"] > 20
