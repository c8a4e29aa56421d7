"""What was decided later counts, whatever the clocks said."""

import time

import pytest

from nbops import gates
from nbops.errors import PromotionRefused
from nbops.ledger.audit import read_events
from nbops.registry import approve, promote, reject, request_promotion, withdraw

POLICY = "[policy.stages.Production]\napprovals = 1"


@pytest.fixture
def yesterday(monkeypatch):
    """Set the clock back by a day."""

    def turn():
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 86400)

    return turn


def test_a_rejection_counts_though_the_clock_went_back(people, versions, yesterday):
    people("ada", POLICY)
    versions(1)
    people("bob")
    approve("churn", 1)
    yesterday()
    people("joe")
    reject("churn", 1, reason="segment B is worse")
    with pytest.raises(PromotionRefused, match="0 of 1 approvals"):
        promote("churn", 1)


@pytest.mark.parametrize("ledger_uri", ["sqlite"], indirect=True)
def test_gates_that_failed_later_count_though_the_clock_went_back(versions, yesterday):
    versions(1)
    check = {"kind": "size", "max_mb": 50}
    assert gates("churn", 1, [check]).passed
    yesterday()
    assert not gates("churn", 1, [check | {"max_mb": 1e-6}]).passed
    with pytest.raises(PromotionRefused, match="gates do not pass"):
        promote("churn", 1)


def test_the_alias_that_goes_along_with_production_has_its_own_policy_asked(people, versions):
    people("ada", POLICY + "\n[policy.aliases.champion]\napprovals = 2\nexpires_days = 3")
    versions(1)
    people("bob")
    approve("churn", 1)
    with pytest.raises(PromotionRefused, match="for the alias champion, .* it has 1 of 2 approvals"):
        promote("churn", 1)
    people("joe")
    approve("churn", 1)
    assert promote("churn", 1).version == 1


def test_a_request_that_was_taken_back_is_among_the_events_of_its_model(place, versions):
    versions(1)
    withdraw(request_promotion("churn", 1).id, reason="too early")
    told = read_events(place, model="churn", action="withdraw")
    assert [(event.version, event.detail["target"], event.reason) for event in told] == [(1, "Production", "too early")]
