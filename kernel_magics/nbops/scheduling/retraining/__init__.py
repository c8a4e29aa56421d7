"""Retraining: policies that say when, decisions that say why, and challengers that have to win before anything changes."""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.scheduling.retraining.carrying import carry_out, launch_retraining
    from nbops.scheduling.retraining.checking import build
    from nbops.scheduling.retraining.deciding import decide_due, retrain_now
    from nbops.scheduling.retraining.editing import (
        apply_policies,
        pause_policy,
        policies,
        policy,
        remove_policy,
        set_policy,
    )
    from nbops.scheduling.retraining.history import decision, decisions, last_decisions
    from nbops.scheduling.retraining.joining import with_retraining

__all__ = [
    "apply_policies",
    "build",
    "carry_out",
    "decide_due",
    "decision",
    "decisions",
    "last_decisions",
    "launch_retraining",
    "pause_policy",
    "policies",
    "policy",
    "remove_policy",
    "retrain_now",
    "set_policy",
    "with_retraining",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "carrying": ["carry_out", "launch_retraining"],
        "checking": ["build"],
        "deciding": ["decide_due", "retrain_now"],
        "history": ["decision", "decisions", "last_decisions"],
        "joining": ["with_retraining"],
        "editing": ["apply_policies", "pause_policy", "policies", "policy", "remove_policy", "set_policy"],
    },
)
