"""One notebook, executed: prepared, run cell by cell, kept while it goes on, shown."""
