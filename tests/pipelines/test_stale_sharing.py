"""Results that a team shares: pushed, pulled, checked; what is damaged, foreign or unsigned is not used; what is dead costs nothing."""

from __future__ import annotations

import http.server
import json
import logging
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest

from nbops.errors import MissingExtraError, NbopsError
from nbops.pipelines.cache import results
from nbops.pipelines.cache.remote import Patience, store_for
from nbops.pipelines.cache.sharing import Team
from nbops.pipelines.outputs import Output, file_output
from nbops.pipelines.running.state import StageState
from nbops.pipelines.spec import load_pipeline
from nbops.pipelines.staleness.parts import key_of
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace
from nbops.workspace.blobs import path_of, put_bytes
from nbops.workspace.caching import cache_settings


class _Member:
    """A workspace of one of the team, and a stage that has run there, without a kernel."""

    def __init__(self, folder: Path, remote: str, more: str = "") -> None:
        folder.mkdir()
        (folder / "nbops.toml").write_text(f"courier = false\n[cache]\nremote = '{remote}'\n{more}\n")
        notebook = {"cells": [{"cell_type": "code", "metadata": {}, "source": "1"}], "metadata": {}, "nbformat": 4}
        (folder / "a.ipynb").write_text(json.dumps(notebook))
        (folder / "pipeline.toml").write_text('[stages.a]\nnotebook = "a.ipynb"\noutputs = ["x", "made.csv"]\n')
        self.folder, self.workspace = folder, find_workspace(folder)
        self.workspace.ensure()
        self.pipeline = load_pipeline(folder / "pipeline.toml")
        self.stage = self.pipeline.stages[0]

    def team(self) -> Team:
        return Team(self.workspace, cache_settings(self.workspace))

    def ran(self, *, name="made.csv", parameters=None, model=False) -> results.Result:
        place = self.workspace.pipelines / "p" / "run" / "a"
        place.mkdir(parents=True, exist_ok=True)
        (place / "a.ipynb").write_text("{}")
        (self.folder / name).write_text("rows")
        outputs = {"x": Output(name="x", kind="json", value=1, digest="d")}
        if model:
            digest = put_bytes(self.workspace, b"pickle")
            outputs["m"] = Output(
                name="m",
                kind="model",
                value="r/m",
                digest=digest,
                model={"name": "m", "class_name": "M", "digest": digest},
            )
        parts = {"parameters": parameters or {}, "inputs": {}}
        state = StageState(
            status="succeeded",
            key=key_of(parts),
            parts=parts,
            run_id="r",
            notebook=str(place / "a.ipynb"),
            outputs=outputs,
            files=(file_output(name, self.folder / name),),
        )
        return results.keep(self.workspace, self.pipeline, self.stage, state, at=time.time(), by="ada")

    def push(self, result) -> None:
        team = self.team()
        team.push(result)
        team.close()

    def restore(self, result):
        place = self.workspace.pipelines / "p" / "two" / "a"
        return results.restore(self.workspace, result, self.pipeline, self.stage, place)


@pytest.fixture
def shared(tmp_path):
    return tmp_path / "shared"


@pytest.fixture
def two(tmp_path, shared):
    return [_Member(tmp_path / name, str(shared)) for name in ("ada", "ben")]


def test_what_one_has_made_another_need_not(two):
    ada, ben = two
    made = ada.ran()
    ada.push(made)
    pulled = ben.team().pull(made.key)
    assert pulled == made
    assert pulled.foreign
    state = ben.restore(pulled)
    assert (ben.folder / "made.csv").read_text() == "rows"
    assert state.outputs["x"].value == 1
    assert ben.team().pull("0" * 64) is None


@pytest.mark.parametrize("what", ["manifest", "file", "longer", "lacking"])
def test_what_is_damaged_on_the_way_is_not_used(two, shared, what, caplog):
    ada, ben = two
    made = ada.ran()
    ada.push(made)
    blob = next(path for path in shared.glob("blobs/*/*") if path.read_text() == "rows")
    if what == "manifest":
        next(shared.glob("results/*/*")).write_text("{")
    elif what == "lacking":
        blob.unlink()
    else:
        blob.write_text("wors" if what == "file" else "rows and rows")
    with caplog.at_level(logging.WARNING):
        assert ben.team().pull(made.key) is None
    assert len(caplog.records) == 1
    assert not path_of(ben.workspace, blob.name).exists()


def test_models_and_files_that_run_code_need_trust_or_a_signature(tmp_path, two, shared, caplog, monkeypatch):
    ada, ben = two
    with_model, with_pickle = ada.ran(model=True, parameters={"n": 1}), ada.ran(name="made.pkl", parameters={"n": 2})
    for result in (with_model, with_pickle):
        ada.push(result)
        with caplog.at_level(logging.WARNING):
            assert ben.team().pull(result.key) is None
        assert "can run code" in caplog.text
    eve = _Member(tmp_path / "eve", str(shared), "trust_models = true")
    assert eve.team().pull(with_model.key) == with_model

    monkeypatch.setenv("NBOPS_CACHE_KEY", "of the team")
    assert ben.team().pull(with_model.key) is None
    ada.push(with_model)
    assert ben.team().pull(with_model.key) == with_model
    # Whoever changes a word has to sign it anew.
    path = next(path for path in shared.glob("results/*/*") if with_model.key in path.name)
    path.write_text(path.read_text().replace('"by": "ada"', '"by": "eve"'))
    assert ben.team().pull(with_model.key) is None
    monkeypatch.setenv("NBOPS_CACHE_KEY", "of somebody else")
    ada.push(with_model)
    monkeypatch.setenv("NBOPS_CACHE_KEY", "of the team")
    assert ben.team().pull(with_model.key) is None


def test_what_comes_from_others_is_put_nowhere_but_where_the_stage_writes(two, shared):
    ada, ben = two
    made = ada.ran(name="words.csv")
    ada.push(made)
    with pytest.raises(NbopsError, match="does not write"):
        ben.restore(ben.team().pull(made.key))
    assert not (ben.folder / "words.csv").exists()
    # A declared name with another place, and with the ending of another file.
    made = ada.ran(parameters={"n": 2})
    ada.push(made)
    path = next(path for path in shared.glob("results/*/*") if made.key in path.name)
    told, settings = path.read_text(), (ben.folder / "nbops.toml").read_text()
    for place in ("../../outside.csv", "nbops.toml", "a.ipynb"):
        path.write_text(told.replace('"files/made.csv": "made.csv"', f'"files/made.csv": "{place}"'))
        ben.restore(ben.team().pull(made.key))
        assert (ben.folder / "made.csv").read_text() == "rows"
    assert not (ben.folder.parent.parent / "outside.csv").exists()
    assert (ben.folder / "nbops.toml").read_text() == settings
    path.write_text(told.replace('"name": "made.csv"', '"name": "made.py"'))
    assert ben.team().pull(made.key) is None


def test_secrets_stay_at_home(two, shared):
    ada, _ = two
    ada.push(ada.ran(parameters={"token": "[redacted] (ab12)"}))
    assert not shared.exists()


class _Server:
    """A web server over a folder that says what it was asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        asked = self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(folder))

            def do_PUT(self):
                path = Path(self.translate_path(self.path))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(201)
                self.end_headers()

            def log_request(self, *_):
                asked.append((self.command, self.headers.get("Authorization")))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web(shared):
    server = _Server(shared)
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_over_the_web_results_are_read_and_written_only_if_that_is_said(tmp_path, web, shared, monkeypatch):
    monkeypatch.setenv("NBOPS_CACHE_TOKEN", "abc")
    reader = _Member(tmp_path / "reader", web.address)
    made = reader.ran()
    reader.push(made)
    assert not web.asked
    writer = _Member(tmp_path / "writer", web.address + "/", "push = true")
    writer.push(writer.ran())
    assert ("PUT", "Bearer abc") in web.asked
    assert len(list(shared.glob("*/*/*"))) == 3
    pulled = reader.team().pull(made.key)
    assert (pulled.key, pulled.outputs, pulled.sizes) == (made.key, made.outputs, made.sizes)
    assert reader.team().pull("0" * 64) is None


def test_a_remote_that_is_dead_is_told_once_and_costs_nothing_more(tmp_path, caplog):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        member = _Member(tmp_path / "ada", f"http://user:pass@127.0.0.1:{closed.getsockname()[1]}", "push = true")
        team = member.team()
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert team.pull("0" * 64) is None
            team.push(member.ran())
            team.close()
    assert len(caplog.records) == 1
    assert "is not used" in caplog.text
    assert "pass" not in caplog.text


def test_a_folder_that_cannot_be_written_is_told_and_no_more(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    member = _Member(tmp_path / "ada", str(tmp_path / "file" / "below"))
    with caplog.at_level(logging.WARNING):
        member.push(member.ran())
    assert "is not used" in caplog.text


def test_nothing_is_waited_for_that_makes_no_progress():
    hang = threading.Event()
    with pytest.raises(OSError, match="no answer"):
        Patience(0.05).call(lambda beat: hang.wait())
    hang.set()

    def slow(beat):
        for _ in range(6):
            time.sleep(0.02)
            beat()
        return "done"

    assert Patience(5).call(slow) == "done"
    with pytest.raises(OSError, match="KeyError"):
        Patience().call(lambda beat: {}["x"])


def test_other_addresses_go_by_fsspec(tmp_path, two):
    ada, ben = two
    for member in two:
        text = (member.folder / "nbops.toml").read_text()
        (member.folder / "nbops.toml").write_text(text.replace(str(tmp_path / "shared"), "memory://team/cache"))
    made = ada.ran()
    ada.push(made)
    ada.push(made)
    assert ben.team().pull(made.key) == made
    assert ben.team().pull("0" * 64) is None


def test_an_address_that_needs_a_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"nbops\[remote\]"):
        store_for("s3://bucket/cache")


def test_a_file_address_and_a_relative_folder_are_folders(tmp_path, shared, monkeypatch):
    ada = _Member(tmp_path / "ada", shared.as_uri())
    ada.push(ada.ran())
    assert len(list(shared.glob("*/*/*"))) == 3
    assert cache_settings(_Member(tmp_path / "ben", "../shared").workspace).remote == str(shared)
    monkeypatch.setenv("NBOPS_CACHE_REMOTE", str(tmp_path / "other"))
    assert cache_settings(ada.workspace).remote == str(tmp_path / "other")


def test_a_build_uses_what_another_member_has_built(tmp_path, new_project):
    """The whole way, with a model, in real kernels: who has the key gets model and all, with a run of its own."""
    ada, ben = new_project(), new_project()
    for project in (ada, ben):
        with (project.folder / "nbops.toml").open("a") as file:
            file.write(f"[cache]\nremote = '{tmp_path / 'team'}'\ntrust_models = true\n")
        project.notebook(
            "fit.ipynb",
            "from sklearn.linear_model import Ridge\nmodel = Ridge(alpha=alpha).fit([[1.0], [2.0]], [1, 2])\nopen('made.txt', 'w').write('m')",
            parameters="alpha = 1.0",
            outputs=["model"],
        )
        project.notebook(
            "use.ipynb",
            "from nbops.pipelines.models import run_model\nslope = float(run_model(model)[0].coef_[0])",
            parameters="model = ''",
            outputs=["slope"],
        )
        project.pipeline(
            'name = "p"\n[stages.fit]\nnotebook = "fit.ipynb"\noutputs = ["made.txt"]\n'
            '[stages.use]\nnotebook = "use.ipynb"\nafter = ["fit"]\n'
        )
    made = ada.run()
    assert made.status == "succeeded", made.error
    (ben.folder / "use.ipynb").write_text((ben.folder / "use.ipynb").read_text().replace("slope = ", "slope = 2 * "))
    taken = ben.run()
    assert taken.status == "succeeded", taken.error
    assert "by" in taken.stage("fit").reason
    assert taken.stage("fit").status == "skipped"
    assert taken.stage("fit").reason.endswith(", shared")
    # Its own stage runs with the model of the other.
    assert taken.stage("use").outputs["slope"] == pytest.approx(2 * made.stage("use").outputs["slope"])
    run = get_run(ben.workspace, taken.stage("fit").run_id)
    assert (run.kind, run.models[0].name) == ("stage", "model")
    assert (ben.folder / "made.txt").read_text() == "m"
    # From now on it is its own.
    shutil.rmtree(tmp_path / "team")
    shutil.rmtree(ben.folder / ".nbops" / "pipelines" / "p")
    assert ben.run().stage("fit").status == "skipped"
