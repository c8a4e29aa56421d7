"""How versions are stored: safely by default, whole or refused."""

import io
import json
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators

import nbops
from nbops.errors import ApprovalRefused, RegistryError
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import approve_pickle, get_version, load_model, register
from nbops.registry.formats import onnx_format, skops_format
from nbops.registry.formats.trusted import TRUSTED
from nbops.registry.gc import find_leftovers, remove
from nbops.workspace import find_workspace
from nbops.workspace.blobs import path_of, put_bytes

RAN = []


class Own(ClassifierMixin, BaseEstimator):
    """An estimator that no list knows."""

    def fit(self, X, y):
        self.classes_, self.n_features_in_ = np.unique(y), 1
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def __reduce__(self):
        return _made, ()


def _made():
    RAN.append(1)
    return Own().fit([[0.0], [1.0]], [0, 1])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty workspace; ONNX, which takes its time, only where a test is about it."""
    monkeypatch.setattr(onnx_format, "available", lambda: False)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    return find_workspace()


def _registered(model, name="m"):
    with nbops.track("run", params={"depth": 3}) as run:
        run.metric("auc", 0.9)
        run.model(model, "model")
    return register(name, run_id=run.run_id)


def _fitted(kind):
    make = make_classification if kind == "classifier" else make_regression
    X, y = make(60, 5, random_state=0)
    X, y = np.abs(X), (y if kind == "classifier" else np.abs(y) + 0.1)
    inner = LogisticRegression() if kind == "classifier" else Ridge()
    for name, estimator in all_estimators(type_filter=kind):
        for arguments in ({}, {"estimator": inner}, {"estimators": [("a", inner)]}):
            try:
                model = estimator(**arguments).fit(X, y)
                model.predict(X)
            except Exception:
                continue
            yield name, model, X
            break


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_every_estimator_registers_loads_safely_and_predicts_the_same(place, kind):
    warnings.simplefilter("ignore")
    models = {name: (model, X) for name, model, X in _fitted(kind)}
    assert len(models) >= 35
    with nbops.track("all of them") as run:
        for name, (model, _) in models.items():
            run.model(model, name)
    for name, (model, X) in models.items():
        version = register(name, run_id=run.run_id, model=name)
        assert version.serialization == "skops", f"{name}: {version.problem}"
        loaded = load_model(name, 1)
        assert type(loaded) is type(model)
        # Arrays laid out otherwise in memory may differ in the last bit of a sum.
        np.testing.assert_allclose(loaded.predict(X), model.predict(X), rtol=1e-12, err_msg=name)
        if hasattr(model, "predict_proba"):
            np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X), rtol=1e-12, err_msg=name)


def test_a_forest_in_a_pipeline_of_columns_just_works(place):
    frame = load_breast_cancer(as_frame=True).frame.assign(site=["a", "b", None] * 189 + ["a", "b"])
    columns = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(columns, RandomForestClassifier(n_estimators=5, random_state=0)).fit(frame, frame["target"])
    version = _registered(model)
    assert version.serialization == "skops", version.problem
    assert np.array_equal(load_model("m", 1).predict(frame), model.predict(frame))


def test_a_version_carries_what_one_needs_to_judge_it(place):
    version = _registered(LogisticRegression(random_state=7).fit([[0.0], [1.0]], [0, 1]))
    files = {file.path: file for file in version.files}
    assert {"model.skops", "run.json", "signature.json", "requirements.txt"} <= set(files)
    run = json.loads(path_of(place, files["run.json"].digest).read_text())
    assert run["metrics"] == {"auc": 0.9} and run["params"]["depth"] == "3" and "run.metric" in run["code"]
    lock = path_of(place, files["requirements.txt"].digest).read_text()
    assert "scikit-learn==" in lock and "# Python" in lock
    assert json.loads(path_of(place, files["signature.json"].digest).read_text())["task"] == "classification"
    assert version.size == sum(file.size for file in version.files)


def test_registering_the_same_again_gives_the_version_that_exists(place):
    version = _registered(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    assert register("m", run_id=version.run_id) == version
    assert [e.action for e in read_events(place)] == ["register"]


def test_one_flipped_byte_in_any_file_refuses_with_the_file_named(place):
    version = _registered(RandomForestClassifier(n_estimators=3).fit([[0.0], [1.0]] * 5, [0, 1] * 5))
    for file in version.files:
        path = path_of(place, file.digest)
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(RegistryError, match=f"^{file.path.replace('.', '[.]')} of m version 1 has been changed"):
            load_model("m", 1)
        path.unlink()
        with pytest.raises(RegistryError, match="is gone"):
            load_model("m", 1)
        path.write_bytes(whole)
    assert load_model("m", 1) is not None


def test_what_is_not_on_the_list_stays_a_pickle_that_somebody_must_let_through(place):
    RAN.clear()
    version = _registered(Own().fit([[0.0], [1.0]], [0, 1]))
    assert version.serialization == "pickle" and "reviewed list" in version.problem
    RAN.clear()
    with pytest.raises(RegistryError, match="nbops approve m 1 --pickle"):
        load_model("m", 1)
    assert RAN == []
    approve_pickle("m", 1, reason="it is ours")
    assert isinstance(load_model("m", 1), Own) and RAN
    assert read_events(place)[-1].detail["target"] == "load:pickle"
    assert verify(place).ok


def test_leave_to_load_is_for_one_version_and_may_need_a_role(place):
    (place.root / "nbops.toml").write_text('[policy.pickle]\nroles = ["security"]\n')
    _registered(Own().fit([[0.0], [1.0]], [0, 1]))
    with pytest.raises(ApprovalRefused, match="role security"):
        approve_pickle("m", 1, reason="please")
    (place.root / "nbops.toml").unlink()
    approve_pickle("m", 1, reason="ours")
    _registered(Own().fit([[0.0], [2.0]], [0, 1]))
    with pytest.raises(RegistryError, match="somebody has to let it|Somebody has to let it"):
        load_model("m", 2)


def test_a_function_inside_a_model_is_no_data(place):
    version = (
        _registered(make_pipeline(FunctionTransformer(_made), LogisticRegression()).fit([[0.0], [1.0]], [0, 1]))
        if False
        else None
    )
    import os

    model = make_pipeline(FunctionTransformer(np.abs), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    version = _registered(model)
    assert version.serialization == "skops"
    model.steps[0][1].func = os.getcwd
    with pytest.raises(RegistryError, match="reviewed list"):
        skops_format.dump(model)


def test_a_crafted_file_that_names_its_own_trusted_types_is_refused(place):
    """As in GHSA-w582-9x45-8mpx: what is trusted is ours to say, not the file's."""
    import skops.io

    data = skops.io.dumps(Own().fit([[0.0], [1.0]], [0, 1]).__class__())
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                schema["trusted"] = schema["skops_trusted_types"] = [
                    "tests.Own",
                    *skops.io.get_untrusted_types(data=data),
                ]
                content = json.dumps(schema).encode()
            target.writestr(name, content)
    with pytest.raises(RegistryError, match="not on the reviewed list"):
        skops_format.load(out.getvalue())
    # The same bytes in the place of a registered model, with the ledger's row made to fit.
    version = _registered(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    path_of(place, next(f.digest for f in version.files if f.path == "model.skops")).write_bytes(out.getvalue())
    with pytest.raises(RegistryError, match="has been changed"):
        load_model("m", 1)


def test_the_reviewed_list_names_nothing_that_runs_what_it_is_told():
    modules = {name.partition(".")[0] for name in TRUSTED}
    assert modules == {"numpy", "scipy", "sklearn", "nbops"}
    assert [name for name in TRUSTED if name.startswith("nbops")] == ["nbops.features.steps.FeatureSteps"]
    for name in ("builtins", "os.", "subprocess", "operator", "functools", "joblib", "FunctionTransformer", "eval"):
        assert not [kind for kind in TRUSTED if name in kind]


def test_rubbish_is_one_line(place):
    version = _registered(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    from nbops.registry.loading import _from_skops, _guarded

    with pytest.raises(RegistryError, match="m version 1 cannot be loaded here"):
        _guarded(version, lambda: _from_skops(version, {"model.skops": b"rubbish"}))


def test_gc_lists_what_a_killed_register_left_and_nothing_else(place):
    version = _registered(RandomForestClassifier(n_estimators=3).fit([[0.0], [1.0]] * 5, [0, 1] * 5))
    assert find_leftovers(place, older=-1) == ()
    left = put_bytes(place, b"files of a version whose row was never written")
    (path_of(place, left).parent / ".writing-abc").write_bytes(b"half")
    assert find_leftovers(place) == ()
    found = find_leftovers(place, older=-1)
    assert {leftover.kind for leftover in found} == {"blob", "unfinished"} and len(found) == 2
    assert remove(found) == 46 + 4
    assert find_leftovers(place, older=-1) == ()
    assert load_model("m", version.version) is not None


def test_conversion_in_another_process_gives_the_same(place):
    from nbops.registry.formats.convert import _elsewhere, convert_here
    from nbops.tracking.search import get_run

    version = _registered(RandomForestClassifier(n_estimators=3, random_state=0).fit([[0.0], [1.0]] * 5, [0, 1] * 5))
    ref = get_run(place, version.run_id).models[0]
    here, there = convert_here(place, ref), _elsewhere(place, ref, "")
    assert here.serialization == there.serialization == "skops"
    names = {file.path for file in here.files}
    # The other process has the extra for ONNX.
    assert names == {file.path for file in there.files} - {onnx_format.FILE}


def test_versions_of_older_workspaces_are_one_pickle(place):
    from nbops.ledger import open_ledger, tables
    from nbops.tracking.search import get_run

    version = _registered(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    captured = get_run(place, version.run_id).models[0]
    with open_ledger(place).begin() as connection:
        v = tables.model_versions
        connection.execute(v.update().values(files=[], digest=captured.digest, serialization="pickle"))
    assert get_version(place, "m", 1).files == ()
    with pytest.raises(RegistryError, match="--pickle"):
        load_model("m", 1)
    approve_pickle("m", 1, reason="from before")
    assert load_model("m", 1).C == 1.0


def test_onnx_is_kept_where_it_agrees(place, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnx_format, "available", lambda: True)
    frame = load_breast_cancer(as_frame=True).frame
    X, y = frame.drop(columns="target"), frame["target"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    version = _registered(model)
    files = {file.path: file for file in version.files}
    data = path_of(place, files["model.onnx"].digest).read_bytes()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    said = session.run(None, {session.get_inputs()[0].name: X.to_numpy(dtype=np.float32)})
    assert (said[0] == model.predict(X)).all()
    np.testing.assert_allclose(said[1], model.predict_proba(X), atol=1e-4)


def test_onnx_is_left_out_where_it_does_not(monkeypatch):
    with pytest.raises(RegistryError, match="cannot be converted"):
        onnx_format.dump(Own().fit([[0.0], [1.0]], [0, 1]))
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    other = LogisticRegression().fit([[0.0], [1.0]], [1, 0])
    rows = np.linspace(-1, 2, 20, dtype=np.float32).reshape(-1, 1)
    onnx_format._compare(model, onnx_format.dump(model), rows)
    with pytest.raises(RegistryError, match="does not agree"):
        onnx_format._compare(model, onnx_format.dump(other), rows)
