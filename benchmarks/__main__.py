"""Run every benchmark: ``python benchmarks``."""

import importlib

for name in ("load", "fingerprint", "cell"):
    importlib.import_module(name).main()
