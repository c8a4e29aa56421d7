"""Where it is worst: found where it was put, held back where nothing is."""

import json

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.profile import profile_frame
from nbops.errors import UsageError
from nbops.monitoring.segments import segment_tree


def _halves(frame, seed=0):
    first = np.random.default_rng(seed).random(len(frame)) < 0.5
    return frame[first], frame[~first].copy()


def _tree(reference, current, **options):
    before = profile_frame(reference)
    found = segment_tree(before, profile_frame(current, before), reference, current, **options)
    return json.loads(json.dumps(found, allow_nan=False))


def test_the_customers_whose_charges_rose_are_found(shared_data):
    reference, current = _halves(pd.read_csv(shared_data("telco_churn.csv")))
    current.loc[current.Contract == "Month-to-month", "MonthlyCharges"] *= 1.15
    found = nbops.drift(reference, current, segments=True).to_dict()["segments"]
    first = next(node for node in found["nodes"] if node["parent"] == 0)
    assert first["words"] == "Contract is Month-to-month"
    assert (first["column"], first["drifted"]) == ("MonthlyCharges", True)
    assert found["nodes"][found["worst"]]["path"].startswith("Contract is Month-to-month")
    assert "Worst where Contract is Month-to-month" in found["sentence"]
    # By the columns that the caller names, on all rows.
    named = nbops.drift(reference, current, segments=["Contract"]).to_dict()["segments"]
    assert {node["words"]: node["drifted"] for node in named["nodes"][1:]} == {
        "Contract is Month-to-month": True,
        "Contract is Two year": False,
        "Contract is One year": False,
    }
    assert sum(node["rows"] for node in named["nodes"][1:]) == len(current)
    text = str(nbops.drift(reference, current, segments=["Contract"]))
    assert "· Contract is Month-to-month" in text


def test_nobody_is_worst_where_nothing_or_everything_changed_alike():
    random = np.random.default_rng(0)

    def rows(n, shift=0.0):
        frame = pd.DataFrame({f"x{i}": random.normal(shift * (i == 0), 1, n) for i in range(3)})
        return frame.assign(a=random.choice(list("uvw"), n), b=random.integers(0, 9, n))

    named = sum(_tree(rows(1_500), rows(1_500), seed=seed)["worst"] >= 0 for seed in range(12))
    worse = [_tree(rows(1_500), rows(1_500, 0.5), seed=seed) for seed in range(6)]
    assert named == 0
    assert all(found["nodes"][0]["drifted"] and found["worst"] == -1 for found in worse)
    assert all(found["sentence"] == "No segment is clearly worse than the whole." for found in worse)


def test_where_predictions_became_worse():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"age": random.integers(18, 90, 6_000), "plan": random.choice(["a", "b"], 6_000)})
    frame["y"] = random.normal(size=6_000)
    frame["said"] = frame.y + random.normal(0, 0.2, 6_000)
    reference, current = _halves(frame)
    current["said"] += random.normal(0, 1.5, len(current)) * (current.age > 60)
    found = nbops.drift(reference, current, errors=("y", "said")).to_dict()["segments"]
    worst = found["nodes"][found["worst"]]
    assert worst["path"].startswith("age > ")
    assert worst["column"] == "error of said"
    with pytest.raises(UsageError, match="errors takes two columns"):
        nbops.drift(reference, current, errors="y")


def test_what_cannot_be_told_is_said(shared_data):
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"x": random.normal(size=90), "c": random.choice(list("ab"), 90)})
    assert "Too few rows" in _tree(frame, frame)["sentence"]
    with pytest.raises(UsageError, match="need the rows of the reference"):
        nbops.drift(profile_frame(frame), frame, segments=True)
    with pytest.raises(UsageError, match="cannot tell segments apart"):
        nbops.drift(frame, frame, segments=["nothing"])
    with pytest.raises(UsageError, match="cannot tell segments apart"):
        nbops.drift(frame, frame.assign(c=None), segments=["c"])
    strange = frame.assign(x=np.where(frame.x > 0, np.inf, np.nan))
    nodes = nbops.drift(frame, strange, segments=["x", "c"]).segments["nodes"]
    assert {"c is a", "c is b"} <= {node["words"] for node in nodes}
