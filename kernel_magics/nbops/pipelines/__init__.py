"""Pipelines of notebooks: the file, the graph, what is stale and why, the engine, values between stages."""
