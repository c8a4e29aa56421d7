"""Gates: what a version must show before it may take a target's place. Whatever goes wrong, they do not pass."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.registry.gates.declaration import Check, Specs, declared, read_specs
    from nbops.registry.gates.running import run_gates

__all__ = ["Check", "Specs", "declared", "read_specs", "run_gates"]

__getattr__, __dir__ = late(
    __name__, {"declaration": ["Check", "Specs", "declared", "read_specs"], "running": ["run_gates"]}
)
