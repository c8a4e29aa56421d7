"""Approvals: four eyes, roles, digests, expiry; and every attempt to get round them."""

import time

import pytest
import sqlalchemy

from nbops.errors import ApprovalRefused, NotFoundError, PromotionRefused, SettingsError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import (
    approve,
    approve_pickle,
    history,
    holder,
    promote,
    register,
    reject,
    request_promotion,
    withdraw,
)
from nbops.registry.approvals import open_requests

ONE = '[policy.stages.Production]\napprovals = 1\nroles = ["reviewer"]\nexpires_days = 7'
TWO = '[policy.stages.Production]\napprovals = 2\nroles = ["reviewer"]'


def _refusals(place):
    return [(e.actor, e.detail["attempt"]) for e in read_events(place) if e.action == "refused"]


def test_a_second_person_lets_it_through(place, people, versions):
    people("ada", ONE)
    versions(1)
    asked = request_promotion("churn", 1, comment="AUC up")
    assert asked.requested_by == "ada" and asked.status == "open"
    with pytest.raises(PromotionRefused, match="0 of 1 approvals by reviewer"):
        promote("churn", 1)
    people("bob")
    given = approve("churn", 1, comment="segments checked")
    assert given.request_id == asked.id and not given.self_approved and given.source == "token"
    people("ada")
    done = promote("churn", 1)
    assert done.changed and not done.self_approved
    with open_ledger(place).connect() as connection:
        assert open_requests(connection) == ()
    assert _refusals(place) == [("ada", "promote")]
    assert verify(place).ok


def test_nobody_approves_what_is_their_own(place, people, versions, train):
    people("ada", "[policy.stages.Production]\napprovals = 1")
    versions(1)
    with pytest.raises(ApprovalRefused, match="ada made churn version 1"):
        approve("churn", 1)
    run = train("by ada")
    people("bob")
    register("churn", run_id=run)
    for name in ("bob", "ada"):
        people(name)
        with pytest.raises(ApprovalRefused, match=f"{name} made churn version 2"):
            approve("churn", 2)
    assert _refusals(place) == [("ada", "approve"), ("bob", "approve"), ("ada", "approve")]


def test_a_setting_does_not_make_one_somebody_else(place, people, versions, monkeypatch):
    people("ada", "[policy.stages.Production]\napprovals = 1")
    monkeypatch.setenv("NBOPS_AUTHOR", "bob")
    monkeypatch.setenv("USER", "bob")
    versions(1)
    monkeypatch.setenv("NBOPS_AUTHOR", "joe")
    with pytest.raises(ApprovalRefused, match="ada made"):
        approve("churn", 1)


def test_a_token_that_is_nobodys_is_nobody(place, people, versions, monkeypatch):
    people("ada", ONE)
    versions(1)
    monkeypatch.setenv("NBOPS_TOKEN", "guess")
    with pytest.raises(SettingsError, match="nobody's token"):
        approve("churn", 1)


def test_the_wrong_role_counts_for_nothing(place, people, versions):
    people("ada", ONE)
    versions(1)
    people("eve")
    with pytest.raises(ApprovalRefused, match="role reviewer"):
        approve("churn", 1)
    assert _refusals(place) == [("eve", "approve")]


def test_one_person_is_not_two(place, people, versions):
    people("ada", TWO)
    versions(1)
    people("bob")
    approve("churn", 1)
    approve("churn", 1)
    with pytest.raises(PromotionRefused, match="1 of 2"):
        promote("churn", 1)
    people("joe")
    approve("churn", 1)
    assert promote("churn", 1).changed


def test_an_approval_is_for_one_digest_and_one_target(place, people, versions):
    people("ada", ONE)
    first, _ = versions(2)
    people("bob")
    approve("churn", 1)
    approve("churn", 2, "Staging")
    with pytest.raises(ApprovalRefused, match="digest differs"):
        approve("churn", 2, digest=first.digest)
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 2)
    assert promote("churn", 1).changed


def test_an_approval_serves_once(place, people, versions):
    people("ada", ONE)
    versions(2)
    people("bob")
    approve("churn", 1)
    promote("churn", 1)
    approve("churn", 2)
    promote("churn", 2)
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 1)


def test_an_approval_expires(place, people, versions, monkeypatch):
    people("ada", ONE)
    versions(1)
    people("bob")
    approve("churn", 1)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 8 * 86400)
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 1)


def test_a_rejection_undoes_approvals_and_closes_the_request(place, people, versions):
    people("ada", ONE)
    versions(1)
    asked = request_promotion("churn", 1)
    people("bob")
    approve("churn", 1)
    people("joe")
    with pytest.raises(UsageError, match="reason"):
        reject("churn", 1, reason="")
    reject("churn", 1, reason="segment B is worse")
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 1)
    with pytest.raises(NotFoundError, match="no open request"):
        withdraw(asked.id)


def test_who_asked_can_take_it_back(place, people, versions):
    people("ada", ONE)
    versions(1)
    asked = request_promotion("churn", 1)
    people("bob")
    with pytest.raises(ApprovalRefused, match="ada's"):
        withdraw(asked.id)
    people("ada")
    withdraw(asked.id, reason="found a bug")
    again = request_promotion("churn", 1)
    newer = request_promotion("churn", 1)
    with open_ledger(place).connect() as connection:
        assert [r.id for r in open_requests(connection)] == [newer.id] != [again.id]


def test_whoever_is_alone_approves_openly(place, versions):
    (place.root / "nbops.toml").write_text("[policy.stages.Production]\napprovals = 1\n")
    versions(1)
    assert approve("churn", 1).self_approved
    assert promote("churn", 1).self_approved
    assert read_events(place)[-1].detail["self_approved"] is True


def test_a_word_on_ones_own_counts_no_more_once_others_are_known(place, versions):
    path = place.root / "nbops.toml"
    path.write_text("[policy.stages.Production]\napprovals = 1\n")
    versions(1)
    approve("churn", 1)
    path.write_text('[policy.stages.Production]\napprovals = 1\n[policy.roles]\nbob = ["reviewer"]\n')
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 1)


def test_the_alias_champion_is_no_way_round_the_policy_of_production(place, people, versions, train):
    people("ada", ONE)
    versions(1)
    with pytest.raises(PromotionRefused, match="0 of 1"):
        promote("churn", 1, "champion")
    with pytest.raises(PromotionRefused, match="0 of 1"):
        register("churn", run_id=train(), alias="champion")
    assert holder(place, "churn", "champion") is None


def test_rows_written_by_hand_are_found(place, people, versions):
    people("ada", ONE)
    versions(1)
    people("bob")
    approve("churn", 1)
    people("ada")
    promote("churn", 1)
    ledger = open_ledger(place)
    with ledger.begin() as connection:
        connection.execute(tables.approvals.update().values(used_by=None))
    assert [p.kind for p in verify(place).problems] == ["row"]
    with ledger.begin() as connection:
        connection.execute(sqlalchemy.delete(tables.approvals))
    assert not verify(place).ok


def test_settings_are_logged_when_they_change(place, people, versions):
    people("ada", ONE)
    versions(1)
    request_promotion("churn", 1)
    people("ada", "[policy.stages.Production]\napprovals = 0")
    promote("churn", 1)
    told = [e for e in read_events(place) if e.action == "settings"]
    assert len(told) == 2
    assert told[-1].detail["content"]["policy"]["stages"]["Production"]["approvals"] == 0


def test_only_a_pickle_needs_leave_to_be_loaded(place, versions):
    version = versions(1)[0]
    if version.serialization == "pickle":
        assert approve_pickle("churn", 1, reason="ours").target == "load:pickle"
    else:
        with pytest.raises(UsageError, match="loads without"):
            approve_pickle("churn", 1, reason="ours")
    with pytest.raises(UsageError):
        approve_pickle("churn", 1, reason=" ")


def test_nothing_is_self_approved_where_no_approval_is_asked_for(place, versions):
    versions(1)
    assert not promote("churn", 1).self_approved
    assert read_events(place)[-1].detail["self_approved"] is False
    assert not approve("churn", 1, "Staging").self_approved
    assert not any(placement.self_approved for placement in history(place, "churn"))
