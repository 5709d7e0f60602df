"""Every route asks who is there, but for those on the list."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aihub_lite.config import Settings
from aihub_lite.gateway.core import open_gateway
from aihub_lite.web.app import create_app
from tests.support import rawclient
from tests.support.gateway import Gateway, eventually, unique
from tests.web.admin.desk import framed_routes, surfaces_of

PUBLIC = {
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/readyz"),
    ("HEAD", "/readyz"),
    ("GET", "/"),  # sends a browser to the console, says 404 to everybody else
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-in"),
    ("GET", "/console/enter/x"),
    ("POST", "/console/enter/x"),
    ("GET", "/console/invitation/x"),
    ("POST", "/console/invitation/x"),
    ("GET", "/console/oidc/start"),
    ("POST", "/console/passkey"),  # these want a passkey instead
    ("POST", "/console/passkey/options"),
    ("GET", "/console/oidc/back"),
    ("GET", "/console/doctor/stream/x"),  # a ticket of the doctor opens it, once; 404 to everybody else
    ("GET", "/console/static/x"),
    ("GET", "/console/static/x/x"),
    ("HEAD", "/"),  # Claude Code once asked so whether anybody is there
    ("GET", "/v1/api/hello"),  # and asks so now
    ("POST", "/v1/api/event_logging/batch"),  # it tells of itself, which is read and forgotten
    ("POST", "/v1/api/event_logging/v2/batch"),
    ("GET", "/openapi.json"),  # names no model
    ("GET", "/docs"),  # these ask a setting, which lets in whoever sits at the machine, as a test does
    ("GET", "/docs.md"),
    ("GET", "/docs/search.json"),
    ("GET", "/docs/llms.txt"),
    ("GET", "/docs/models"),
    ("GET", "/docs/models/x"),
    ("GET", "/docs/x"),
    ("POST", "/docs/open"),
    ("GET", "/console/key"),  # asks for a key, and shows nothing but what /v1/key says to it
}
"""The whole list of what answers without a key or a session, preflights aside."""
DOCUMENTATION = {
    ("GET", "/openapi.json"),
    ("POST", "/docs/open"),  # takes a key
    *(("GET", f"/docs{below}") for below in ("", ".md", "/search.json", "/llms.txt", "/models", "/models/x", "/x")),
}
"""For whoever wants to read it, until an operator locks it: tests of its own say what then opens."""
SIGN_IN = "/console/sign-in"
RELAY = "/v1"
APIS = ("/api/admin", "/api/me")
CONSOLE = "/console"
PAGES = (CONSOLE, "/docs/admin", "/docs/operator", "/docs/me")


def filled(path: str) -> str:
    """A route's path with something in the place of each parameter."""
    return re.sub(r"\{[^}]*\}", "x", re.sub(r"\{\w+:int\}", "1", path)).replace("//", "/")


def routes(directory: Path) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the web application, parameters filled in."""

    async def listed() -> list[tuple[str, str]]:
        async with open_gateway(Settings(data_dir=directory, discover_local=False), {}) as gateway:
            app = create_app(gateway)
            framed = [
                (str(method), filled(route.path))
                for route in await framed_routes(app)
                for method in route.methods
                if method != "OPTIONS"
            ]
            # These see to their methods themselves.
            surfaces = await surfaces_of(app)
            raw = [(method, path) for path in (*app.direct, *surfaces.endpoints) for method in ("GET", "POST")]
            below = [(method, f"{path}/x") for path in surfaces.mounted for method in ("GET", "POST")]
            return framed + raw + below

    yield from asyncio.run(listed())


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Everything that must not open without the right key."""
    doors = [route for route in routes(tmp_path_factory.mktemp("routes")) if route not in PUBLIC | DOCUMENTATION]
    assert {("POST", "/v1/chat/completions"), ("POST", "/api/admin/tokens")} <= set(doors)
    return doors


def opened_by(gateway: Gateway, doors: list[tuple[str, str]], key: str | None) -> list[tuple[str, str, int]]:
    """The routes that neither refused nor sent to sign in, with what they answered instead."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    answers = [(door, rawclient.request(gateway.url, *door, headers, b"")) for door in doors]
    return [(*door, answer.status) for door, answer in answers if not shut(door, answer)]


def shut(door: tuple[str, str], answer: rawclient.Answer) -> bool:
    """Whether an answer is the refusal of its room: a page sends to where one signs in, a form of no page is refused.

    A method that a relay surface does not have is refused before anybody is asked for a key.
    """
    method, path = door
    if path.startswith(APIS):
        return (401, "invalid_api_key") == (answer.status, answer.error["code"])
    if path.startswith(PAGES) and method == "GET":
        return answer.status == 303 and (answer.header("location") or "").startswith(SIGN_IN)
    if path.startswith(CONSOLE):
        return answer.status == 403
    return answer.status in (401, 405)


@pytest.mark.attack("T-60")
def test_no_route_opens_without_a_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: no credential at all."""
    assert [] == opened_by(gateway, closed, None)


@pytest.mark.attack("T-60")
@pytest.mark.parametrize("key", ["", "sk-wrong", "sk-" + "A" * 43, "null", "Bearer", "'; DROP TABLE tokens --"])
def test_no_route_opens_to_a_wrong_key(gateway: Gateway, closed: list[tuple[str, str]], key: str) -> None:
    """T-60: an empty, unknown or malformed key."""
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.attack("T-60")
def test_no_route_opens_to_a_disabled_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: a token that an operator has disabled."""
    name = unique("disabled")
    key = gateway.add_token(name=name)
    assert gateway.admin("POST", f"/tokens/{name}/disable").status in (200, 201)
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.attack("T-60")
def test_no_route_opens_to_a_deleted_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: a token that an operator has deleted."""
    name = unique("deleted")
    key = gateway.add_token(name=name)
    assert gateway.admin("DELETE", f"/tokens/{name}").status in (200, 204)
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.attack("T-60")
def test_no_route_opens_to_the_old_key_of_a_rotated_token(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: the old key of a rotated token."""
    name = unique("rotated")
    key = gateway.add_token(name=name)
    gateway.secrets.append(gateway.admin("POST", f"/tokens/{name}/rotate").json()["key"])
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.attack("T-60")
@pytest.mark.slow
def test_no_route_opens_to_an_expired_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: a token whose day has passed, from the second on in which it does."""
    soon = datetime.now(UTC) + timedelta(seconds=2)
    key = gateway.add_token(expires=soon.isoformat())
    eventually(lambda: 401 == gateway.chat("demo", key=key).status, lambda: "it never expires", 5)
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.attack("T-60")
def test_a_token_administers_nothing(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: a token is no admin key."""
    doors = [door for door in closed if not door[1].startswith(RELAY)]
    assert [] == opened_by(gateway, doors, gateway.key)


@pytest.mark.attack("T-60")
def test_the_admin_key_spends_nothing(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: the admin key is no token: what it spent would be on nobody's bill."""
    doors = [door for door in closed if door[1].startswith(RELAY)]
    assert [] == opened_by(gateway, doors, gateway.admin_key)


@pytest.mark.attack("T-60")
def test_every_refused_key_gets_the_same_answer(gateway: Gateway) -> None:
    """T-60: one constant text for every reason, so that nothing can be learned from it."""
    name = unique("disabled")
    disabled = gateway.add_token(name=name)
    gateway.admin("POST", f"/tokens/{name}/disable")
    bodies = {gateway.chat("demo", key=key).body for key in ("sk-wrong", disabled, "x" * 500)}
    assert 1 == len(bodies)


@pytest.mark.attack("T-60")
@pytest.mark.parametrize("path", ["/api/admin/../admin/tokens", "//api/admin/tokens", "/v1/../api/admin/tokens"])
def test_a_crooked_path_goes_round_no_door(gateway: Gateway, path: str) -> None:
    """T-60: paths that are straightened are straightened before anybody asks for a key."""
    assert rawclient.request(gateway.url, "GET", path).status in (400, 401, 403, 404)


@pytest.mark.attack("T-60")
def test_health_without_a_key_tells_one_word(gateway: Gateway) -> None:
    """T-60: health without a key is one word."""
    assert {"status": "ok"} == rawclient.request(gateway.url, path="/healthz").json()
    assert ["status"] == list(rawclient.request(gateway.url, path="/readyz").json())
