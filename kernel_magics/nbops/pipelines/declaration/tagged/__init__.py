"""A pipeline from the tags of one notebook: sections, the variables that go between them, a notebook for each."""
