"""Who may administer."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import cast

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from aihub_lite.config import BadSetting
from aihub_lite.gateway.admin_key import admin_key
from aihub_lite.web.gate import Gate
from tests.web.admin.desk import Desk, at_desk


def routes_of(desk: Desk) -> list[tuple[str, str]]:
    transport = desk.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, Gate)
    app = cast("Litestar", transport.app.app)
    routes = [route for route in app.routes if isinstance(route, HTTPRoute) and route.path.startswith("/api/admin")]
    return [(method, route.path) for route in routes for method in route.methods if method != "OPTIONS"]


def test_every_route_is_closed_without_the_key(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        routes = routes_of(desk)
        assert len(routes) > 20
        assert ("POST", "/api/admin/tokens/{ref:str}/chat/completions") in routes
        for method, path in routes:
            bare = path.replace("{ref:str}", "x").replace("{alias:path}", "x").replace("{model:path}", "x")
            answer = await desk.http.request(method, bare, headers={"authorization": ""})
            assert (401, "invalid_api_key") == (answer.status_code, answer.json()["error"]["code"])

    at_desk(tmp_path, story, auth_failures_per_minute=0)


@pytest.mark.parametrize("value", ["Bearer", "Bearer x", "Basic {key}", "{key}", "Bearer {key}x", "Bearer {KEY}"])
def test_a_key_that_is_nearly_right_opens_nothing(tmp_path: Path, value: str) -> None:
    async def story(desk: Desk) -> None:
        key = admin_key(tmp_path, {})
        header = value.replace("{key}", key).replace("{KEY}", key.upper())
        answer = await desk.http.get("/api/admin/tokens", headers={"authorization": header})
        assert 401 == answer.status_code

    at_desk(tmp_path, story)


def test_a_token_of_a_client_does_not_administer(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        key = (await desk.call("POST", "/tokens", {"name": "a"}, status=201))["key"]
        answer = await desk.http.get("/api/admin/tokens", headers={"authorization": f"Bearer {key}"})
        assert 401 == answer.status_code

    at_desk(tmp_path, story)


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        guesses = [
            await desk.http.get("/api/admin/tokens", headers={"authorization": f"Bearer {n}"}) for n in range(25)
        ]
        assert {401, 429} == {answer.status_code for answer in guesses}
        assert "retry-after" in guesses[-1].headers

    at_desk(tmp_path, story)


def test_the_key_file_is_private_and_stays_the_same(tmp_path: Path) -> None:
    first = admin_key(tmp_path, {})

    assert first == admin_key(tmp_path, {})
    assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)
    assert ["admin.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_key_file_that_others_can_read_is_closed(tmp_path: Path) -> None:
    first = admin_key(tmp_path, {})
    (tmp_path / "admin.key").chmod(0o644)

    assert first == admin_key(tmp_path, {})
    assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_an_empty_or_guessable_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "admin.key").write_text(content)

    with pytest.raises(BadSetting):
        admin_key(tmp_path, {})


def test_the_variable_overrides_the_file(tmp_path: Path) -> None:
    assert "x" * 20 == admin_key(tmp_path, {"AIHUB_ADMIN_KEY": "x" * 20})
