"""Who gets into the console, and for how long (T-69)."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.web.console.visitor import Visitor, at_console

pytestmark = pytest.mark.attack("T-69")

DAY = 86_400


def test_the_admin_key_opens_the_console(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 200 == (await visitor.get("/console")).status_code

    at_console(tmp_path, story)


def test_a_cookie_is_closed_to_scripts_and_other_sites(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        cookie = (await visitor.sign_in()).headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={30 * DAY}"} <= set(cookie.split("; "))
        assert "Secure" not in cookie

    at_console(tmp_path, story)


def test_a_cookie_of_an_encrypted_console_is_secure(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.post("/console/sign-in", {"key": visitor.key}, x_forwarded_proto="https")
        assert "Secure" in answer.headers["set-cookie"].split("; ")

    at_console(tmp_path, story)


def test_the_database_holds_no_secret_of_sessions_or_links(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        secrets = [*visitor.http.cookies.values(), path.rpartition("/")[2]]
        files = [file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("aihub.db")]
        assert not [secret for secret in secrets for content in files if secret.encode() in content]

    at_console(tmp_path, story)


@pytest.mark.parametrize("key", ["", "x", "{key}x", "{KEY}", "\ud800"])
def test_a_key_that_is_nearly_right_opens_no_session(tmp_path: Path, key: str) -> None:
    async def story(visitor: Visitor) -> None:
        tried = key.replace("{key}", visitor.key).replace("{KEY}", visitor.key.upper())
        body = b"key=" + tried.encode("utf-8", "surrogatepass")
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        answer = await visitor.http.post("/console/sign-in", content=body, headers=headers)
        assert (True, []) == (answer.status_code in (400, 401), list(visitor.http.cookies))

    at_console(tmp_path, story)


def test_guessing_is_refused_after_ten_wrong_tries(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        tries = [await visitor.post("/console/sign-in", {"key": str(number)}) for number in range(100)]
        assert [401] * 10 == [answer.status_code for answer in tries[:10]]
        assert {429} == {answer.status_code for answer in tries[11:]}
        assert 1 <= int(tries[-1].headers["retry-after"]) <= 60

    at_console(tmp_path, story)


def test_the_right_key_waits_while_guesses_are_refused(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(12):
            await visitor.post("/console/sign-in", {"key": str(number)})
        assert 429 == (await visitor.post("/console/sign-in", {"key": visitor.key})).status_code
        visitor.clock.ahead += 61
        await visitor.sign_in()

    at_console(tmp_path, story)


def test_right_tries_are_not_counted_as_wrong_ones(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for _ in range(30):
            await visitor.sign_in()

    at_console(tmp_path, story)


def test_a_link_opens_the_console_once(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        assert ("/console", 303) == ((answer := await visitor.post(path)).headers["location"], answer.status_code)
        visitor.http.cookies.clear()
        assert 401 == (await visitor.post(path)).status_code

    at_console(tmp_path, story)


def test_a_preview_of_a_link_does_not_use_it_up(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        await visitor.get(path)
        assert 303 == (await visitor.post(path)).status_code

    at_console(tmp_path, story)


def test_a_link_ends_after_an_hour(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        visitor.clock.ahead += 3601
        assert 401 == (await visitor.post(path)).status_code

    at_console(tmp_path, story)


def test_a_session_ends_after_thirty_days(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        visitor.clock.ahead += 30 * DAY - 5
        assert 200 == (await visitor.get("/console")).status_code
        visitor.clock.ahead += 10
        assert "/console/sign-in" == (await visitor.get("/console")).headers["location"]
        assert 401 == (await visitor.http.get("/api/admin/status")).status_code

    at_console(tmp_path, story)


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        stolen = dict(visitor.http.cookies)
        await visitor.post("/console/sign-out")
        assert {} == dict(visitor.http.cookies)
        visitor.http.cookies.update(stolen)
        assert 303 == (await visitor.get("/console")).status_code

    at_console(tmp_path, story)


def test_a_session_can_be_ended_over_the_admin_api(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        (session,) = await visitor.call("GET", "/sessions")
        await visitor.call("DELETE", f"/sessions/{session['id']}")
        assert 303 == (await visitor.get("/console")).status_code
        await visitor.call("DELETE", f"/sessions/{session['id']}", status=404)

    at_console(tmp_path, story)


def test_ending_all_sessions_ends_links_too(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        assert {"ended": 1} == await visitor.call("DELETE", "/sessions")
        assert [303, 401] == [(await visitor.get("/console")).status_code, (await visitor.post(path)).status_code]

    at_console(tmp_path, story)


def test_a_session_is_limited_to_120_requests_a_minute(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answers = [await visitor.http.get("/api/admin/status") for _ in range(125)]
        assert [200] * 120 == [answer.status_code for answer in answers[:120]]
        assert (429, True) == (answers[-1].status_code, "retry-after" in answers[-1].headers)
        assert 429 == (await visitor.get("/console")).status_code

    at_console(tmp_path, story)


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil", "/v1/models", "/console\n/x"])
def test_signing_in_leads_to_no_other_site(tmp_path: Path, then: str) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.post("/console/sign-in", {"key": visitor.key, "then": then})
        assert "/console" == answer.headers["location"]

    at_console(tmp_path, story)


async def signed_out_at(visitor: Visitor, path: str) -> str:
    """Where somebody ends up who asked for a page without a session, and then signed in."""
    refused = await visitor.get(path)
    form = await visitor.page(refused.headers["location"])
    (then,) = re.findall(r'name="then" value="([^"]*)">\s*<div', form)
    answer = await visitor.post("/console/sign-in", {"key": visitor.key, "then": html.unescape(then)})
    return answer.headers["location"]


@pytest.mark.parametrize(
    "path",
    ["/console/requests?outcome=error&token=A+%26+B", "/console/statistics?span=30d&by=token", "/console/models/a%20b"],
)
def test_signing_in_again_leads_back_with_the_query(tmp_path: Path, path: str) -> None:
    """Whoever's session ended on a filtered list came back to the whole one."""

    async def story(visitor: Visitor) -> None:
        assert path == await signed_out_at(visitor, path)

    at_console(tmp_path, story)


def test_a_change_of_theme_keeps_the_query(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/requests?outcome=error")
        assert 'name="then" value="/console/requests?outcome=error"' in text

    at_console(tmp_path, story)
