"""Batch scoring: partitions here and on Dask, resumed, dirty, decided by a threshold."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.data.typed import settle
from nbops.errors import DataError, NotFoundError, PipelineError, UsageError
from nbops.pipelines.partitions import map_partitions, profile_files
from nbops.pipelines.tabular.training import algorithm_of, build
from nbops.registry import register
from nbops.serving.batch import score_files


def _table(rows: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer": [f"{i:05d}" for i in range(rows)],
            "age": draw.integers(18, 90, rows).astype(float),
            "city": draw.choice(["Köln", "Lyon", "Turin"], rows),
            "joined": pd.date_range("2020", periods=rows, freq="D").astype(str),
            "spent": draw.lognormal(3, 1, rows),
        }
    )


def _train(task: str):
    X = settle(_table(300).drop(columns="customer")).frame
    y = pd.Series(np.where(X["age"] + 10 * (X["city"] == "Lyon") > 60, "stays", "leaves"))
    if task == "three":
        y = y.where(X["age"] > 30, "young")
    y = y if task != "number" else X["age"] * 2.5
    kind = "regression" if task == "number" else "classification"
    model = build(X, y, kind, algorithm_of(kind, "auto", len(X)))
    with nbops.track(task) as run:
        model.fit(X, y)
        run.model(model, "model")
    return register(task, run_id=run.run_id)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with three models, and partitions of several kinds."""
    folder = tmp_path_factory.mktemp("batch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(folder))
        patch.setenv("NBOPS_COURIER", "false")
        for task in ("two", "three", "number"):
            _train(task)
        table = _table(2500, seed=1)
        for number, name in enumerate(["day=1/a.parquet", "day=1/b.csv", "day=2/a.feather", "day=2/c.csv"]):
            path = folder / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            part = table.iloc[number * 625 : (number + 1) * 625]
            if path.suffix == ".csv":
                part.to_csv(path, index=False)
            elif path.suffix == ".feather":
                part.reset_index(drop=True).to_feather(path)
            else:
                part.to_parquet(path)
        table.to_parquet(folder / "whole.parquet")
        yield folder


@pytest.fixture
def workspace(place, monkeypatch):
    """The workspace, from its folder."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(place))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.chdir(place)
    return nbops.find_workspace()


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes."""
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as found:
        yield found.scheduler_address.replace("tcp://", "dask://")


def _scores(folder: Path) -> pd.DataFrame:
    found = pd.concat([pd.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))])
    return found.sort_values("customer").reset_index(drop=True)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_partitions_and_engines_give_the_same_bits_and_a_second_run_skips(workspace, place, cluster):
    here = score_files("in", "two", 1, folder="here")
    assert here.counts == {"scored": 4, "skipped": 0, "failed": 0} and here.rows == 2500 and here.lost == {}
    names = {"day=1/a.parquet", "day=1/b.parquet", "day=2/a.parquet", "day=2/c.parquet"}
    assert set(_contents(place / "here")) == names
    assert not list((place / "here").rglob(".scoring-*"))

    there = score_files("in", "two", 1, folder="there", on=cluster)
    assert _contents(place / "there") == _contents(place / "here")
    assert there.profile == here.profile
    whole = score_files("whole.parquet", "two", 1, folder="one")
    assert whole.profile == here.profile and whole.profile.rows == 2500
    one, many = (_scores(place / name) for name in ("one", "here"))
    assert list(one.columns) == ["customer", "age", "city", "joined", "spent", "prediction", "probability"]
    assert one["customer"].iloc[7] == "00007" and many["customer"].tolist() == one["customer"].tolist()
    assert (one["probability"] == many["probability"]).all() and (one["prediction"] == many["prediction"]).all()
    # Files of different kinds have one schema where the model knows the types.
    files = sorted((place / "here").rglob("*.parquet"))
    schemas = {
        tuple((f.name, str(f.type)) for f in pq.read_schema(path) if f.name in {"age", "city", "joined", "prediction"})
        for path in files
    }
    assert len(schemas) == 1
    # Profiles of the partitions themselves, by both engines.
    paths = sorted((place / "in").rglob("*.*"))
    assert profile_files(paths, on=cluster) == profile_files(paths)

    part = place / "in" / "day=2" / "c.csv"
    part.write_text(part.read_text().replace("Lyon", "Turin"))
    (place / "here" / "day=1" / "gone.parquet").write_bytes((place / "here" / "day=1" / "a.parquet").read_bytes())
    again = score_files("in", "two", 1, folder="here", on=cluster)
    assert again.counts == {"scored": 1, "skipped": 3, "failed": 0} and again.rows == 2500
    assert again.left_over == (str(place / "here" / "day=1" / "gone.parquet"),)
    Path(again.left_over[0]).unlink()
    other = score_files("in", "two", 1, folder="here", keep=["customer"], threshold=0.9, positive="stays")
    assert other.counts["scored"] == 4
    decided = _scores(place / "here")
    assert ((decided["prediction"] == "stays") == (decided["probability"] >= 0.9)).all()
    assert list(decided.columns) == ["customer", "prediction", "probability"]


def test_a_worker_that_dies_loses_only_what_it_had(tmp_path, cluster):
    paths = [tmp_path / f"{n}.txt" for n in range(6)]
    done = map_partitions(_fragile, paths, shared=os.getpid(), on=cluster)
    assert done == [str(path) for path in paths]
    assert (tmp_path / "died").exists()
    with pytest.raises(PipelineError, match=r"3\.txt: ValueError: not this one"):
        map_partitions(_refuses, paths, on=cluster)
    with pytest.raises(UsageError, match="on 'ray'"):
        map_partitions(_refuses, paths, on="ray")
    told = []
    assert map_partitions(lambda path, _: path.name, paths[:2], told=lambda *counts: told.append(counts)) == [
        "0.txt",
        "1.txt",
    ]
    assert told == [(1, 2), (2, 2)]


# Workers cannot import this module, so its functions travel as they are.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def _fragile(path: Path, parent: int) -> str:
    """Kill the first worker that gets the third path."""
    mark = path.parent / "died"
    if path.name == "2.txt" and os.getpid() != parent and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return str(path)


def _refuses(path: Path, shared: object) -> None:
    if path.name == "3.txt":
        raise ValueError("not this one")


def test_dirt_is_counted_and_a_bad_partition_stops_or_is_told(workspace, place):
    folder = place / "dirty"
    folder.mkdir()
    dirty = _table(5).assign(age=["x", "40", "", None, "inf"], city=["Nowhere", None, "Lyon", " ", "Köln"])
    dirty["joined"] = ["never", None, "2024-02-30", "2024-02-01", "2024/02/01"]
    dirty.drop(columns="spent").to_csv(folder / "b.csv", index=False)
    dirty.to_csv(folder / "a.csv", index=False)
    dirty.head(0).to_csv(folder / "empty.csv", index=False)
    with pytest.raises(DataError, match=r"b\.csv has no column 'spent'"):
        score_files(folder, "three", 1, folder="bad")
    # What came before it is kept.
    found = score_files(folder, "three", 1, folder="bad", on_error="skip")
    assert found.counts == {"scored": 1, "skipped": 1, "failed": 1} and found.rows == 5
    assert found.lost == {"age": 2, "joined": 2}
    assert "no column 'spent'" in next(part.problem for part in found.parts if part.status == "failed")
    shares = [c.name for c in found.profile.columns if c.name.startswith("probability_")]
    assert shares == ["probability_leaves", "probability_stays", "probability_young"]
    assert len(pd.read_parquet(place / "bad" / "empty.parquet")) == 0
    number = score_files(folder / "a.csv", "number", 1, folder="numbers")
    assert [c.name for c in number.profile.columns] == ["prediction"] and number.profile.rows == 5


def test_models_that_know_columns_by_position_or_not_at_all(workspace, place):
    X = np.random.default_rng(0).normal(size=(60, 2))
    for name, given in (("array", X), ("frame", pd.DataFrame(X, columns=["a", "b"]))):
        with nbops.track(name) as run:
            run.model(LogisticRegression().fit(given, X[:, 0] > 0), "model")
        register(name, run_id=run.run_id)
    pd.DataFrame(X, columns=["a", "b"]).assign(c=1).to_csv(place / "named.csv", index=False)
    pd.DataFrame(X, columns=["p", "q"]).to_csv(place / "plain.csv", index=False)
    assert score_files("named.csv", "frame", 1, folder="named").rows == 60
    assert score_files("plain.csv", "array", 1, folder="plain").rows == 60
    assert (pd.read_parquet("plain/plain.parquet")["prediction"] == (X[:, 0] > 0)).mean() > 0.9
    with pytest.raises(DataError, match="3 columns, the model takes 2"):
        score_files("named.csv", "array", 1, folder="plain")


def test_what_cannot_be_is_told(workspace, place):
    for call, error, said in (
        (lambda: score_files("in", "two", folder="x"), NotFoundError, "Nobody holds Production of two"),
        (lambda: score_files("in", "too", 1), NotFoundError, "too"),
        (lambda: score_files("nothing", "two", 1), NotFoundError, "nothing"),
        (lambda: score_files("in", "two", 1, folder="in/scores"), UsageError, "where the partitions are"),
        (lambda: score_files("in", "two", 1, on_error="go on"), UsageError, "stop or skip"),
        (lambda: score_files("in", "three", 1, threshold=0.5), UsageError, "two classes"),
        (lambda: score_files("in", "two", 1, threshold=1.5), UsageError, "between 0 and 1"),
        (lambda: score_files("in", "two", 1, threshold=0.5, positive="goes"), UsageError, "no class 'goes'"),
        (lambda: score_files("in", "two", 1, folder="y", keep=["custom"]), DataError, "Did you mean 'customer'"),
    ):
        with pytest.raises(error, match=said):
            call()


def test_scores_are_logged_once_with_inputs_and_probabilities(workspace, tmp_path):
    from nbops.monitoring.predictions import read_predictions

    done = score_files("in", "two", 1, folder=tmp_path / "out", log=True, threshold=0.3, positive="leaves")
    assert done.logged == done.rows == 2500
    again = score_files("in", "two", 1, folder=tmp_path / "out", log=True, threshold=0.3, positive="leaves")
    assert again.counts["skipped"] == 4 and again.logged == 0
    found = read_predictions(workspace, "two")
    assert len(found) == 2500 and {"age", "city", "joined", "spent"} <= set(found.columns)
    whole = pd.concat([pq.read_table(part.output).to_pandas() for part in done.parts])
    assert found["score_leaves"].sum() == pytest.approx(whole["probability"].sum())
    assert (found["output"] == "leaves").sum() == (whole["prediction"] == "leaves").sum() > 0


def test_identifiers_of_a_column_are_those_of_the_log(workspace, tmp_path):
    from nbops.monitoring.predictions import read_predictions

    score_files("whole.parquet", "three", 1, folder=tmp_path / "out", log=True, ids="customer")
    found = read_predictions(workspace, "three")
    assert set(found["prediction_id"]) == set(_table(2500, seed=1)["customer"])
    assert {"score_young", "score_stays"} <= set(found.columns)
    with pytest.raises(DataError, match="no column 'client'"):
        score_files("whole.parquet", "number", 1, folder=tmp_path / "other", log=True, ids="client")


def test_what_a_job_took_is_told_to_prometheus(workspace, tmp_path):
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    from prometheus_client.parser import text_string_to_metric_families

    pushed: list[bytes] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            pushed.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    settings = workspace.root / "nbops.toml"
    settings.write_text(f'[metrics]\ntextfile = "prom"\npush = "http://127.0.0.1:{server.server_port}"\n')
    try:
        score_files("in", "two", 1, folder=tmp_path / "out")
    finally:
        settings.unlink()
        server.shutdown()
        server.server_close()
    text = (workspace.root / "prom" / "nbops_batch_two.prom").read_text()
    found = {one.name: one.samples[0] for one in text_string_to_metric_families(text)}
    assert found["nbops_batch_rows"].value == 2500 and found["nbops_batch_rows"].labels == {
        "model": "two",
        "version": "1",
    }
    assert found["nbops_batch_failed_partitions"].value == 0 and found["nbops_batch_max_memory_bytes"].value > 1e6
    assert found["nbops_batch_cpu_seconds"].value > 0 and pushed[0].decode() == text
