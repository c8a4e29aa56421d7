"""The declaration of a pipeline, for the rest of the room: what one is, and how to read it from a file."""

from nbops.pipelines.declaration.loading import load_pipeline
from nbops.pipelines.declaration.problems import meant
from nbops.pipelines.declaration.sources import templates
from nbops.pipelines.declaration.stages import Pipeline, Stage

__all__ = ["Pipeline", "Stage", "load_pipeline", "meant", "templates"]
