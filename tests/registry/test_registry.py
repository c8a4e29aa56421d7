"""Registered models: numbers that are never reused, aliases, bytes that are checked."""

import multiprocessing
import os

import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import nbops
from nbops.errors import NotFoundError, RegistryError, UsageError
from nbops.registry import get_model, get_version, list_models, load_model, promote, register
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace
from nbops.workspace.blobs import path_of


def _train(name, **models):
    with nbops.track(name) as run:
        run.metric("accuracy", 0.5)
        for model_name, model in models.items():
            run.model(model, model_name)
    return run.run_id


def _fitted(c=1.0):
    return LogisticRegression(C=c).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


def test_the_last_run_with_a_model_is_registered(place):
    _train("first", model=_fitted(0.1))
    second = _train("second", model=_fitted(10.0))
    _train("third")
    version = register("churn")
    assert (version.version, version.run_id, version.class_name) == (1, second, "LogisticRegression")
    assert version.metrics == {"accuracy": 0.5}
    assert load_model("churn", 1).C == 10.0


def test_numbers_go_up_and_the_same_bytes_of_the_same_run_are_one_version(place):
    first = _train("first", model=_fitted(0.1))
    second = _train("second", model=_fitted(10.0))
    assert register("churn", run_id=first).version == 1
    assert register("churn", run_id=second).version == 2
    assert register("churn", run_id=first).version == 1
    assert [v.version for v in get_model(place, "churn").versions] == [2, 1]
    assert register("other", run_id="second").version == 1


def test_a_run_is_named_by_prefix_or_name(place):
    run_id = _train("brisk-heron", model=_fitted())
    assert register("a", run_id=run_id[:10]).run_id == run_id
    assert register("b", run_id="brisk-heron").run_id == run_id
    with pytest.raises(NotFoundError):
        register("c", run_id="brisk-haron")


def test_aliases_move_and_resolve(place):
    _train("first", model=_fitted(0.1))
    register("churn", alias="champion")
    _train("second", model=_fitted(10.0))
    assert register("churn").aliases == ()
    assert get_version(place, "churn", "champion").version == 1
    assert promote("churn", 2, "champion").version == 2
    assert get_version(place, "churn", "champion").version == get_version(place, "churn", "v2").version == 2
    with pytest.raises(NotFoundError, match="no version 9"):
        promote("churn", 9, "champion")
    with pytest.raises(NotFoundError, match="has versions 1, 2 and aliases champion"):
        get_version(place, "churn", "challenger")


def test_several_models_need_a_word(place):
    run_id = _train("both", one=_fitted(), two=Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
    with pytest.raises(RegistryError, match="several models: 'one', 'two'"):
        register("churn", run_id=run_id)
    assert register("churn", run_id=run_id, model="two").class_name == "Ridge"
    with pytest.raises(RegistryError, match="no model 'three'"):
        register("churn", run_id=run_id, model="three")


def test_a_run_without_a_model(place):
    with pytest.raises(RegistryError, match="No run of this workspace has a stored model"):
        register("churn")
    run_id = _train("none")
    with pytest.raises(RegistryError, match="has no stored model"):
        register("churn", run_id=run_id)
    assert list_models(place) == ()


@pytest.mark.parametrize("name", ["", " x", "x ", "a/b", "a:b", "a\\b", "a\nb", "x" * 201, "../up"])
def test_names_that_cannot_be(place, name):
    with pytest.raises(UsageError):
        register(name)


@pytest.mark.parametrize("name", ["churn", "Kündigung 2026", "客户", "a.b-c_d", "<img onerror=x>"])
def test_names_that_can_be(place, name):
    _train("first", model=_fitted())
    assert register(name).model == name
    assert get_model(place, name).name == name


@pytest.mark.parametrize("alias", ["", "latest", "v1", "1st", "a b", "ä"])
def test_aliases_that_cannot_be(place, alias):
    with pytest.raises(UsageError):
        register("churn", alias=alias)


def test_one_flipped_byte_refuses_to_load(place):
    _train("first", model=_fitted())
    version = register("churn", alias="champion")
    path = path_of(place, next(file.digest for file in version.files if file.path == "model.skops"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(RegistryError, match="model.skops of churn version 1 has been changed"):
        load_model("churn")


def test_bytes_that_are_gone_cannot_be_registered(place):
    run_id = _train("first", model=_fitted())
    register("churn")
    path_of(place, get_run(place, run_id).models[0].digest).unlink()
    with pytest.raises(RegistryError, match="not in this workspace's store"):
        register("other")


def test_a_model_that_is_not_there_names_the_closest(place):
    _train("first", model=_fitted())
    assert isinstance(load_model("churn", register("churn").version), LogisticRegression)
    with pytest.raises(NotFoundError, match="no registered model 'chum'"):
        load_model("chum")


def _register_in_a_process(root, run_id, settings, start):
    os.environ.update(settings)
    start.wait()
    register("churn", run_id=run_id, workspace=find_workspace(root))


def test_several_that_register_at_once_get_several_numbers(place):
    runs = [_train(f"run-{i}", model=_fitted(1.0 + i)) for i in range(4)]
    # Forked from a process that has imported all it takes, they begin at the same moment.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["nbops.registry", "skops.io", "pandas", "sklearn.linear_model", "mlflow"])
    settings = {name: value for name, value in os.environ.items() if name.startswith("NBOPS_")}
    start = context.Event()
    workers = [context.Process(target=_register_in_a_process, args=(place.root, run, settings, start)) for run in runs]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    versions = get_model(place, "churn").versions
    assert sorted(v.version for v in versions) == [1, 2, 3, 4]
    assert {v.run_id for v in versions} == set(runs)
