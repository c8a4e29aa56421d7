"""The registry: registered models, their numbered versions and aliases.

A version is whole or absent: the model's bytes lie in the content store before its row is committed, its number
is given once and never again, and the bytes are checked against their digest at every load.
"""

from __future__ import annotations

from nbops.late import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.registry.approvals import approve, approve_pickle, reject, request_promotion, withdraw
    from nbops.registry.diff import version_diff
    from nbops.registry.facts import training_profile
    from nbops.registry.going_back import rollback
    from nbops.registry.holding import history, holder
    from nbops.registry.leaving import archive, vacate_target
    from nbops.registry.loading import load_model
    from nbops.registry.promotion import ANY, promote
    from nbops.registry.reading import get_model, get_version, list_models
    from nbops.registry.view import promotion_view
    from nbops.registry.writing import register

__all__ = [
    "ANY",
    "approve",
    "approve_pickle",
    "archive",
    "get_model",
    "get_version",
    "history",
    "holder",
    "list_models",
    "load_model",
    "promote",
    "promotion_view",
    "register",
    "reject",
    "request_promotion",
    "rollback",
    "training_profile",
    "vacate_target",
    "version_diff",
    "withdraw",
]

__getattr__, __dir__ = late(
    __name__,
    {
        "approvals": ["approve", "approve_pickle", "reject", "request_promotion", "withdraw"],
        "diff": ["version_diff"],
        "facts": ["training_profile"],
        "holding": ["history", "holder"],
        "leaving": ["archive", "vacate_target"],
        "loading": ["load_model"],
        "promotion": ["ANY", "promote"],
        "reading": ["get_model", "get_version", "list_models"],
        "going_back": ["rollback"],
        "view": ["promotion_view"],
        "writing": ["register"],
    },
)
