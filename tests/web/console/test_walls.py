"""What other sites, strangers and odd names can do to the console (T-68)."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar.routes import HTTPRoute

from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import SITE, Visitor, at_console

pytestmark = pytest.mark.attack("T-68")

OPEN = (
    "/console/sign-in",
    "/console/key",
    "/console/oidc/",
    "/console/passkey",
    "/console/enter/",
    "/console/invitation/",
    "/console/static/",
    "/console/doctor/stream/",
    "/console/taste",
    "/console/sign-out",
)


async def pages(visitor: Visitor) -> list[str]:
    """Every page that needs a session, from the routes themselves."""
    routes = [
        route for route in await framed_routes(visitor.app) if isinstance(route, HTTPRoute) and "GET" in route.methods
    ]
    return [route.path for route in routes if route.path.startswith("/console") and not route.path.startswith(OPEN)]


def test_every_page_leads_to_the_sign_in_without_a_session(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        paths = await pages(visitor)
        assert "/console" in paths
        for path in paths:
            answer = await visitor.get(path.replace("{ref:str}", "x"))
            assert (303, b"") == (answer.status_code, answer.content)
            assert answer.headers["location"].startswith("/console/sign-in")

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://[x"},
        {"origin": "null"},
        {"origin": SITE + ".evil.example"},
        {"sec-fetch-site": "cross-site", "origin": SITE},
        {"sec-fetch-site": "same-site", "origin": "http://other.gateway"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_another_site_cannot_change_anything(tmp_path: Path, headers: dict[str, str]) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        calls = [("POST", "/api/admin/tokens"), ("DELETE", "/api/admin/sessions"), ("POST", "/console/sign-out")]
        answers = [await visitor.http.request(method, path, headers=headers) for method, path in calls]
        assert [403] * 3 == [answer.status_code for answer in answers]
        assert 200 == (await visitor.get("/console")).status_code

    at_console(tmp_path, story)


def test_another_site_cannot_sign_a_reader_in(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = (await visitor.call("POST", "/console-links", status=201))["path"]
        evil = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
        answers = [
            await visitor.http.post("/console/sign-in", data={"key": visitor.key}, headers=evil),
            await visitor.http.post(path, headers=evil),
        ]
        assert [403, 403] == [answer.status_code for answer in answers]

    at_console(tmp_path, story)


def test_a_console_behind_a_proxy_with_another_host_name_accepts_its_own_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = {"origin": "https://ai.example.com", "sec-fetch-site": "same-origin"}
        answer = await visitor.http.post("/console/sign-in", data={"key": visitor.key}, headers=headers)
        assert 303 == answer.status_code

    at_console(tmp_path, story)


def test_an_unencrypted_console_on_the_network_accepts_its_own_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.post("/console/sign-in", data={"key": visitor.key}, headers={"origin": SITE})
        assert 303 == answer.status_code

    at_console(tmp_path, story)


def test_a_wrong_key_is_refused_although_a_session_is_there(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answer = await visitor.http.get("/api/admin/status", headers={"authorization": "Bearer x"})
        assert 401 == answer.status_code

    at_console(tmp_path, story)


def test_a_page_runs_own_files_only_and_in_no_frame(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        for path in ["/console", "/console/sign-in", "/console/nothing", "/api/admin/status"]:
            headers = (await visitor.get(path)).headers
            policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split("; ")}
            assert (["'none'"], ["'self'"], ["'self'"], ["'none'"]) == tuple(
                policy[name] for name in ("default-src", "script-src", "style-src", "frame-ancestors")
            )
            assert ("DENY", "nosniff") == (headers["x-frame-options"], headers["x-content-type-options"])
            assert not [name for name in headers if name.startswith("access-control")]

    at_console(tmp_path, story)


def test_a_browser_at_the_bare_address_goes_on_to_the_console(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.get("/")
        assert (303, "/console") == (answer.status_code, answer.headers["location"])

    at_console(tmp_path, story)


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_at_the_bare_address_is_told_404_in_json(tmp_path: Path, accept: str) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.get("/", headers={"accept": accept})
        assert (404, "not_found") == (answer.status_code, answer.json()["error"]["code"])

    at_console(tmp_path, story)
