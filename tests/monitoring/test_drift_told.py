"""What windows, segments and the rest say in a terminal and on the command line."""

import json

import numpy as np
import pandas as pd

import nbops
from nbops.cli import main


def _sides(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=800, freq="3h"),
            "plan": random.choice(["basic", "pro"], 800),
            "price": random.normal(10, 1, 800),
            "use": random.normal(size=800),
        }
    )
    frame["bill"] = frame.price * (1 + (frame.plan == "pro")) + random.normal(size=800)
    later = frame.assign(when=frame.when + pd.Timedelta(days=100))
    later["price"] += 4.0 * (later.plan == "pro") * (later.when > "2024-05-01")
    frame.to_csv(tmp_path / "a.csv", index=False)
    later.to_csv(tmp_path / "b.csv", index=False)
    return frame, later


def test_everything_on_the_command_line(tmp_path, capsys):
    _sides(tmp_path)
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    asked = ["--by", "week", "--time", "when", "--segments", "--multivariate", "--concept", "bill"]
    assert main(["drift", *files, *asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["windows"]["by"] == "week"
    assert found["windows"]["columns"]["price"]["onset"] == "2024-04-29"
    assert found["segments"]["nodes"][found["segments"]["worst"]]["column"] == "price"
    assert found["multivariate"]["classifier"]["auc"] > 0.5
    assert found["concept"]["target"] == "bill"
    assert main(["drift", *files, *asked[:4], "--segments", "plan", "--against", "first"]) == 0
    told = capsys.readouterr().out
    assert "differs since 2024-04-29" in told
    assert "· plan is pro" in told


def test_one_line_for_what_cannot_be_cut(tmp_path, capsys):
    _sides(tmp_path)
    assert main(["drift", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--by", "week", "--time", "wen"]) != 0
    error = capsys.readouterr().err
    assert "Did you mean 'when'?" in error
    assert "Traceback" not in error


def test_hostile_names_and_values_stay_words(tmp_path):
    frame, later = _sides(tmp_path)
    bad = "<script>alert(1)</script>\x1b[31m"
    frame, later = (side.rename(columns={"price": bad}).assign(plan=bad + side.plan) for side in (frame, later))
    report = nbops.drift(frame, later, by="plan", segments=["plan"], multivariate=True, concept="bill")
    assert "<script" not in report._repr_html_()
    assert "\x1b" not in str(report)
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_file_of_windows_against_a_stored_profile(tmp_path):
    from nbops.data.compact import compact, expanded
    from nbops.data.profile import profile_frame

    frame, later = _sides(tmp_path)
    stored = expanded(compact(profile_frame(frame)))
    found = nbops.drift(stored, later, by="week", time="when").windows
    assert found["columns"]["price"]["onset"] == "2024-04-29"
    assert found["columns"]["use"]["onset"] == ""
    moved = nbops.drift(stored, later, by="week", time="when", against="first").windows
    assert moved["columns"]["price"]["onset"] == "2024-04-29"
