"""The profiles of frames that tracked blocks read and write, from the block to the drift report."""

import json

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.capture import Options, Probe, frame_profiles
from nbops.cli import main
from nbops.errors import NotFoundError, TrackingError, UsageError
from nbops.monitoring.drift import drift
from nbops.tracking.frame_profiles import names_tracked, tracked_frame
from nbops.tracking.search import get_run
from nbops.tracking.tracker import track
from nbops.workspace import find_workspace
from nbops.workspace.blobs import path_of
from nbops.workspace.profiles import known, remember


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return find_workspace()


def _frame(rows=900, seed=1):
    drawn = np.random.default_rng(seed)
    return pd.DataFrame({"age": drawn.normal(40, 9, rows), "kind": drawn.choice(["a", "b", "c"], rows)})


def _probed(place, source, **namespace):
    """Run a block; give its run and the profiles among its files."""
    probe = Probe(place, source, namespace, kind="script", options=Options())
    probe.start()
    exec(compile(source, "cell", "exec"), namespace)
    found = probe.finish()
    assert not found.warnings
    blobs = [(ref, data) for ref, data in found.blobs if ref.kind == "profile"]
    assert [ref.path for ref, _ in blobs] == [f"profiles/{json.loads(data)['fingerprint']}.json" for _, data in blobs]
    return found.run, [json.loads(data) for _, data in blobs]


def test_a_run_is_a_reference_by_its_id_its_name_and_the_fingerprint_of_its_frame(place):
    with track("nightly") as run:
        train = _frame()
        other = train.head(50)
    mark = nbops.fingerprint(train)
    assert get_run(place, run.run_id).profiles == {mark: "all rows", nbops.fingerprint(other): "all rows"}
    again = _frame(seed=2)
    for reference in (
        f"run:{run.run_id}/train",
        f"{run.run_id[:10]}/train",
        "run:nightly/train",
        f"data:{mark}",
        mark[:12],
    ):
        report = nbops.drift(reference, again)
        assert not report.drifted and report.reference_rows == 900
        assert report.about["reference"] == "train of run nightly"
        assert nbops.drift(reference, again.assign(age=again["age"] + 5)).drifted == ("age",)
    assert nbops.validate(again, f"run:{run.run_id}/train").passed
    assert not nbops.validate(again.assign(kind="new"), mark).passed
    shown = nbops.profile(f"run:{run.run_id}/train")
    assert shown.rows == 900 and "age" in str(shown)
    with pytest.raises(UsageError, match="several frames"):
        nbops.drift(f"run:{run.run_id}", again)
    with pytest.raises(NotFoundError, match="no frame 'tain'"):
        tracked_frame(place, "run:nightly/tain")
    with pytest.raises(NotFoundError, match="No run or data"):
        tracked_frame(place, "0123456789abcdef")
    with pytest.raises(UsageError, match="no rows"):
        nbops.profile(mark, target="age")


def test_the_command_line_takes_it_too(place, capsys):
    with track("nightly"):
        train = _frame()
    del train
    _frame(seed=2).to_parquet("later.parquet")
    assert main(["drift", "run:nightly", "later.parquet"]) == 0
    assert "against train of run nightly (900 rows)" in capsys.readouterr().out
    assert main(["profile", "run:nightly/train"]) == 0 and "age" in capsys.readouterr().out
    assert main(["show", "nightly"]) == 0 and "profile: all rows" in capsys.readouterr().out
    assert main(["drift", "later.parquet", "run:nightly"]) == 1
    assert "can only be the reference" in capsys.readouterr().err


def test_a_note_that_names_what_is_gone_is_made_good(place):
    with track("first") as first:
        frame = _frame()
    (file,) = (f for f in get_run(place, first.run_id).artifacts if f.kind == "profile")
    path_of(place, file.digest).unlink()
    mark = nbops.fingerprint(frame)
    assert known(place, mark) is None
    remember(place, f"profiles/{mark}.json", "0" * 64)
    with track("second"):
        again = frame.copy()
    del again
    assert known(place, mark) is not None


def test_a_frame_is_profiled_as_it_was_when_it_was_fingerprinted(place):
    frame = _frame()
    before = nbops.fingerprint(frame)
    # Nothing in the source says that the frame changes.
    run, told = _probed(place, "change(frame)\n", frame=frame, change=lambda f: f.__setitem__("age", f["age"] + 50))
    assert [one["fingerprint"] for one in told] == [before] and run.profiles == {before: "all rows"}
    age = told[0]["profile"]["columns"][0]
    assert age["maximum"] < 90


def test_a_frame_that_a_run_changed_is_known_as_the_run_left_it(place):
    frame = _frame()
    with track("change") as run:
        frame["age"] = frame["age"] + 50
    assert tracked_frame(place, f"run:{run.run_id}").fingerprint == nbops.fingerprint(frame)
    assert len(get_run(place, run.run_id).profiles) == 2


def test_content_is_profiled_once(place, monkeypatch):
    frame = _frame()
    with track("first") as first:
        copy = frame.copy()
    monkeypatch.setattr(frame_profiles, "Counted", lambda *_: pytest.fail("profiled again"))
    with track("second") as second:
        again = copy.copy()
    del again
    files = [[f for f in get_run(place, run.run_id).artifacts if f.kind == "profile"] for run in (first, second)]
    assert files[0] == files[1] and len(files[0]) == 1
    assert tracked_frame(place, f"run:{second.run_id}").profile.rows == 900


def test_a_long_frame_is_profiled_on_rows_spread_over_it_and_says_so(place):
    frame = pd.DataFrame({f"x{i}": np.arange(90_000.0) for i in range(12)})
    run, told = _probed(place, "rows = len(frame)\n", frame=frame)
    (said,) = run.profiles.values()
    sampled = told[0]["sampled"]
    assert said == f"{sampled:,} of 90,000 rows" and 500 < sampled < 40_000
    column = told[0]["profile"]["columns"][0]
    assert column["minimum"] < 200 and column["maximum"] > 89_800


def test_what_would_take_too_long_is_not_profiled_and_says_why(place):
    wide = pd.DataFrame(np.zeros((600, 400))).rename(columns=str)
    rather = wide.iloc[:, :70]
    small = _frame(60)
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    run, told = _probed(
        place,
        "a, b, c, d, e = wide, small, twice, empty, rather\n",
        wide=wide,
        small=small,
        twice=twice,
        empty=wide.head(0),
        rather=rather,
    )
    said = {ref.name: run.profiles[ref.fingerprint] for ref in run.data}
    assert said["small"] == "all rows" and said["rather"] == "500 of 600 rows" and len(told) == 2
    assert said["wide"] == "none: it would take longer than a block has (50 ms)"
    assert said["twice"] == "none: it has two columns of one name" and said["empty"] == "none: it is empty"
    with track("wide") as block:
        b = wide + 1
    del b
    with pytest.raises(TrackingError, match="longer than a block has"):
        tracked_frame(place, f"run:{block.run_id}/b")


def test_text_counts_as_much_dearer_than_numbers(place):
    texts = pd.DataFrame({"note": [f"some words that are long enough to be told apart {i}" for i in range(20_000)]})
    run, _ = _probed(place, "a = texts\n", texts=texts)
    (said,) = run.profiles.values()
    assert said.endswith("of 20,000 rows")


def test_series_count_as_frames_of_one_column_and_arrays_are_left_out(place):
    run, told = _probed(place, "a = (X, y)\n", X=np.zeros((9, 2)), y=pd.Series([1.0, 2.0] * 9, name="label"))
    assert len(run.data) == 2 and [c["name"] for c in told[0]["profile"]["columns"]] == ["label"] and len(told) == 1


def test_secrets_stay_out_of_profiles_also_those_that_the_block_brings(place, monkeypatch):
    monkeypatch.delenv("SERVICE_TOKEN", raising=False)
    key = "sk-" + "a1b2c3d4e5" * 3
    frame = pd.DataFrame({"note": [key, "said-in-the-block"] * 10, "password": ["hunter2hunter2", "b"] * 10})
    source = "import os\nos.environ['SERVICE_TOKEN'] = ''.join(['said-in', '-the-block'])\na = frame\n"
    _, told = _probed(place, source, frame=frame)
    text = json.dumps(told)
    assert key not in text and "said-in-the-block" not in text and "hunter2" not in text
    assert told[0]["profile"]["not_profiled"] == ["password"]


def test_it_can_be_switched_off(place):
    (place.root / "nbops.toml").write_text("[track]\nframe_profiles = false\n")
    run, told = _probed(place, "a = frame\n", frame=_frame())
    assert run.data and not run.profiles and not told


def test_a_profile_that_cannot_be_made_costs_no_other_part_of_the_run(place, monkeypatch):
    monkeypatch.setattr(frame_profiles, "Counted", lambda *_: 1 / 0)
    run, told = _probed(place, "n = len(frame)\n", frame=_frame())
    assert run.data and not told
    assert [*run.profiles.values()] == ["none: ZeroDivisionError: division by zero"]


def test_why_a_profile_could_not_be_made_tells_no_secret_of_a_cell(place, monkeypatch):
    def broken(*_):
        raise ValueError("no number: 'sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6' of https://me:hunter2hunter2@host/db")

    monkeypatch.setattr(frame_profiles.FrameProfiles, "_profile", broken)
    run, _ = _probed(place, "frame = make()", make=_frame)
    (said,) = run.profiles.values()
    assert said.startswith("none: ValueError: no number") and "A1b2C3d4" not in said and "hunter2" not in said


def test_names_of_files_are_not_taken_for_runs(place):
    assert not names_tracked("train.csv") and not names_tracked(_frame()) and names_tracked("run:x")
    (place.root / "deadbeef").write_text("")
    assert not names_tracked("deadbeef") and names_tracked("deadbeef0")


def test_the_stored_form_of_whole_rows_judges_as_the_rows_do(place):
    frame, later = _frame(), _frame(seed=3)
    with track("kept") as run:
        taken = frame
    del taken
    stored = nbops.drift(run.run_id, later)
    assert stored.drifted == drift(frame, later).drifted == ()
