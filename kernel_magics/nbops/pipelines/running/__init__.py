"""One run of a pipeline: planned, begun, followed, closed, and what is known of it afterwards."""
