"""A pipeline that goes on on another machine: packed here, unpacked there, whatever runs beside each other."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from nbops.errors import LedgerError, NotFoundError, PipelineError
from nbops.ledger.verification import verify
from nbops.pipelines.cache.carrying import pack
from nbops.pipelines.cache.unpacking import unpack
from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.running.history import pipeline_runs
from nbops.registry import get_model, promote, register
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace


@pytest.fixture
def source(project):
    """A project as it is in version control: one stage, two beside each other after it, one after both."""
    project.notebook(
        "load.ipynb",
        "import pandas as pd\npd.DataFrame({'x': range(9)}).to_csv('table.csv')\nrows = 9",
        outputs=["rows"],
    )
    project.notebook("left.ipynb", "left = rows + 1", parameters="rows = 0", outputs=["left"])
    project.notebook(
        "right.ipynb",
        "import pandas as pd\nright = pd.DataFrame({'x': [rows] * 2})",
        parameters="rows = 0",
        outputs=["right"],
    )
    project.notebook(
        "both.ipynb",
        "import pandas as pd\nassert open('table.csv').read().startswith(',x')\nboth = left + len(pd.read_parquet(right))",
        parameters="left = 0\nright = ''",
        outputs=["both"],
    )
    project.pipeline(
        'name = "p"\n[stages.load]\nnotebook = "load.ipynb"\noutputs = ["rows", "table.csv"]\n'
        '[stages.left]\nnotebook = "left.ipynb"\nafter = ["load"]\n'
        '[stages.right]\nnotebook = "right.ipynb"\nafter = ["load"]\n'
        '[stages.both]\nnotebook = "both.ipynb"\nafter = ["left", "right"]\n'
    )
    return project.folder


def _machine(source: Path, folder: Path) -> Path:
    """A fresh checkout."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".nbops"))
    return folder


def _names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def test_each_stage_on_a_machine_of_its_own(source, tmp_path_factory):
    top = tmp_path_factory.mktemp("machines")
    packs = top / "packs"

    def job(name: str, *needs: str):
        folder = _machine(source, top / name)
        workspace = find_workspace(folder)
        taken = unpack(workspace, [packs / f"{need}.tar.gz" for need in needs])
        result = execute_pipeline(folder / "pipeline.toml", only=[name])
        assert result.status == "succeeded", result.error
        pack(workspace, packs / f"{name}.tar.gz")
        return workspace, result, taken

    job("load")
    _, left, taken = job("left", "load")
    assert left.stage("left").outputs == {"left": 10}
    assert taken.written == ("table.csv",)
    job("right", "load")
    workspace, both, _ = job("both", "left", "right")
    assert both.stage("both").outputs == {"both": 12}
    # One history, without anything twice; and the paths are those of this machine.
    assert [run.status for run in pipeline_runs(workspace)] == ["succeeded"] * 4
    names = [run.name for run in search_runs(workspace, limit=100).runs]
    assert sorted(names) == sorted(["p"] * 4 + ["load", "left", "right", "both"])
    states = list(workspace.pipelines.glob("p/stages/*.json"))
    assert len(states) == 4
    for state in states:
        assert str(workspace.root) in json.loads(state.read_text())["notebook"]
    # All of it is up to date here.
    again = execute_pipeline(workspace.root / "pipeline.toml")
    assert {stage.status for stage in again.stages} == {"skipped"}
    # A commit later: what did not change need not be done again.
    later = _machine(source, top / "later")
    unpack(find_workspace(later), [packs / "both.tar.gz"])
    text = (later / "left.ipynb").read_text().replace("rows + 1", "rows + 2")
    (later / "left.ipynb").write_text(text)
    result = execute_pipeline(later / "pipeline.toml")
    assert [stage.status for stage in result.stages] == ["skipped", "succeeded", "skipped", "succeeded"]
    assert result.stage("both").outputs == {"both": 13}


def test_the_registry_travels_and_two_that_went_apart_are_refused(workspace, tmp_path_factory, monkeypatch):
    from sklearn.linear_model import LinearRegression

    from nbops.tracking.tracker import track

    def trained(where, coefficient):
        with track("fit", workspace=where) as run:
            model = LinearRegression().fit([[0], [1]], [0, coefficient])
            run.model(model, "m")
        return register("m", run_id=run.run_id, workspace=where).version

    trained(workspace, 1)
    first = tmp_path_factory.mktemp("packs") / "first.tar.gz"
    pack(workspace, first)
    # A key that is a secret of the jobs is in no artifact of theirs.
    assert "data/audit.key" in _names(first)
    with monkeypatch.context() as variables:
        variables.setenv("NBOPS_AUDIT_KEY", (workspace.data / "audit.key").read_text())
        pack(workspace, first.with_name("keyless.tar.gz"))
    assert "data/audit.key" not in _names(first.with_name("keyless.tar.gz"))
    others = []
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "nbops.toml").write_text("courier = false\n")
        others.append(find_workspace(folder))
        unpack(others[-1], [first])
    one, two = others
    trained(one, 2)
    promote("m", 2, "Staging", workspace=one)
    pack(one, first.with_name("one.tar.gz"))
    # It goes on from what was packed here, so it can come back.
    unpack(workspace, [first.with_name("one.tar.gz")])
    assert [version.lifecycle_stage for version in get_model(workspace, "m").versions] == ["Staging", "None"]
    assert verify(workspace).ok
    trained(two, 3)
    pack(two, first.with_name("two.tar.gz"))
    before = get_model(workspace, "m")
    with pytest.raises(LedgerError, match="Two machines have changed the registry"):
        unpack(workspace, [first.with_name("two.tar.gz")])
    assert get_model(workspace, "m") == before
    assert verify(workspace).ok


def test_what_is_no_pack_is_told(workspace, tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(b"no pack")
    with pytest.raises(PipelineError, match="is no pack"):
        unpack(workspace, [tmp_path / "x.tar.gz"])
    workspace.ensure()
    (workspace.blobs / "aa").mkdir()
    (workspace.blobs / "aa" / ("a" * 64)).write_bytes(os.urandom(300_000))
    pack(workspace, tmp_path / "whole.tar.gz")
    half = (tmp_path / "whole.tar.gz").read_bytes()[:100_000]
    (tmp_path / "half.tar.gz").write_bytes(half)
    with pytest.raises(PipelineError, match="is no pack"):
        unpack(workspace, [tmp_path / "half.tar.gz"])
    with pytest.raises(NotFoundError):
        unpack(workspace, [tmp_path / "gone.tar.gz"])
    assert unpack(workspace, [tmp_path / ".nbops" / "carried"]).packs == ()


@pytest.mark.parametrize(
    "name", ["files/../../evil", "data/../evil", "files/.git/hooks/post-checkout", "files/link/evil"]
)
def test_nothing_is_written_outside(workspace, tmp_path, tmp_path_factory, name):
    outside = tmp_path_factory.mktemp("outside")
    (workspace.root / "link").symlink_to(outside)
    file = outside / "bad.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        about = json.dumps({"format": 1, "root": "/x", "at": 1.0, "workspace": ""}).encode()
        for member, data in (("pack.json", about), (name, b"evil")):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    with pytest.raises(PipelineError, match="lies outside of its workspace"):
        unpack(workspace, [file])
    assert not [path for path in outside.rglob("*") if path.name == "evil"]
    assert not (workspace.root / ".git").exists()
