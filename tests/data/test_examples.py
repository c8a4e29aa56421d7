"""Cells that a report shows as examples hold no secrets, neither on screen nor where they are kept."""

import json

import numpy as np
import pandas as pd
import pandera.pandas as pa

import nbops

TOKEN = "ghp_" + "a1B2c3D4" * 5
JWT = f"eyJ{'a' * 40}.eyJ{'b' * 40}.{'c' * 43}"
GOOD = pd.DataFrame({"note": ["fine", "good"] * 50, "password": ["x1", "x2"] * 50, "n": [1, 2] * 50})
BAD = GOOD.assign(note=[f"see {TOKEN}", JWT, "well"] + ["fine"] * 97, password=["hunter22", "x1"] * 50)


def _told(report):
    return json.dumps(report.to_dict()) + str(report) + str(report._repr_mimebundle_())


def test_examples_of_broken_rules_hold_no_secrets():
    report = nbops.validate(BAD, GOOD)
    said = _told(report)
    assert "hunter22" not in said
    assert TOKEN not in said
    assert JWT[:30] not in said
    found = {finding.column: finding for finding in report.errors}
    assert found["note"].examples == ("'see [redacted]'", "'[redacted]'", "'well'")
    assert found["password"].examples == ("'[redacted]'",)


def test_so_do_those_of_a_schema_of_ones_own():
    schema = pa.DataFrameSchema({"note": pa.Column(str, pa.Check.isin(["fine", "good"])), "n": pa.Column(str)})
    said = _told(nbops.validate(BAD.assign(n=[TOKEN] * 100).astype({"n": "category"}), schema))
    assert TOKEN not in said
    assert "[redacted]" in said


def test_a_reader_that_quotes_a_cell_does_not_tell_it(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n{"a": ' + TOKEN + "}\n")
    (tmp_path / "x.csv").write_text(f"a,b\n{TOKEN},1,{TOKEN}\n")
    for name in ("x.jsonl", "x.csv"):
        report = nbops.validate(tmp_path / name, GOOD)
        assert not report.passed
        assert TOKEN not in _told(report)


def test_drift_names_no_secret_categories():
    before = pd.DataFrame({"note": ["fine"] * 300 + ["good"] * 300, "password": ["hunter21"] * 600})
    after = pd.DataFrame({"note": ["fine"] * 300 + [TOKEN] * 300, "password": ["hunter21", "hunter22"] * 300})
    sides = (side.assign(x=range(600)) for side in (before, after))
    report = nbops.drift(*sides, segments=["note"])
    said = json.dumps(report.to_dict()) + str(report) + report._repr_html_()
    assert TOKEN not in said
    assert "hunter2" not in said
    assert "[redacted]" in said


def test_segments_are_not_called_after_secrets():
    random = np.random.default_rng(0)
    sides = []
    for shift in (0.0, 2.0):
        note = random.choice(["fine", TOKEN, "well"], 4000)
        sides.append(pd.DataFrame({"note": note, "x": random.normal(size=4000) + shift * (note == TOKEN)}))
    report = nbops.drift(*sides, segments=True)
    nodes = report.to_dict()["segments"]["nodes"]
    assert "note is [redacted]" in {node["words"] for node in nodes}
    assert TOKEN not in json.dumps(report.to_dict()) + str(report) + report._repr_html_()
