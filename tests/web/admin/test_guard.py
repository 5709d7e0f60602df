"""Who may administer."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import httpx
import pytest
from litestar.routes import BaseRoute, HTTPRoute

from aihub_lite.config import BadSetting
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.web.gate import Gate
from tests.web.admin.desk import Desk, at_desk, framed_routes


async def all_routes_of(desk: Desk) -> list[BaseRoute]:
    """Those of the framework behind a desk."""
    transport = desk.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, Gate)
    return await framed_routes(transport.app)


async def routes_of(desk: Desk) -> list[tuple[str, str]]:
    """Method and path of every route there is, from the application itself: a new one is on this list by itself."""
    routes = [route for route in await all_routes_of(desk) if route.path.startswith("/api/admin")]
    # Anything else than a plain route would be reached by methods and paths that nobody has listed.
    plain = [route for route in routes if isinstance(route, HTTPRoute)]
    assert routes == plain
    return [(method, route.path) for route in plain for method in route.methods if method != "OPTIONS"]


def filled(path: str) -> str:
    """A path with something that is not there for each of its parameters: a route of numbers has none for an x."""
    return re.sub(r"\{[^}]*\}", "x", re.sub(r"\{[^}]*:int\}", "1", path))


STRANGERS: list[dict[str, str]] = [
    {"authorization": ""},
    {"authorization": "Bearer"},
    {"authorization": "", "cookie": "aihub_session=x"},
    {"authorization": "", "cookie": "aihub_session="},
    {"authorization": "", "sec-fetch-site": "same-origin"},
]


@pytest.mark.attack("T-60", "T-62")
@pytest.mark.parametrize("headers", STRANGERS)
def test_every_route_is_closed_without_the_key(tmp_path: Path, headers: dict[str, str]) -> None:
    """T-60, T-62."""

    async def story(desk: Desk) -> None:
        routes = await routes_of(desk)
        assert len(routes) > 40
        opened = []
        for method, path in routes:
            answer = await desk.http.request(method, filled(path), headers=headers)
            if (401, "invalid_api_key") != (answer.status_code, answer.json()["error"]["code"]):
                opened.append((method, path, answer.status_code))
        assert [] == opened

    at_desk(tmp_path, story, auth_failures_per_minute=0)


def test_no_answer_of_the_admin_api_is_kept_by_a_cache(tmp_path: Path) -> None:
    """A browser's back button, or a proxy, showed what a token may spend after its operator had left."""

    async def story(desk: Desk) -> None:
        kept = []
        for method, path in await routes_of(desk):
            for headers in ({}, {"authorization": ""}):
                answer = await desk.http.request(method, filled(path), headers=headers)
                if ["no-store"] != answer.headers.get_list("cache-control"):
                    kept.append((method, path, answer.status_code))
        assert [] == kept

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


async def list_tokens(desk: Desk, key: str) -> httpx.Response:
    return await desk.http.get("/api/admin/tokens", headers={"authorization": f"Bearer {key}"})


@pytest.mark.attack("T-69")
def test_guessing_is_refused_after_ten_wrong_keys(tmp_path: Path) -> None:
    """T-69."""

    async def story(desk: Desk) -> None:
        guesses = [await list_tokens(desk, str(number)) for number in range(100)]
        assert [401] * 10 == [answer.status_code for answer in guesses[:10]]
        assert {429} == {answer.status_code for answer in guesses[11:]}
        assert 1 <= int(guesses[-1].headers["retry-after"]) <= 60

    at_desk(tmp_path, story)


@pytest.mark.attack("T-69")
def test_the_right_key_is_refused_too_while_guesses_are(tmp_path: Path) -> None:
    """T-69: else nothing slows a guesser down who does not read the refusals."""

    async def story(desk: Desk) -> None:
        for number in range(12):
            await list_tokens(desk, str(number))
        key = admin_key(tmp_path, {})
        assert 429 == (await list_tokens(desk, key)).status_code
        form = await desk.http.post("/console/sign-in", data={"key": key}, headers={"sec-fetch-site": "same-origin"})
        assert 429 == form.status_code

    at_desk(tmp_path, story)


def test_the_key_of_this_run_is_accepted_whatever_was_guessed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(12):
            await list_tokens(desk, str(number))
        assert 200 == (await list_tokens(desk, desk.gateway.run_key)).status_code

    at_desk(tmp_path, story)


def test_the_right_key_is_not_counted_as_a_guess(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert {200} == {(await list_tokens(desk, admin_key(tmp_path, {}))).status_code for _ in range(50)}

    at_desk(tmp_path, story)


def test_the_number_of_guesses_is_the_one_that_was_set(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"admin_failures_per_minute": 3})
        assert [401] * 3 + [429] == [(await list_tokens(desk, str(number))).status_code for number in range(4)]

    at_desk(tmp_path, story)


# A new key


def test_a_new_admin_key_replaces_the_old_one_at_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        old = admin_key(tmp_path, {})
        answer = await desk.call("POST", "/admin-key")
        assert [401, 200] == [(await list_tokens(desk, key)).status_code for key in (old, answer["key"])]
        assert answer["key"] == admin_key(tmp_path, {})
        assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)
        assert ["admin.key"] == [path.name for path in tmp_path.iterdir() if "key" in path.name]

    at_desk(tmp_path, story)


def test_a_new_admin_key_ends_sessions_and_links_of_the_old_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        same_origin = {"sec-fetch-site": "same-origin"}
        link = (await desk.call("POST", "/console-links", status=201))["path"]
        await desk.http.post("/console/sign-in", data={"key": admin_key(tmp_path, {})}, headers=same_origin)
        assert 200 == (await desk.http.get("/console")).status_code
        assert 1 == (await desk.call("POST", "/admin-key"))["ended"]
        assert 303 == (await desk.http.get("/console")).status_code
        assert 401 == (await desk.http.post(link, headers=same_origin)).status_code

    at_desk(tmp_path, story)


def test_a_session_cannot_replace_the_admin_key(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        same_origin = {"sec-fetch-site": "same-origin"}
        await desk.http.post("/console/sign-in", data={"key": admin_key(tmp_path, {})}, headers=same_origin)
        del desk.http.headers["authorization"]
        answer = await desk.http.post("/api/admin/admin-key", headers=same_origin)
        assert (403, "access_denied") == (answer.status_code, answer.json()["error"]["code"])

    at_desk(tmp_path, story)


def test_an_admin_key_set_by_a_variable_cannot_be_replaced(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert "AIHUB_ADMIN_KEY" in await desk.refused("POST", "/admin-key", status=409)
        assert [] == [path for path in tmp_path.iterdir() if "key" in path.name]

    at_desk(tmp_path, story, {"AIHUB_ADMIN_KEY": "x" * 20})


def test_a_new_admin_key_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        key = admin_key(tmp_path, {})
        (tmp_path / "admin.key").unlink()
        (tmp_path / "admin.key").mkdir()
        await desk.refused("POST", "/admin-key", status=503)
        assert 200 == (await list_tokens(desk, key)).status_code

    at_desk(tmp_path, story)


def test_the_key_file_is_private_and_stays_the_same(tmp_path: Path) -> None:
    first = admin_key(tmp_path, {})

    assert first == admin_key(tmp_path, {})
    assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)
    assert ["admin.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_key_file_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    first = admin_key(tmp_path, {})
    (tmp_path / "admin.key").chmod(0o644)

    assert first == admin_key(tmp_path, {})
    assert 0o600 == stat.S_IMODE((tmp_path / "admin.key").stat().st_mode)


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_an_empty_or_guessable_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "admin.key").write_text(content)

    with pytest.raises(BadSetting):
        admin_key(tmp_path, {})


def test_a_variable_of_blanks_is_no_key(tmp_path: Path) -> None:
    """The file's key was used, which whoever meant to set one does not know; an empty variable is none."""
    with pytest.raises(BadSetting, match="AIHUB_ADMIN_KEY"):
        admin_key(tmp_path, {"AIHUB_ADMIN_KEY": "  \n"})
    assert admin_key(tmp_path, {}) == admin_key(tmp_path, {"AIHUB_ADMIN_KEY": ""})


def test_the_variable_overrides_the_file(tmp_path: Path) -> None:
    assert "x" * 20 == admin_key(tmp_path, {"AIHUB_ADMIN_KEY": "x" * 20})
