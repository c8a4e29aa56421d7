"""Promotion: one holder, conditional on what was seen, with a history and an event for every change."""

import time

import pytest

from nbops.errors import NbopsError, NotFoundError, PromotionConflict, PromotionRefused, RegistryError, UsageError
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import archive, get_model, get_version, history, holder, promote, rollback, vacate_target


def _stages(place):
    return {v.version: v.lifecycle_stage for v in get_model(place, "churn").versions}


def test_a_stage_has_one_holder_and_production_takes_champion_along(place, versions):
    versions(3)
    assert promote("churn", 1).previous is None
    assert promote("churn", 3, reason="better").previous == 1
    promote("churn", 2, "Staging")
    assert _stages(place) == {1: "Archived", 2: "Staging", 3: "Production"}
    assert [(a.name, a.version) for a in get_model(place, "churn").aliases] == [("champion", 3)]
    assert holder(place, "churn", "production") == holder(place, "churn", "champion") == 3


def test_an_alias_moves_alone(place, versions):
    versions(2)
    promote("churn", 1)
    promote("churn", 2, "challenger")
    assert _stages(place) == {1: "Production", 2: "None"}
    assert get_version(place, "churn", "challenger").version == 2
    assert vacate_target("churn", "challenger", reason="experiment over") == 2
    assert holder(place, "churn", "challenger") is None


def test_a_promotion_names_whom_it_replaces(place, versions):
    versions(3)
    promote("churn", 1, expect=None)
    with pytest.raises(PromotionConflict, match="version 1 holds it now") as caught:
        promote("churn", 2, expect=None)
    assert caught.value.holder == 1
    promote("churn", 2, expect=1)
    with pytest.raises(PromotionConflict) as caught:
        promote("churn", 3, expect=1)
    assert caught.value.holder == 2
    assert holder(place, "churn", "Production") == 2


def test_promoting_the_holder_again_changes_nothing(place, versions):
    versions(1)
    first = promote("churn", 1)
    assert first.changed and first.audit_seq
    before = len(read_events(place))
    assert not promote("churn", 1).changed
    assert len(read_events(place)) == before


def test_a_promotion_can_be_bound_to_the_bytes_that_were_looked_at(place, versions):
    version = versions(1)[0]
    with pytest.raises(PromotionRefused, match="digest is another"):
        promote("churn", 1, digest="0" * 64)
    assert promote("churn", 1, digest=version.digest).changed
    assert [e.action for e in read_events(place)][-2:] == ["refused", "promote"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(place, versions):
    versions(2)
    promote("churn", 1)
    events = len(read_events(place))
    found = promote("churn", 2, dry_run=True)
    assert found.dry_run and found.changed and found.previous == 1
    blocked = promote("churn", 2, expect=None, dry_run=True)
    assert not blocked.changed and [o.kind for o in blocked.obstacles] == ["holder"]
    assert len(read_events(place)) == events and holder(place, "churn", "Production") == 1


def test_history_tells_who_held_what_on_any_date(place, versions):
    versions(2)
    promote("churn", 1, reason="first")
    between = time.time()
    time.sleep(0.01)
    promote("churn", 2, reason="AUC up")
    rollback("churn", reason="complaints")
    told = [(p.version, p.previous, p.kind, p.reason) for p in history(place, "churn", target="Production")]
    assert told == [(1, None, "promote", "first"), (2, 1, "promote", "AUC up"), (1, 2, "rollback", "complaints")]
    assert [p.version for p in history(place, "churn", target="Production", at=between)] == [1]
    last = history(place, "churn", target="Production")
    assert [p.until for p in last] == [last[1].at, last[2].at, None]
    assert {p.target for p in history(place, "churn")} == {"Production", "champion"}


def test_rollback_goes_back_step_by_step_or_to_any_former_holder(place, versions):
    versions(4)
    for number in (1, 2, 3):
        promote("churn", number)
    assert rollback("churn", reason="bad").version == 2
    assert rollback("churn", reason="still bad").version == 1
    with pytest.raises(RegistryError, match="Nobody held"):
        rollback("churn", reason="and now?")
    assert rollback("churn", to=3, reason="it was not the model").version == 3
    assert _stages(place) == {1: "Archived", 2: "Archived", 3: "Production", 4: "None"}
    with pytest.raises(RegistryError, match="never held"):
        rollback("churn", to=4, reason="why not")
    with pytest.raises(RegistryError, match="holds Production of churn now"):
        rollback("churn", to=3, reason="again")
    with pytest.raises(UsageError, match="reason"):
        rollback("churn", reason=" ")


def test_archiving_keeps_the_version_and_refuses_a_holder(place, versions):
    versions(2)
    promote("churn", 1)
    with pytest.raises(RegistryError, match="holds Production, champion"):
        archive("churn", 1)
    assert archive("churn", 2, reason="never used").lifecycle_stage == "Archived"
    assert get_version(place, "churn", 2).digest


@pytest.mark.parametrize("target", ["", "v3", "latest", "Archived", "None", "a b", "Productoin!"])
def test_impossible_targets_are_refused(place, versions, target):
    versions(1)
    with pytest.raises(UsageError):
        promote("churn", 1, target)


def test_unknown_names_are_refused(place, versions):
    versions(1)
    for call in (
        lambda: promote("chrun", 1),
        lambda: promote("churn", 9),
        lambda: rollback("chrun", reason="x"),
        lambda: history(place, "chrun"),
        lambda: vacate_target("churn", "Staging", reason="x"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_a_mistyped_policy_is_an_error_not_no_policy(place, versions):
    versions(1)
    for text in (
        "[policy.stage.Production]\napprovals = 1",
        "[policy.stages.Prod]\napprovals = 1",
        "[policy.stages.Production]\naproval = 1",
        "[policy.stages.Production]\napprovals = true",
        '[policy.stages.Production]\nroles = "reviewer"',
    ):
        (place.root / "nbops.toml").write_text(text + "\n")
        with pytest.raises(NbopsError):
            promote("churn", 1)
    (place.root / "nbops.toml").unlink()
    assert holder(place, "churn", "Production") is None


def test_every_change_is_in_the_log_and_agrees_with_the_rows(place, versions):
    versions(3)
    promote("churn", 1)
    promote("churn", 2, "Staging")
    promote("churn", 2)
    rollback("churn", reason="x")
    vacate_target("churn", "champion", reason="x")
    archive("churn", 3)
    actions = [event.action for event in read_events(place)]
    assert actions == [*["register"] * 3, *["promote"] * 3, "rollback", "vacate", "archive"]
    assert verify(place).ok, verify(place)
