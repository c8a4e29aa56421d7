"""What a version knows of its training."""

import json
import platform
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.tree import DecisionTreeClassifier

import nbops
from nbops.cli import main
from nbops.errors import RegistryError, UsageError
from nbops.records import ModelVersion
from nbops.registry import get_version, register, training_profile, version_diff
from nbops.registry.card import model_card
from nbops.registry.manifest import verified
from nbops.tracking.mlflow_model import write_version
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace


def _frame(seed, rows=300):
    drawn = np.random.default_rng(seed)
    return pd.DataFrame({"age": drawn.normal(40, 9, rows), "town": drawn.integers(0, 5, rows)})


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with two versions: one of a frame, and one of another frame with a seed."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("facts")
        patch.setenv("NBOPS_WORKSPACE", str(root))
        patch.setenv("NBOPS_COURIER", "false")
        patch.delenv("NBOPS_LEDGER_URI", raising=False)
        X = _frame(1)
        y = X["town"] > 2
        with nbops.track("first") as run:
            model = DecisionTreeClassifier().fit(X, y)
        register("churn", run_id=run.run_id)
        X = _frame(2, 9000)
        y = X["town"] > 2
        with nbops.track("second") as run:
            rng = np.random.default_rng(3)
            model = DecisionTreeClassifier(random_state=0).fit(X, y)
        register("churn", run_id=run.run_id)
        with nbops.track("third") as run:
            run.model(model, "known_before")
        register("other", run_id=run.run_id)
        assert rng is not None
        yield find_workspace()


def test_a_version_has_profile_and_example_among_its_files(place):
    version = get_version(place, "churn", 2)
    files = verified(place, version)
    stored = json.loads(files["training_profile.json"])
    assert (
        stored["data"]["rows"] == 9000 and stored["profile"]["rows"] == 4000 and stored["target"]["kind"] == "boolean"
    )
    example = json.loads(files["input_example.json"])
    assert example["columns"] == ["age", "town"] and len(example["data"]) == 5
    assert json.loads(files["run.json"])["seeds"] == {"np.random.default_rng": "3", "random_state": "0"}


def test_the_stored_profile_is_a_reference_for_drift(place):
    fresh = _frame(4, 3000)
    report = nbops.drift("models:/churn/2", fresh, workspace=place)
    assert report.drifted == () and "binned" in str(report)
    fresh["age"] += 6
    assert nbops.drift(training_profile("churn", 2, workspace=place), fresh).drifted == ("age",)


def test_what_a_model_does_not_take_is_no_news_and_what_it_misses_is(place):
    labelled = _frame(9).assign(churned=True, noted="x")
    report = nbops.drift("models:/churn/2", labelled, workspace=place)
    assert {column.name for column in report.columns} == {"age", "town"} and not report.drifted
    assert "not taken by the model, and not compared: churned, noted" in report.note
    assert all(column.status == "steady" for column in report.columns)
    report = nbops.drift("models:/churn/2", labelled.drop(columns="town"), workspace=place)
    assert "town" in [column.name for column in report.columns if column.status == "quality"]


def test_what_a_version_does_not_know_is_said_in_one_line(place):
    with pytest.raises(RegistryError, match="other version 1 has no profile"):
        training_profile("other", 1, workspace=place)
    with pytest.raises(UsageError, match="names no version"):
        nbops.drift("models:/churn", _frame(1), workspace=place)
    assert {file.path for file in get_version(place, "other", 1).files}.isdisjoint(
        {"training_profile.json", "input_example.json"}
    )


def test_the_difference_of_two_versions_tells_seeds_and_rows(place):
    changes = {(c.kind, c.name): (c.before, c.after) for c in version_diff(place, "churn", 1, 2).changes}
    assert changes["fact", "seed np.random.default_rng"] == (None, "3")
    assert changes["fact", "training rows"] == ("300", "9,000")
    assert changes["param", "random_state"] == (None, "0")


def test_the_card_shows_them(place):
    known = {field.name: field.text for field in model_card(place, "churn", 1).fields}
    assert "fitted on X: 300 rows, profiled" in known["training_data"]
    assert known["input_example"].startswith("age ") and ", town " in known["input_example"]
    assert known["seeds"] == "random_state None"
    assert "profiled on 4,000" in {f.name: f.text for f in model_card(place, "churn", 2).fields}["training_data"]


def test_the_command_line_gives_them_to_machines(place, capsys):
    assert main(["versions", "churn", "--json", "-C", str(place.root)]) == 0
    second, first = json.loads(capsys.readouterr().out)
    assert first["version"] == 1 and first["seeds"] == {"random_state": "None"}
    assert first["input_example"]["columns"] == ["age", "town"] and second["training"]["sampled"] == 4000


def test_drift_against_a_version_from_the_command_line(place, tmp_path, capsys):
    _frame(5).to_csv(tmp_path / "new.csv", index=False)
    assert main(["drift", "models:/churn/2", str(tmp_path / "new.csv"), "--json", "-C", str(place.root)]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {"reference": 4000, "current": 300}


def test_the_difference_tells_exact_versions_of_what_was_imported(place, monkeypatch):
    model = DecisionTreeClassifier()
    for number in ("1.4.0", "1.5.0"):
        module = ModuleType("fitting_package")
        module.__version__ = number
        monkeypatch.setitem(sys.modules, "fitting_package", module)
        with nbops.track(f"with {number}", workspace=place) as run:
            model = DecisionTreeClassifier().fit(_frame(1), [0, 1] * 150)
        registered = register("packaged", run_id=run.run_id, workspace=place)
        assert model is not None
    lock = verified(place, registered)["requirements.txt"].decode().splitlines()
    assert lock[0].startswith(f"# Python {platform.python_version()}, ")
    assert {"fitting_package==1.5.0", f"scikit-learn=={sklearn.__version__}", f"numpy=={np.__version__}"} <= set(lock)
    changed = [c for c in version_diff(place, "packaged", 1, 2).changes if c.kind == "package"]
    assert [(c.name, c.before, c.after) for c in changed] == [("fitting_package", "1.4.0", "1.5.0")]


def test_a_model_given_by_hand_is_known_where_its_block_fits_it(place):
    X = _frame(6)
    with nbops.track("given", workspace=place) as run:
        fitted = DecisionTreeClassifier().fit(X[["town"]], X["town"] > 2)
        run.model(fitted, "by hand")
    version = register("given", run_id=run.run_id, workspace=place)
    assert [c.name for c in training_profile("given", version.version, workspace=place).columns] == ["town"]


def test_mlflow_reads_the_input_example(place, tmp_path):
    from mlflow.models import Model

    version = get_version(place, "churn", 1)
    assert isinstance(version, ModelVersion)
    run = get_run(place, version.run_id)
    write_version(tmp_path, run.models[0], verified(place, version), run, "m-1", "")
    found = Model.load(str(tmp_path)).load_input_example(str(tmp_path))
    pd.testing.assert_frame_equal(found, _frame(1).head())
