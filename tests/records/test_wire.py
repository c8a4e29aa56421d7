"""Records survive the wire."""

import dataclasses
import json
import math

from hypothesis import given
from hypothesis import strategies as st

from nbops.records import Card, CellRef, Change, DataRef, ErrorInfo, HistoryPoint, ModelRef, Run, from_wire, to_wire

texts = st.text(max_size=20)
floats = st.floats(allow_nan=False)
runs = st.builds(
    Run,
    run_id=texts,
    name=texts,
    experiment=texts,
    status=st.sampled_from(["RUNNING", "FINISHED", "FAILED", "KILLED"]),
    started_at=floats,
    ended_at=st.none() | floats,
    peak_memory=st.none() | st.integers(0, 2**60),
    cell=st.builds(CellRef, notebook=texts, execution_count=st.none() | st.integers(0, 99)),
    names_read=st.lists(texts, max_size=3).map(tuple),
    params=st.dictionaries(texts, texts, max_size=3),
    metrics=st.dictionaries(texts, floats, max_size=3),
    data=st.lists(
        st.builds(DataRef, name=texts, fingerprint=texts, rows=st.integers(), columns=st.integers()), max_size=2
    ).map(tuple),
    models=st.lists(st.builds(ModelRef, name=texts, class_name=texts), max_size=2).map(tuple),
    error=st.none() | st.builds(ErrorInfo, type=texts, message=texts),
)


@given(run=runs)
def test_a_run_comes_back_equal(run):
    assert from_wire(Run, json.loads(json.dumps(to_wire(run), allow_nan=False))) == run


@given(
    card=st.builds(
        Card,
        run=runs,
        previous=st.none() | st.builds(HistoryPoint, run_id=texts, name=texts, metrics=st.just({})),
        changes=st.lists(
            st.builds(Change, kind=texts, name=texts, before=st.none() | texts, after=st.none() | texts), max_size=2
        ).map(tuple),
    )
)
def test_a_card_comes_back_equal(card):
    assert from_wire(Card, json.loads(json.dumps(to_wire(card), allow_nan=False))) == card


def test_numbers_that_json_cannot_hold():
    run = Run(run_id="1", name="n", experiment="e", metrics={"a": math.nan, "b": math.inf, "c": -math.inf})
    text = json.dumps(to_wire(run), allow_nan=False)
    back = from_wire(Run, json.loads(text))
    assert math.isnan(back.metrics["a"])
    assert (back.metrics["b"], back.metrics["c"]) == (math.inf, -math.inf)


def test_unknown_keys_of_a_newer_nbops_are_passed_over():
    wire = {**to_wire(Run(run_id="1", name="n", experiment="e")), "invented_later": 1}
    assert from_wire(Run, wire) == Run(run_id="1", name="n", experiment="e")


def test_numpy_scalars_become_plain_numbers():
    import numpy

    wire = to_wire({"a": numpy.float64(0.5)})
    assert type(wire["a"]) is float


def test_records_are_frozen():
    run = Run(run_id="1", name="n", experiment="e")
    try:
        run.name = "other"
    except dataclasses.FrozenInstanceError:
        return
    raise AssertionError("a record could be changed")
