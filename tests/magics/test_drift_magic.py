"""``%drift``: the report is the result; page, figure and explorer on request."""

import json

import numpy as np
import pandas as pd
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from nbops.display.drift_report import ShownDriftReport
from nbops.display.plotly_figures import PLOTLY_MIME
from nbops.explorer import DriftExplorer


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.display_pub = CapturingDisplayPublisher()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NBOPS_WORKSPACE", str(tmp_path_factory.mktemp("drift")))
        made.run_line_magic("load_ext", "nbops")
        random = np.random.default_rng(0)
        for name, shift in (("before", 0.0), ("after", 1.0)):
            days = pd.date_range("2026-01-01", periods=300, freq="2h")
            made.user_ns[name] = pd.DataFrame({"x": random.normal(shift, 1, 300), "day": days})
        yield made
        made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


def test_the_page_and_its_figures_are_written(shell, tmp_path):
    report = shell.run_line_magic("drift", f"before after --html {tmp_path}/r.html")
    assert isinstance(report, ShownDriftReport)
    assert "x</bdi>" in (tmp_path / "r.html").read_text()
    assert json.loads((tmp_path / "r.html.json").read_text())["drifted"] == ["x"]


def test_plotly_is_shown_above_the_report(shell):
    report = shell.run_line_magic("drift", "before after --plotly")
    shown = shell.display_pub.outputs[-1]["data"]
    assert isinstance(report, ShownDriftReport)
    assert shown[PLOTLY_MIME]["data"] and "renderer" in shown["text/plain"]


def test_the_explorer_is_the_result(shell):
    found = shell.run_line_magic("drift", "before after --explore --time day")
    assert isinstance(found, DriftExplorer)
    assert len(found.exploration.windows) > 3
    assert "text/html" in found._repr_mimebundle_()
