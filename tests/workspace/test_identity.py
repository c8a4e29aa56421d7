"""Who acts where all servers of a hub run as one user of the operating system, and where they do not."""

from __future__ import annotations

import os
import pwd

import pytest

from nbops.errors import SettingsError
from nbops.workspace import find_workspace
from nbops.workspace.identity import user_name, who

OWN = pwd.getpwuid(os.getuid()).pw_name
ROLES = '[policy.roles]\nada = ["reviewer"]\n'


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A workspace with these settings, on a hub that names this user."""

    def make(settings, hub_user=""):
        (tmp_path / "nbops.toml").write_text(settings)
        for name, value in (("JUPYTERHUB_USER", hub_user), ("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api")):
            if hub_user:
                monkeypatch.setenv(name, value)
            else:
                monkeypatch.delenv(name, raising=False)
        return find_workspace(tmp_path)

    return make


def test_a_shared_user_is_whom_the_hub_states_without_roles(at):
    place = at(f'[policy]\nshared_users = ["{OWN}"]\n{ROLES}', "ada")
    found = who(place)
    assert (found.name, found.source, found.roles) == ("ada", "stated", ())
    assert user_name(place) == place.author == "ada"


@pytest.mark.parametrize(
    ("settings", "hub_user"),
    [
        (ROLES, "ada"),
        ('[policy]\nshared_users = ["nobody-else"]\n', "ada"),
        (f'[policy]\nshared_users = ["{OWN}"]\n', ""),
        (f'[policy]\nshared_users = ["{OWN}"]\n', OWN),
    ],
)
def test_else_it_is_the_user_of_the_operating_system(at, settings, hub_user):
    place = at(settings, hub_user)
    assert (who(place).name, who(place).source) == (OWN, "os")
    assert user_name(place) == OWN


def test_a_token_says_more_than_the_hub(at, monkeypatch):
    import hashlib

    digest = hashlib.sha256(b"secret").hexdigest()
    place = at(f'[policy]\nshared_users = ["{OWN}"]\n[policy.tokens]\n"{digest}" = "bob"\n', "ada")
    monkeypatch.setenv("NBOPS_TOKEN", "secret")
    assert (who(place).name, who(place).source) == ("bob", "token")


def test_shared_users_are_a_list_of_texts(at):
    with pytest.raises(SettingsError, match="shared_users"):
        who(at("[policy]\nshared_users = 3\n", "ada"))
