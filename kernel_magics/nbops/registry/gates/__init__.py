"""Gates: what a version must show before it may take a target's place. Whatever goes wrong, they do not pass."""

from nbops.registry.gates.declaration import Check, Specs, declared, read_specs
from nbops.registry.gates.running import run_gates

__all__ = ["Check", "Specs", "declared", "read_specs", "run_gates"]
