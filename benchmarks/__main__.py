"""Run every benchmark: ``python benchmarks``."""

import importlib

for name in ("load", "fingerprint", "cell", "registry", "saving", "nochange", "warm", "pipelines", "false_alarms"):
    importlib.import_module(name).main()
