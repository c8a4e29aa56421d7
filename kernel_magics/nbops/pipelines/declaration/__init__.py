"""What a pipeline is declared to be: read from TOML, from the tags of one notebook or from Python, and checked whole."""
