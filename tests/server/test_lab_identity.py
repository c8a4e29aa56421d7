"""Who acts, on a server that tells nobody apart and on those that do."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider, User
from jupyter_server.auth.login import LegacyLoginHandler

from nbops import registry
from nbops.ledger.audit import read_events
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops_lab.people import NotIdentifiedError, identity_of, knows_people


class Hub(IdentityProvider):
    """Stands for a provider that authenticates people."""


class HubLogin(LegacyLoginHandler):
    """Stands for a login handler of the time before identity providers."""


async def test_with_one_shared_token_it_is_the_servers_own_user(call: Any, workspace: Workspace, tracked: Any) -> None:
    registry.register("churn", run_id=tracked(1).run_id, workspace=workspace)
    own = who(workspace)
    me = (await call("status")).json()["me"]
    assert (me["name"], me["source"]) == (own.name, "os")
    assert (await call("models/churn/versions/1/promote", method="POST", body={})).code == 200
    event = read_events(workspace)[-1]
    assert (event.action, event.actor, event.source) == ("promote", own.name, "os")


def test_which_providers_tell_people_apart() -> None:
    assert not knows_people(IdentityProvider())
    assert not knows_people(PasswordIdentityProvider())
    assert not knows_people(LegacyIdentityProvider())
    assert knows_people(Hub())
    assert knows_people(LegacyIdentityProvider(login_handler_class=HubLogin))


def test_a_known_person_is_who_jupyter_says(workspace: Workspace) -> None:
    (workspace.root / "nbops.toml").write_text('[policy.roles]\nada = ["reviewer"]\n')
    found = identity_of(Hub(), User("ada", display_name="Somebody Else"), workspace)
    assert (found.name, found.source, found.roles) == ("ada", "jupyter", ("reviewer",))


@pytest.mark.parametrize("user", [None, User("0123456789abcdef" * 2), User("anonymous")])
def test_a_made_up_name_is_nobody(workspace: Workspace, user: Any) -> None:
    with pytest.raises(NotIdentifiedError, match="not logged in as anybody"):
        identity_of(Hub(), user, workspace)


def test_a_made_up_name_never_counts_where_nobody_is_told_apart(workspace: Workspace) -> None:
    """A browser may choose the name it shows; that makes nobody a reviewer."""
    (workspace.root / "nbops.toml").write_text('[policy.roles]\nada = ["reviewer"]\n')
    found = identity_of(PasswordIdentityProvider(), User("ada"), workspace)
    assert (found.name, found.source, found.roles) == (who(workspace).name, "os", ())
