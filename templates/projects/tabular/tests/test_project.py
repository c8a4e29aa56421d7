"""The project's own tests: what it declares can be run, and the data are what the pipeline expects."""

from pathlib import Path

from nbops.data.sources import read_source
from nbops.pipelines.spec import load_pipeline

ROOT = Path(__file__).parents[1]


def test_the_pipelines_are_declared_well():
    for name in ("pipeline.toml", "retrain.toml"):
        assert load_pipeline(ROOT / name).stages


def test_the_data_have_the_target():
    (ingest,) = [stage for stage in load_pipeline(ROOT / "pipeline.toml").stages if stage.name == "ingest"]
    table = read_source(str(ROOT / ingest.parameters["source"]))
    assert table[ingest.parameters["target"]].notna().any()
