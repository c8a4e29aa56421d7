"""Retraining: policies that say when, decisions that say why, and challengers that have to win before anything changes."""

from nbops.scheduling.retraining.carrying import carry_out, launch_retraining
from nbops.scheduling.retraining.checking import build
from nbops.scheduling.retraining.deciding import decide_due, retrain_now
from nbops.scheduling.retraining.history import decision, decisions, last_decisions
from nbops.scheduling.retraining.joining import with_retraining
from nbops.scheduling.retraining.policies import (
    apply_policies,
    pause_policy,
    policies,
    policy,
    remove_policy,
    set_policy,
)

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
