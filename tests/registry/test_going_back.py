"""Whom a target goes back to, and what going back must not take along."""

import pytest

from nbops.errors import RegistryError
from nbops.ledger.verification import verify
from nbops.registry import history, holder, promote, rollback, vacate_target


def test_back_goes_to_what_the_present_holder_replaced_last_and_then_further(place, versions):
    versions(3)
    for version in (1, 2, 3, 2):
        promote("churn", version)
    assert [rollback("churn", reason="x").version for _ in range(3)] == [3, 2, 1]


def test_who_replaced_nobody_gives_back_only_to_who_is_named(place, versions):
    versions(2)
    promote("churn", 1)
    vacate_target("churn", "Production", reason="withdrawn by the regulator")
    promote("churn", 2)
    with pytest.raises(RegistryError, match="Nobody held Production of churn right before version 2") as told:
        rollback("churn", reason="x")
    assert "--to 1" in str(told.value)
    assert rollback("churn", to=1, reason="x").version == 1


def test_nothing_takes_the_version_in_production_out_of_it_by_the_way(place, versions):
    versions(1)
    promote("churn", 1, "Staging")
    promote("churn", 1)
    for move in (lambda: promote("churn", 1, "Staging"), lambda: rollback("churn", "Staging", reason="x")):
        with pytest.raises(RegistryError, match="holds Production, which would be left empty"):
            move()
    assert holder(place, "churn", "Production") == 1
    assert holder(place, "churn", "Staging") is None
    assert all(p.kind != "displace" for p in history(place, "churn", target="Production"))


def test_champion_leaves_with_production_but_not_when_it_is_another_version(place, versions):
    versions(2)
    promote("churn", 1)
    vacate_target("churn", "Production", reason="withdrawn by the regulator")
    assert holder(place, "churn", "champion") is None
    assert verify(place).ok
    promote("churn", 1)
    promote("churn", 2, "champion")
    vacate_target("churn", "Production", reason="withdrawn by the regulator")
    assert holder(place, "churn", "champion") == 2
