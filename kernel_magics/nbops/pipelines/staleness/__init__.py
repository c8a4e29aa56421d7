"""When a stage runs again and why: what it is made of, by content, and how that differs from the last good run."""
