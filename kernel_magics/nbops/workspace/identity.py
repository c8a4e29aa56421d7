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
from nbops.records import Identity
from nbops.workspace.location import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

TOKEN = "NBOPS_TOKEN"


def who(workspace: Workspace) -> Identity:
    """Give the identity of this process's user.

    With ``NBOPS_TOKEN`` set it is the person whom ``[policy.tokens]`` of ``nbops.toml`` names for the token's sha256,
    else the user of the operating system.

    Raises
    ------
    SettingsError
        Nobody has that token, or the tables cannot be used.
    """
    policy = _policy(workspace)
    token = os.environ.get(TOKEN, "")
    if not token:
        return _with_roles(policy, _os_user(), "os")
    digest = hashlib.sha256(token.encode()).hexdigest()
    for known, name in _table(policy, "tokens").items():
        if hmac.compare_digest(known.lower().encode(), digest.encode()):
            return _with_roles(policy, str(name), "token")
    raise SettingsError(
        f"{TOKEN} is nobody's token here.", hint=f"Add its sha256 to [policy.tokens] of {FILE_NAME}, or unset it."
    )


def user_name(workspace: Workspace) -> str:
    """Give the name of :func:`who` alone, without reading roles; a token that is nobody's gives the system's user."""
    if os.environ.get(TOKEN):
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
    return _with_roles(_policy(workspace), name, "jupyter")


def configured_people(workspace: Workspace) -> frozenset[str]:
    """Give the names that ``nbops.toml`` knows from ``[policy.roles]`` and ``[policy.tokens]``.

    Raises
    ------
    SettingsError
        The tables cannot be used.
    """
    policy = _policy(workspace)
    return frozenset({*_table(policy, "roles"), *(str(name) for name in _table(policy, "tokens").values())})


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
