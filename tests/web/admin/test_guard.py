"""Who may administer."""

from __future__ import annotations

import re
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
    """Method and path of every route there is, from the application itself: a new one is on this list by itself."""
    transport = desk.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, Gate)
    app = cast("Litestar", transport.app.app)
    routes = [route for route in app.routes if route.path.startswith("/api/admin")]
    # Anything else than a plain route would be reached by methods and paths that nobody has listed.
    plain = [route for route in routes if isinstance(route, HTTPRoute)]
    assert routes == plain
    return [(method, route.path) for route in plain for method in route.methods if method != "OPTIONS"]


STRANGERS: list[dict[str, str]] = [
    {"authorization": ""},
    {"authorization": "Bearer"},
    {"authorization": "", "cookie": "aihub_session=x"},
    {"authorization": "", "cookie": "aihub_session="},
    {"authorization": "", "sec-fetch-site": "same-origin"},
]


@pytest.mark.parametrize("headers", STRANGERS)
def test_every_route_is_closed_without_the_key(tmp_path: Path, headers: dict[str, str]) -> None:
    """T-60, T-62."""

    async def story(desk: Desk) -> None:
        routes = routes_of(desk)
        assert len(routes) > 40
        opened = []
        for method, path in routes:
            answer = await desk.http.request(method, re.sub(r"\{[^}]*\}", "x", path), headers=headers)
            if (401, "invalid_api_key") != (answer.status_code, answer.json()["error"]["code"]):
                opened.append((method, path, answer.status_code))
        assert [] == opened

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


async def tried(desk: Desk, key: str) -> httpx.Response:
    return await desk.http.get("/api/admin/tokens", headers={"authorization": f"Bearer {key}"})


def test_guessing_goes_on_after_ten_wrong_keys(tmp_path: Path) -> None:
    """T-69."""

    async def story(desk: Desk) -> None:
        guesses = [await tried(desk, str(number)) for number in range(1000)]
        assert [401] * 10 == [answer.status_code for answer in guesses[:10]]
        assert {429} == {answer.status_code for answer in guesses[11:]}
        assert 1 <= int(guesses[-1].headers["retry-after"]) <= 60

    at_desk(tmp_path, story)


def test_a_lucky_guess_passes_while_guesses_are_refused(tmp_path: Path) -> None:
    """T-69: else nothing slows a guesser down who does not read the refusals."""

    async def story(desk: Desk) -> None:
        for number in range(12):
            await tried(desk, str(number))
        key = admin_key(tmp_path, {})
        assert 429 == (await tried(desk, key)).status_code
        form = await desk.http.post("/console/sign-in", data={"key": key}, headers={"sec-fetch-site": "same-origin"})
        assert 429 == form.status_code

    at_desk(tmp_path, story)


def test_guesses_shut_out_whoever_sits_at_the_machine(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(12):
            await tried(desk, str(number))
        assert 200 == (await tried(desk, desk.gateway.run_key)).status_code

    at_desk(tmp_path, story)


def test_the_right_key_is_counted_as_a_wrong_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert {200} == {(await tried(desk, admin_key(tmp_path, {}))).status_code for _ in range(50)}

    at_desk(tmp_path, story)


def test_another_number_of_wrong_keys_than_was_set_is_looked_at(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"admin_failures_per_minute": 3})
        assert [401] * 3 + [429] == [(await tried(desk, str(number))).status_code for number in range(4)]

    at_desk(tmp_path, story)


# A new key


def test_the_old_key_lives_on(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        old = admin_key(tmp_path, {})
        made = await desk.call("POST", "/admin-key")
        assert [401, 200] == [(await tried(desk, key)).status_code for key in (old, made["key"])]
        assert made["key"] == admin_key(tmp_path, {})
        assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)
        assert ["admin.key"] == [path.name for path in tmp_path.iterdir() if "key" in path.name]

    at_desk(tmp_path, story)


def test_a_session_or_link_of_the_old_key_lives_on(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        same_origin = {"sec-fetch-site": "same-origin"}
        link = (await desk.call("POST", "/console-links", status=201))["path"]
        await desk.http.post("/console/sign-in", data={"key": admin_key(tmp_path, {})}, headers=same_origin)
        assert 200 == (await desk.http.get("/console")).status_code
        assert 1 == (await desk.call("POST", "/admin-key"))["ended"]
        assert 303 == (await desk.http.get("/console")).status_code
        assert 401 == (await desk.http.post(link, headers=same_origin)).status_code

    at_desk(tmp_path, story)


def test_a_session_makes_itself_a_key_that_outlives_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        same_origin = {"sec-fetch-site": "same-origin"}
        await desk.http.post("/console/sign-in", data={"key": admin_key(tmp_path, {})}, headers=same_origin)
        del desk.http.headers["authorization"]
        answer = await desk.http.post("/api/admin/admin-key", headers=same_origin)
        assert (403, "access_denied") == (answer.status_code, answer.json()["error"]["code"])

    at_desk(tmp_path, story)


def test_a_key_that_a_variable_decides_is_replaced_until_the_next_start(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert "AIHUB_ADMIN_KEY" in await desk.refused("POST", "/admin-key", status=409)
        assert [] == [path for path in tmp_path.iterdir() if "key" in path.name]

    at_desk(tmp_path, story, {"AIHUB_ADMIN_KEY": "x" * 20})


def test_a_full_disk_takes_the_key_away(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        key = admin_key(tmp_path, {})
        (tmp_path / "admin.key").unlink()
        (tmp_path / "admin.key").mkdir()
        await desk.refused("POST", "/admin-key", status=503)
        assert 200 == (await tried(desk, key)).status_code

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
