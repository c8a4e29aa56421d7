"""The lineage goes through the stages of a pipeline: from raw data to the model that the last one gives."""

from __future__ import annotations

import importlib


def test_from_raw_data_through_stages_to_a_model(project, monkeypatch):
    lineage = importlib.import_module("nbops.governance.lineage").lineage
    register = importlib.import_module("nbops.registry").register
    monkeypatch.setenv("NBOPS_WORKSPACE", str(project.folder))
    (project.folder / "raw.csv").write_text("a,y\n1,1\n2,2\n3,3\n")
    project.notebook(
        "clean.ipynb",
        "from pathlib import Path\nPath('clean.csv').write_text(Path(source).read_text().replace('3,3', '4,5'))\nclean = Path('clean.csv')\nstrength = 2.0",
        parameters="source = ''",
    )
    project.notebook(
        "train.ipynb",
        "%load_ext nbops\nimport pandas as pd\nfrom sklearn.linear_model import Ridge\nframe = pd.read_csv(clean) * 2",
        "%%track fit\nmodel = Ridge(alpha=strength).fit(frame[['a']], frame['y'])",
        parameters="clean = ''\nstrength = 1.0",
    )
    project.pipeline(
        'name = "p"\n[stages.clean]\nnotebook = "clean.ipynb"\noutputs = ["clean", "strength"]\nparameters = {source = "raw.csv"}\n'
        '[stages.train]\nnotebook = "train.ipynb"\nafter = ["clean"]\noutputs = ["model"]\n'
    )
    result = project.run()
    assert result.status == "succeeded", result.error
    register("m", run_id=result.stage("train").outputs["model"].partition("/")[0])
    found = lineage(project.workspace, "m", direction="before")
    labels = {node.label for node in found.nodes}
    assert {"raw.csv", "clean", "clean.csv", "strength", "train", "frame", "fit", "m v1"} <= labels
    ids = {node.id: node.label for node in found.nodes}
    edges = {(ids[edge.source], ids[edge.target]) for edge in found.edges}
    assert {
        ("clean", "clean.csv"),
        ("clean.csv", "train"),
        ("strength", "train"),
        ("train", "frame"),
        ("frame", "fit"),
        ("fit", "m v1"),
    } <= edges
