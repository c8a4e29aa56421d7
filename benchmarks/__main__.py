"""Run every benchmark: ``python benchmarks``."""

import importlib

_NAMES = (
    "load",
    "fingerprint",
    "cell",
    "profiles",
    "registry",
    "saving",
    "nochange",
    "warm",
    "pipelines",
    "drift",
    "false_alarms",
)
for name in _NAMES:
    importlib.import_module(name).main()
