"""Who acts through a request.

JupyterHub and custom identity providers tell people apart: then it is the person that Jupyter names. Jupyter's own
providers only know whether somebody has the token or password and make up a name for each browser: then it is the
user of the operating system who runs the server, as it is in that server's kernels.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider
from jupyter_server.auth.login import LegacyLoginHandler

from nbops.errors import NbopsError
from nbops.records import Identity
from nbops.workspace import Workspace
from nbops.workspace.identity import jupyter_identity, who

_STOCK = (IdentityProvider, PasswordIdentityProvider)
# What Jupyter gives to who came with a token only.
_MADE_UP = re.compile(r"[0-9a-f]{32}|anonymous")


class NotIdentifiedError(NbopsError):
    """A server that tells people apart was not told who a request is from."""


def knows_people(provider: IdentityProvider) -> bool:
    """Whether an identity provider tells people apart."""
    if isinstance(provider, LegacyIdentityProvider):
        return provider.login_handler_class is not LegacyLoginHandler
    return type(provider) not in _STOCK


def identity_of(provider: IdentityProvider, user: Any, workspace: Workspace) -> Identity:
    """Give the identity behind a request of ``user``.

    Raises
    ------
    NotIdentifiedError
        The server tells people apart, and this one came with a shared token only: to take the server's own identity
        then would let anybody be somebody else.
    SettingsError
        Roles or tokens in ``nbops.toml`` cannot be used.
    """
    if not knows_people(provider):
        return who(workspace)
    name = str(getattr(user, "username", "") or "")
    if not name or _MADE_UP.fullmatch(name):
        raise NotIdentifiedError(
            "This server tells people apart, and you are not logged in as anybody.",
            hint="Log in with your name instead of a shared token.",
        )
    return jupyter_identity(workspace, name)
