"""Who acts, and who vouches for it. Standard library only.

The author of runs and versions is what a setting says and may be any text. An identity is not: it comes from the
operating system, from a token whose hash stands in ``nbops.toml``, or from Jupyter's identity provider.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any

from nbops.errors import SettingsError
from nbops.records import Identity, IdentitySource
from nbops.workspace.location import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

TOKEN = "NBOPS_TOKEN"
# The user of Jupyter's container images: on a hub of these it is everybody.
_SHARED = ("jovyan",)


def who(workspace: Workspace) -> Identity:
    """Give the identity of this process's user.

    With ``NBOPS_TOKEN`` set it is the person whom ``[policy.tokens]`` of ``nbops.toml`` names for the token's sha256,
    else the user of the operating system. Where that is one that all servers of a JupyterHub share
    (``[policy] shared_users``), it is the person whom the hub names, without any roles: that name is stated, not proven.

    Raises
    ------
    SettingsError
        Nobody has that token, or the tables cannot be used.
    """
    policy = _policy(workspace)
    token = os.environ.get(TOKEN, "")
    if not token:
        stated = _stated(policy)
        return Identity(name=stated, source="stated") if stated else _with_roles(policy, _os_user(), "os")
    digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    for known, name in _table(policy, "tokens").items():
        if hmac.compare_digest(known.lower().encode(), digest.encode()):
            return _with_roles(policy, str(name), "token")
    raise SettingsError(
        f"{TOKEN} is nobody's token here.", hint=f"Add its sha256 to [policy.tokens] of {FILE_NAME}, or unset it."
    )


def user_name(workspace: Workspace) -> str:
    """Give the name of :func:`who` alone; where the settings cannot be used, the system's user."""
    if os.environ.get(TOKEN) or _hub_user():
        with contextlib.suppress(SettingsError):
            return who(workspace).name
    return _os_user()


def jupyter_identity(workspace: Workspace, name: str) -> Identity:
    """Give the identity of a user whom Jupyter's identity provider, such as JupyterHub, has authenticated.

    Raises
    ------
    SettingsError
        The tables of ``nbops.toml`` cannot be used.
    """
    return identity_again(workspace, name, "jupyter")


def identity_again(workspace: Workspace, name: str, source: IdentitySource) -> Identity:
    """Give an identity that was vouched for before, for what is done later in its name: with the roles it has now.

    Raises
    ------
    SettingsError
        The tables of ``nbops.toml`` cannot be used.
    """
    return Identity(name=name, source=source) if source == "stated" else _with_roles(_policy(workspace), name, source)


def configured_people(workspace: Workspace) -> frozenset[str]:
    """Give the names that ``nbops.toml`` knows from ``[policy.roles]`` and ``[policy.tokens]``.

    Raises
    ------
    SettingsError
        The tables cannot be used.
    """
    policy = _policy(workspace)
    return frozenset({*_table(policy, "roles"), *(str(name) for name in _table(policy, "tokens").values())})


def _stated(policy: Mapping[str, Any]) -> str:
    """Give the name that a hub states where the system's user is nobody in particular."""
    shared = policy.get("shared_users", _SHARED)
    if not isinstance(shared, list | tuple) or not all(isinstance(name, str) for name in shared):
        raise SettingsError(f"shared_users in [policy] of {FILE_NAME} must be a list of texts.")
    name, own = _hub_user(), _os_user()
    return name if own in shared and name != own else ""


def _with_roles(policy: Mapping[str, Any], name: str, source: Any) -> Identity:
    roles = _table(policy, "roles").get(name, [])
    if isinstance(roles, str):
        roles = [roles]
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise SettingsError(f"[policy.roles] of {FILE_NAME} must give {name} a list of texts.")
    return Identity(name=name, source=source, roles=tuple(roles))


def _policy(workspace: Workspace) -> Mapping[str, Any]:
    found = read_tables(workspace.root).get("policy", {})
    if not isinstance(found, dict):
        raise SettingsError(f"policy in {FILE_NAME} must be a table.")
    return found


def _table(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = policy.get(name, {})
    if not isinstance(found, dict):
        raise SettingsError(f"[policy.{name}] of {FILE_NAME} must be a table.")
    return found


def _hub_user() -> str:
    # Both are in every server that a hub starts; one alone may have been left over from something else.
    return os.environ.get("JUPYTERHUB_USER", "") if os.environ.get("JUPYTERHUB_API_URL") else ""


def _os_user() -> str:
    # Not getpass.getuser(): that believes LOGNAME and USER, which anybody can set.
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:  # pragma: no cover
        import getpass

        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
