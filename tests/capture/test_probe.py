"""A block, from its start to the run it leaves."""

from __future__ import annotations

import hashlib
import math
import pickle
import random
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nbops.capture import Options, Probe
from nbops.records import from_wire, to_wire


@pytest.fixture
def track(workspace, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(source, namespace=None, **options):
        space = namespace if namespace is not None else {}
        probe = Probe(workspace, source, space, kind="script", options=Options(**options))
        started = probe.start()
        assert started.status == "RUNNING"
        error = None
        try:
            exec(compile(source, "cell", "exec"), space)
        except BaseException as raised:
            error = raised
        found = probe.finish(error)
        assert found.warnings == ()
        assert from_wire(type(found.run), to_wire(found.run)) == found.run or any(
            map(math.isnan, found.run.metrics.values())
        )
        return found

    return run


def test_parameters_and_metrics(track):
    source = """
from sklearn.svm import SVC
from sklearn.metrics import accuracy_score, mean_absolute_error as mae
C = 0.5
model = SVC(C=C, kernel="rbf", gamma=scale()).fit(X, y)
acc = accuracy_score(y, model.predict(X))
error = mae(y, model.predict(X))
count = len(X)
ratio = count / 2
"""
    X, y = load_iris(return_X_y=True)
    run = track(source, {"X": X, "y": y, "scale": lambda: "auto"}).run
    assert run.status == "FINISHED"
    assert run.params == {"C": "0.5", "kernel": "rbf", "gamma": "auto"}
    assert set(run.metrics) == {"acc", "error", "ratio"}
    assert run.metric_functions == {"acc": "accuracy_score", "error": "mean_absolute_error"}
    assert [(m.name, m.class_name, m.task, len(m.features)) for m in run.models] == [
        ("model", "SVC", "classification", 4)
    ]
    assert [(d.name, d.context, d.rows, d.columns) for d in run.data] == [("X", "read", 150, 4)]


def test_options_correct_what_was_found(track):
    source = "n = 7\nlr = 0.1\nhalf = lr * 5\nsmall = np.float32(2)\nzero = np.array(3.5)"
    run = track(source, {"np": np}, metrics=("n", "zero"), params=("half",), tags={"team": "a"}, name="mine").run
    assert run.metrics == {"n": 7.0, "small": 2.0, "zero": 3.5}
    assert run.params == {"lr": "0.1", "half": "0.5"}
    assert (run.name, run.tags) == ("mine", {"team": "a"})


def test_colliding_arguments_keep_their_class(track):
    source = "from sklearn.svm import SVC, SVR\na = SVC(C=1)\nb = SVR(C=2)\nc = SVR(C=3)"
    assert track(source).run.params == {"C": "1", "SVR.C": "2", "SVR_2.C": "3"}


def test_models_in_models_are_one(track):
    X, y = load_iris(return_X_y=True)
    source = """
pipe = make_pipeline(StandardScaler(), SVC())
search = GridSearchCV(pipe, {"svc__C": [1, 2]}, cv=2).fit(X, y)
best = search.best_estimator_
alias = search
scaler = StandardScaler().fit(X)
unfitted = SVC()
"""
    space = {
        "X": X,
        "y": y,
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
        "SVC": SVC,
        "GridSearchCV": GridSearchCV,
    }
    found = track(source, space)
    assert [m.name for m in found.run.models] == ["search"]
    ref, data = next(blob for blob in found.blobs if blob[0].kind == "model")
    assert ref.digest == hashlib.sha256(data).hexdigest() == found.run.models[0].digest
    assert (pickle.loads(data).predict(X) == space["search"].predict(X)).all()


def test_a_refit_is_noticed_and_a_use_is_not(track):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X, y)
    assert track("p = model.predict(X)", {"model": model, "X": X}).run.models == ()
    assert len(track("model.fit(X, y)", {"model": model, "X": X, "y": y}).run.models) == 1
    again = "def refit(m): m.C = 2; m.fit(X, y)\nrefit(model)"
    assert len(track(again, {"model": model, "X": X, "y": y}).run.models) == 1


def test_what_cannot_be_pickled_is_a_line(track):
    class Own:
        def fit(self):
            self.coef_ = (i for i in range(3))
            return self

        def predict(self, X):
            return X

    found = track("own = Own().fit()", {"Own": Own})
    assert found.run.models[0].digest == ""
    assert "cannot be pickled" in found.run.models[0].problem
    assert "\n" not in found.run.models[0].problem


def test_no_model_and_a_chosen_model(track):
    X, y = load_iris(return_X_y=True)
    source = "a = SVC().fit(X, y)\nb = SVC().fit(X, y)\nc = DBSCAN().fit(X)"
    space = {"X": X, "y": y, "SVC": SVC, "DBSCAN": DBSCAN}
    assert [m.name for m in track(source, dict(space)).run.models] == ["a", "b"]
    assert track(source, dict(space), store_models=False).run.models == ()
    assert [m.name for m in track(source, dict(space), models=("b",)).run.models] == ["b"]


def test_frames_are_taken_before_the_block_changes_them(track, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    source = "frame['z'] = 1\nnew = frame * 2\nread = pd.read_csv('a.csv')\nseries = new['x']\nsame = frame"
    run = track(source, {"frame": frame, "pd": pd}).run
    found = {(d.name, d.context): d for d in run.data}
    assert found["frame", "read"].schema == {"x": "float64"}
    assert list(found["frame", "written"].schema) == ["x", "z"]
    assert found["frame", "read"].fingerprint != found["frame", "written"].fingerprint
    assert found["read", "read"].origin == str(tmp_path / "a.csv")
    assert found["same", "written"].fingerprint == found["frame", "written"].fingerprint
    assert found["series", "written"].columns == 1


def test_exceptions(track):
    failed = track("x = 1\nraise ValueError('wrong')").run
    assert (failed.status, failed.error.type, failed.error.message) == ("FAILED", "ValueError", "wrong")
    assert "line 2" in failed.error.traceback
    assert failed.params == {"x": "1"}
    assert track("raise KeyboardInterrupt").run.status == "KILLED"
    assert track("raise SystemExit(0)").run.status == "FINISHED"
    assert track("raise SystemExit(2)").run.status == "FAILED"


def test_secrets_are_nowhere(track, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "correct-horse-battery")
    source = "where = 'correct-horse-battery'\nraise ValueError('correct-horse-battery')"
    found = track(source, name="correct-horse-battery", tags={"t": "correct-horse-battery"})
    assert "correct-horse" not in str(to_wire(found.run))
    assert found.run.redactions == 1


def test_nothing_of_the_session_changes(track):
    random.seed(3)
    before = random.getstate(), np.random.get_state()[1].tolist(), sys.stdout, list(sys.path)
    track("x = 1.5 * 2")
    assert (random.getstate(), np.random.get_state()[1].tolist(), sys.stdout, list(sys.path)) == before


def test_git_state_and_patch(track, tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            check=True,
            capture_output=True,
        )

    assert track("x = 1").run.git is None
    git("init", "-b", "trunk")
    (tmp_path / "code.py").write_text("a = 1\n")
    git("add", "code.py")
    git("commit", "-m", "first")
    clean = track("x = 1\nimport time\ntime.sleep(0.5)").run.git
    assert (clean.branch, len(clean.commit), clean.dirty) == ("trunk", 40, False)
    (tmp_path / "code.py").write_text("a = 2\n")
    found = track("import time\ntime.sleep(0.5)")
    assert found.run.git.dirty
    patch = next(data for ref, data in found.blobs if ref.path == "git.diff")
    assert b"+a = 2" in patch


def test_packages_have_versions(track):
    packages = track("x = 1").run.environment.packages
    assert packages["scikit-learn"] == sys.modules["sklearn"].__version__
    assert "json" not in packages


def test_one_broken_part_leaves_the_others(workspace, monkeypatch):
    import nbops.capture.probe as module

    monkeypatch.setattr(module, "read_environment", lambda: 1 / 0)
    probe = Probe(workspace, "x = 2 * 1.5", {"x": 3.0})
    probe.start()
    found = probe.finish()
    assert found.run.metrics == {"x": 3.0}
    assert len(found.warnings) == 1
    assert "environment not captured" in found.warnings[0]


def test_a_frame_never_takes_the_fingerprint_of_a_dead_one(track):
    for round_ in range(20):
        space = {"A": np.arange(20_000.0).reshape(-1, 4) + round_}
        run = track("A = A * 2\nB = A + 1\nC = B - 3\nD = C * 5", space).run
        seen = {(ref.name, ref.context): ref.fingerprint for ref in run.data}
        assert len(set(seen.values())) == len(seen) == 5


def test_parameters_are_what_ran(track):
    branches = "if debug:\n    epochs = 1\nelse:\n    epochs = 50"
    assert track(branches, {"debug": True}).run.params == {"epochs": "1"}
    assert track(branches, {"debug": True, "epochs": 1}).run.params == {"epochs": "1"}
    assert track("cfg = {'lr': 0.1}\ncfg['lr'] = 0.5").run.params == {"cfg": "{'lr': 0.5}"}
    assert track("if False:\n    depth = 3", {"depth": 2000}).run.params == {}
    assert track("depth = 3\ndel depth").run.params == {}


def test_what_did_not_finish_has_nothing_of_an_earlier_execution(track):
    X, y = load_iris(return_X_y=True)
    space = {"X": X, "y": y, "np": np, "pd": pd, "LogisticRegression": LogisticRegression, "step": lambda: None}
    source = (
        "step()\nC = 0.5\nZ = X * 2\nF['new'] = 1\nmodel = LogisticRegression(C=C).fit(X, y)\n"
        "kept.fit(X, y)\nauc = np.float64(model.score(X, y))"
    )
    space["F"] = pd.DataFrame({"old": [1, 2, 3]})
    space["kept"] = LogisticRegression()
    whole = track(source, space).run
    assert set(whole.metrics) == {"auc"} and {m.name for m in whole.models} == {"model", "kept"}

    space["step"] = lambda: 1 / 0
    broken = track(source, space).run
    assert (broken.status, broken.metrics, broken.models) == ("FAILED", {}, ())
    assert {ref.name for ref in broken.data if ref.context == "written"} == set()
    assert broken.params == {"C": "0.5"}
    assert track(source, space, models=("kept",)).run.models == ()

    late = track(source.removeprefix("step()\n") + "\nstep()", space).run
    assert set(late.metrics) == {"auc"} and {m.name for m in late.models} >= {"model"}
    assert "Z" in {ref.name for ref in late.data if ref.context == "written"}


def test_no_secret_of_the_code_stands_beside_it(track, monkeypatch):
    monkeypatch.setenv("LATER_API_KEY", "")
    source = (
        "token='abcdefgh12'\npwd='hunter2-hunter2'\nprivate_key='ijklmnop34'\ncredentials='qrstuvwx56'\nmax_tokens=512\n"
        "password = \"pa'ss-word1\"\ncopy = 'abcdefgh12'\n"
        "import os\nos.environ.update(LATER_API_KEY='later-value-1')"
    )
    run = track(source).run
    told = str(to_wire(run))
    for secret in ("abcdefgh12", "hunter2", "ijklmnop34", "qrstuvwx56", "ss-word1", "later-value-1"):
        assert secret not in told
    assert run.params["max_tokens"] == "512"


def test_user_information_of_a_url_is_not_in_the_origin(track):
    space = {"read_csv": lambda address: pd.DataFrame({"a": [1, 2]})}
    run = track("df = read_csv('https://bob:s3cretpw@example.org/a.csv')", space).run
    assert [ref.origin for ref in run.data] == ["https://[redacted]@example.org/a.csv"]


def test_a_frame_that_cannot_be_hashed_hides_no_other(workspace):
    class Odd:
        def __reduce__(self):
            raise TypeError("not this one")

    space = {"odd": pd.DataFrame({"a": [Odd()]}), "read": pd.DataFrame({"a": [1.0]}), "pd": pd}
    source = "n = len(odd) + len(read)\nworse = odd.copy()\nlast = pd.DataFrame({'b': [2.0]})"
    probe = Probe(workspace, source, space)
    probe.start()
    exec(source, space)
    found = probe.finish()
    assert {ref.name for ref in found.run.data} == {"read", "last"}
    told = [warning for warning in found.warnings if "not this one" in warning]
    assert [warning.partition(" not captured")[0] for warning in told] == ["data 'odd'", "data 'worse'"]


def test_source_that_ran_and_cannot_be_read_is_said(workspace):
    probe = Probe(workspace, "x = = 1", {})
    probe.start()
    (said,) = probe.finish().warnings
    assert said.startswith("source not read (")
    refused = Probe(workspace, "x = = 1", {})
    refused.start()
    assert refused.finish(SyntaxError("invalid syntax")).warnings == ()
