"""A pipeline for another engine: a readable file whose jobs call ``nbops pipeline run``.

Each engine is one module with ``DEFAULT`` (where such a file usually lies; ``{name}`` is the pipeline's) and ``render``.
"""

from nbops.pipelines.exports.exporting import TARGETS, Exported, export_pipeline

__all__ = ["TARGETS", "Exported", "export_pipeline"]
