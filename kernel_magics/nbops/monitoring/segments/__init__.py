"""Where it is worst: segments that are searched for, or that the caller names."""

from nbops.monitoring.segments.table import segment_table
from nbops.monitoring.segments.tree import segment_tree

__all__ = ["segment_table", "segment_tree"]
