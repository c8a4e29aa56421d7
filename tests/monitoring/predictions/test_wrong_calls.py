"""What cannot be logged, labelled, read or measured is said in one line, and nothing of it is written."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.errors import DataError, NbopsError, NotFoundError, UsageError
from nbops.monitoring.monitors import add_monitor, monitor, monitor_report, monitor_runs, pause_monitor, run_monitor
from nbops.monitoring.performance import performance
from nbops.monitoring.predictions import (
    LabelLog,
    PredictionLog,
    input_profile,
    labelled_rows,
    read_labels,
    read_predictions,
    record_labels,
)
from nbops.registry import load_model
from nbops.scheduling.retraining import set_policy

T0 = 1_760_000_000.0


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    from nbops.workspace import find_workspace

    root = tmp_path_factory.mktemp("predictions")
    (root / "nbops.toml").write_text("courier = false\n")
    workspace = find_workspace(root)
    with PredictionLog(workspace, "churn") as log:
        said = np.arange(40) % 2
        rows = pd.DataFrame({"plan": ["a", "b"] * 20})
        ids = log.log(rows=rows, outputs=said, scores=said * 0.5 + 0.2, at=T0 + np.arange(40.0))
    record_labels(workspace, "churn", ids, said, at=T0 + 100)
    return workspace


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ids": [None, "b"]}, "The identifier of row 0 is missing. Leave ids out to have them made."),
        ({"ids": ["a", float("nan")]}, "The identifier of row 1 is missing"),
        ({"ids": ["a", ""]}, "The identifier of row 1 is missing"),
        ({"ids": [pd.NA, "a"]}, "The identifier of row 0 is missing"),
        ({"scores": ["x", "y"]}, "scores must be numbers"),
        ({"scores": {"no": ["x", "y"]}}, "scores must be numbers"),
        ({"latency": "slow"}, "latency must be numbers"),
        ({"version": "x"}, "version must be the number of one, not 'x'"),
        ({"version": 2**31}, "version must be the number of one"),
        ({"version": True}, "version must be the number of one"),
        ({"rows": pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])}, "The inputs have two columns 'a'"),
        ({"rows": pd.DataFrame([[1, 2], [3, 4]], columns=[0, "0"])}, "The inputs have two columns '0'"),
        ({"rows": "plan"}, "Inputs are a frame with a row of each prediction, not 'plan'"),
        ({"ids": 5}, "Identifiers are a list, one of each row, not 5"),
        ({"ids": "ab"}, "Identifiers are a list, one of each row, not 'ab'"),
    ],
)
def test_what_cannot_be_logged(workspace, given, said):
    with PredictionLog(workspace, "churn") as log:
        with pytest.raises(DataError) as told:
            log.log(outputs=[0, 1], **given)
        assert said in str(told.value) and "\n" not in str(told.value)
        # Names that only read like missing ones are names.
        assert log.log(ids=["None", "nan"], outputs=[0, 1]) == ["None", "nan"]
    assert len(read_predictions(workspace, "churn")) == 2


def test_a_label_needs_an_identifier(workspace):
    with pytest.raises(DataError, match="The identifier of row 1 is missing"):
        record_labels(workspace, "churn", ["a", float("nan")], [0, 1])
    assert not len(read_labels(workspace, "churn"))


@pytest.mark.parametrize("at", ["soon", float("nan"), [T0], True, pd.NaT])
def test_what_is_no_time(here, at):
    calls = (
        lambda: read_predictions(here, "churn", start=at),
        lambda: read_predictions(here, "churn", end=at, newest=3),
        lambda: read_labels(here, "churn", at),
        lambda: labelled_rows(here, "churn", "all", at),
        lambda: performance(here, "churn", as_of=at),
        lambda: performance(here, "churn", start=at),
        lambda: performance(here, "churn", end=at),
    )
    for call in calls:
        with pytest.raises(DataError, match=r"is no time\. Give seconds since the epoch, or dates\."):
            call()


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [
        (float("-inf"), float("inf"), 40),
        (-1e300, 1e300, 40),
        (T0 + 10, None, 30),
        (dt.datetime.fromtimestamp(T0 + 10, dt.UTC), "2999-01-01", 30),
        (T0 + 10, T0, 0),
    ],
)
def test_ends_of_time(here, start, end, rows):
    assert len(read_predictions(here, "churn", start, end)) == rows


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": 5}, "window takes a text, not 5. window='7d'"),
        ({"metric": 5}, "metric takes a text, not 5"),
        ({"by": 5}, "by takes a text, not 5"),
        ({"costs": "cheap"}, "costs map outcomes to costs; this is a str"),
    ],
)
def test_what_cannot_be_measured(here, given, said):
    with pytest.raises(UsageError) as told:
        performance(here, "churn", **given)
    assert said in str(told.value)
    assert isinstance(told.value, NbopsError)


@pytest.mark.parametrize("name", [None, 5, ["churn"], {"churn": 1}, ""])
@pytest.mark.parametrize(
    "call",
    [
        read_predictions,
        read_labels,
        PredictionLog,
        LabelLog,
        input_profile,
        performance,
        lambda here, name: record_labels(here, name, ["a"], [1]),
        lambda here, name: load_model(name, workspace=here),
        lambda here, name: nbops.model_report(name, workspace=here),
        monitor,
        run_monitor,
        pause_monitor,
        add_monitor,
        set_policy,
    ],
)
def test_what_is_no_name_is_said_in_one_line(here, call, name):
    with pytest.raises(NbopsError) as told:
        call(here, name)
    assert str(told.value) and "\n" not in str(told.value)


def test_a_name_in_the_place_of_the_workspace(here):
    with pytest.raises(UsageError, match="A workspace comes first, not a str"):
        read_predictions("churn", "churn")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"newest": -5}, "newest takes a whole number from 0 on, not -5"),
        ({"newest": "ten"}, "newest takes a whole number from 0 on, not 'ten'"),
        ({"newest": 2.5}, "newest takes a whole number from 0 on, not 2.5"),
        ({"version": "v3"}, "version takes a whole number from 0 on, not 'v3'"),
        ({"version": -1}, "version takes a whole number from 0 on, not -1"),
        ({"columns": 5.0}, "columns takes the name of a column or a list of them, not 5.0"),
    ],
)
def test_what_cannot_be_read(here, given, said):
    with pytest.raises(UsageError) as told:
        read_predictions(here, "churn", **given)
    assert said in str(told.value)


def test_numbers_that_are_none_are_not_looked_up(here):
    for number in (None, "1", [1]):
        with pytest.raises(NotFoundError):
            monitor_report(here, number)
    with pytest.raises(UsageError, match="limit takes a whole number from 0 on, not -1"):
        monitor_runs(here, limit=-1)
    with pytest.raises(UsageError, match="newest takes a whole number from 1 on, not 0"):
        performance(here, "churn", window="10 rows", newest=0)
