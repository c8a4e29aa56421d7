"""What a name counts that a hub states and nobody has proven."""

from __future__ import annotations

import os
import pwd

import pytest

from nbops.errors import ApprovalRefused
from nbops.ledger.audit import read_events
from nbops.registry import approve, reject, request_promotion

OWN = pwd.getpwuid(os.getuid()).pw_name


def test_it_may_ask_and_say_no_but_not_let_through(place, versions, monkeypatch):
    (place.root / "nbops.toml").write_text(
        f'[policy]\nshared_users = ["{OWN}"]\n[policy.stages.Production]\napprovals = 1\n'
    )
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    versions(1)
    asked = request_promotion("churn", 1)
    assert asked.requested_by == "ada"
    monkeypatch.setenv("JUPYTERHUB_USER", "bob")
    with pytest.raises(ApprovalRefused, match="only stated"):
        approve("churn", 1)
    reject("churn", 1, reason="not yet")
    assert [(e.actor, e.source) for e in read_events(place)][-1] == ("bob", "stated")
