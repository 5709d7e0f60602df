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
    ("GET", "/console/static/x"),
    ("GET", "/console/static/x/x"),
    ("HEAD", "/"),  # Claude Code once asked so whether anybody is there
    ("GET", "/v1/api/hello"),  # and asks so now
    ("POST", "/v1/api/event_logging/batch"),  # it tells of itself, which is read and forgotten
    ("POST", "/v1/api/event_logging/v2/batch"),
    ("GET", "/console/key"),  # asks for a key, and shows nothing but what /v1/key says to it
}
"""The whole list of what answers without a key or a session, preflights aside."""
SIGN_IN = "/console/sign-in"
RELAY = "/v1"
ADMIN = "/api/admin"
CONSOLE = "/console"


def routes(directory: Path) -> Iterator[tuple[str, str]]:
    """Method and path of every route of the web application, parameters filled in."""

    async def listed() -> list[tuple[str, str]]:
        async with open_gateway(Settings(data_dir=directory, discover_local=False), {}) as gateway:
            app = create_app(gateway).app
            return [
                (str(method), re.sub(r"\{[^}]*\}", "x", route.path).replace("//", "/"))
                for route in app.routes  # type: ignore[attr-defined]
                for method in route.methods or ("GET", "POST")  # raw ASGI routes see to their methods themselves
                if method != "OPTIONS"
            ]

    yield from asyncio.run(listed())


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Everything that must not open without the right key."""
    found = [route for route in routes(tmp_path_factory.mktemp("routes")) if route not in PUBLIC]
    assert {("POST", "/v1/chat/completions"), ("POST", "/api/admin/tokens")} <= set(found)
    return found


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
    if path.startswith(ADMIN):
        return (401, "invalid_api_key") == (answer.status, answer.error["code"])
    if path.startswith(CONSOLE) and method == "GET":
        return answer.status == 303 and (answer.header("location") or "").startswith(SIGN_IN)
    if path.startswith(CONSOLE):
        return answer.status == 403
    return answer.status in (401, 405)


def test_a_route_opens_without_a_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: no credential at all."""
    assert [] == opened_by(gateway, closed, None)


@pytest.mark.parametrize("key", ["", "sk-wrong", "sk-" + "A" * 43, "null", "Bearer", "'; DROP TABLE tokens --"])
def test_a_route_opens_to_a_wrong_key(gateway: Gateway, closed: list[tuple[str, str]], key: str) -> None:
    """T-60: wrong credentials."""
    assert [] == opened_by(gateway, closed, key)


def test_a_route_opens_to_a_disabled_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: disabled."""
    name = unique("disabled")
    key = gateway.add_token(name=name)
    assert gateway.admin("POST", f"/tokens/{name}/disable").status in (200, 201)
    assert [] == opened_by(gateway, closed, key)


def test_a_route_opens_to_a_deleted_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: deleted."""
    name = unique("deleted")
    key = gateway.add_token(name=name)
    assert gateway.admin("DELETE", f"/tokens/{name}").status in (200, 204)
    assert [] == opened_by(gateway, closed, key)


def test_a_rotated_key_still_opens(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: the old key of a rotated token."""
    name = unique("rotated")
    key = gateway.add_token(name=name)
    gateway.secrets.append(gateway.admin("POST", f"/tokens/{name}/rotate").json()["key"])
    assert [] == opened_by(gateway, closed, key)


@pytest.mark.slow
def test_a_route_opens_to_an_expired_key(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: expired."""
    soon = datetime.now(UTC) + timedelta(seconds=2)
    key = gateway.add_token(expires=soon.isoformat())
    eventually(lambda: 401 == gateway.chat("demo", key=key).status, lambda: "it never expires", 5)
    assert [] == opened_by(gateway, closed, key)


def test_a_token_administers(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: a token is no admin key."""
    doors = [door for door in closed if not door[1].startswith(RELAY)]
    assert [] == opened_by(gateway, doors, gateway.key)


def test_the_admin_key_spends(gateway: Gateway, closed: list[tuple[str, str]]) -> None:
    """T-60: the admin key is no token: what it spent would be on nobody's bill."""
    doors = [door for door in closed if door[1].startswith(RELAY)]
    assert [] == opened_by(gateway, doors, gateway.admin_key)


def test_a_closed_door_tells_who_may_enter(gateway: Gateway) -> None:
    """T-60: one constant text for every reason, so that nothing can be learned from it."""
    name = unique("disabled")
    disabled = gateway.add_token(name=name)
    gateway.admin("POST", f"/tokens/{name}/disable")
    bodies = {gateway.chat("demo", key=key).body for key in ("sk-wrong", disabled, "x" * 500)}
    assert 1 == len(bodies)


@pytest.mark.parametrize("path", ["/api/admin/../admin/tokens", "//api/admin/tokens", "/v1/../api/admin/tokens"])
def test_a_crooked_path_goes_round_the_door(gateway: Gateway, path: str) -> None:
    """T-60: paths that are straightened are straightened before anybody asks for a key."""
    assert rawclient.request(gateway.url, "GET", path).status in (400, 401, 403, 404)


def test_a_public_page_tells_more_than_it_should(gateway: Gateway) -> None:
    """T-60: health without a key is one word."""
    assert {"status": "ok"} == rawclient.request(gateway.url, path="/healthz").json()
    assert ["status"] == list(rawclient.request(gateway.url, path="/readyz").json())
