"""Gates: what a version must show before it may take a target's place."""

from nbops.registry.gates.declaration import Check, Specs, declared, read_specs

__all__ = ["Check", "Specs", "declared", "read_specs"]
