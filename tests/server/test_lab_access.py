"""Nobody who is not logged in gets anything, from any route, by any verb."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPClientError
from tornado.routing import RuleRouter

from nbops_lab.routes import routes

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def registered(router: Any) -> list[tuple[str, type]]:
    """Every route of our package that the running application knows, as a pattern and its handler."""
    found: list[tuple[str, type]] = []
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            found += registered(rule.target)
        elif isinstance(rule.target, type) and rule.target.__module__.startswith("nbops_lab"):
            found.append((rule.matcher.regex.pattern, rule.target))
    return found


def address(pattern: str) -> str:
    return re.sub(r"\([^)]*\)", "x", pattern).rstrip("$").replace("\\", "")


@pytest.fixture(params=[False, True], ids=["server-guards", "handlers-guard"])
def jp_server_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The rule must hold also where the server lets each handler decide for itself."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbops_lab": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": request.param,
        }
    }


async def test_every_route_refuses_strangers(jp_web_app: Any, http_server_client: Any) -> None:
    found = registered(jp_web_app.default_router)
    assert len(found) == len(routes())
    for pattern, _ in found:
        for verb in VERBS:
            with pytest.raises(HTTPClientError) as refused:
                await http_server_client.fetch(
                    address(pattern), method=verb, body=None, allow_nonstandard_methods=True, follow_redirects=False
                )
            assert refused.value.code in {401, 403}, (verb, pattern)


async def test_a_wrong_token_is_refused(jp_web_app: Any, http_server_client: Any) -> None:
    for pattern, _ in registered(jp_web_app.default_router):
        with pytest.raises(HTTPClientError) as refused:
            await http_server_client.fetch(address(pattern), headers={"Authorization": "token wrong"})
        assert refused.value.code in {401, 403}


def test_every_verb_carries_the_decorator(jp_configurable_serverapp: Any, jp_server_config: Any) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", JupyterServerAuthWarning)
        jp_configurable_serverapp()
    assert [str(one.message) for one in told if "nbops" in str(one.message)] == []


async def login(jp_fetch: Any, token: str) -> tuple[str, str]:
    """Log in as a browser does and give the cookies and the XSRF token."""
    page = await jp_fetch("api/me", headers={"Authorization": ""}, params={"token": token})
    cookies = [value.split(";")[0] for value in page.headers.get_list("Set-Cookie")]
    page = await jp_fetch("tree", headers={"Authorization": "", "Cookie": "; ".join(cookies)}, raise_error=False)
    cookies += [value.split(";")[0] for value in page.headers.get_list("Set-Cookie")]
    xsrf = next((c.split("=", 1)[1] for c in cookies if c.startswith("_xsrf=")), "")
    return "; ".join(dict.fromkeys(cookies)), xsrf


async def test_writing_needs_the_xsrf_token(jp_fetch: Any, jp_serverapp: Any, workspace: Any) -> None:
    cookies, xsrf = await login(jp_fetch, jp_serverapp.identity_provider.token)
    assert xsrf
    asked: dict[str, Any] = {"method": "POST", "body": "{}", "raise_error": False}
    without = await jp_fetch("nbops/api/models/m/versions", headers={"Authorization": "", "Cookie": cookies}, **asked)
    assert without.code == 403
    assert "_xsrf" in without.body.decode()
    headers = {"Authorization": "", "Cookie": cookies, "X-XSRFToken": xsrf}
    with_token = await jp_fetch("nbops/api/models/m/versions", headers=headers, **asked)
    assert with_token.code == 404  # let in: nothing has been tracked here


async def test_pages_of_other_origins_are_refused(jp_fetch: Any, jp_serverapp: Any, workspace: Any) -> None:
    cookies, _ = await login(jp_fetch, jp_serverapp.identity_provider.token)
    headers = {"Authorization": "", "Cookie": cookies, "Origin": "https://evil.example"}
    refused = await jp_fetch("nbops/api/runs", headers=headers, raise_error=False)
    assert refused.code in {403, 404}
    assert "Access-Control-Allow-Origin" not in refused.headers
