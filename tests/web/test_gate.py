"""The gate: one path for every spelling, one address that can be believed, and doors that are closed to other pages."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest

from aihub_lite.web.gate import Gate, straight
from tests.support.asgi import Call, get, header_list
from tests.support.clock import ManualClock

SAID = "sk-secret"


async def tells(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """An application that says what it sees."""
    seen = {"path": scope["path"].encode("ascii", "replace").decode(), "address": scope["aihub.address"]}
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": msgspec.json.encode(seen), "more_body": False})


async def fails(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    raise KeyError(SAID)


async def fails_late(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError(SAID)


def through(call: Call, app: Any = tells, proxies: tuple[str, ...] = ()) -> Call:
    async def run() -> Call:
        return await call.start(Gate(app, ManualClock(), proxies)).served()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/v1/v1/chat/completions",
        "//v1/chat/completions",
        "/v1//chat///completions",
        "/v1/chat/completions/",
        "//chat/completions//",
        "/v1//v1/chat/completions/",
    ],
)
def test_a_spelling_of_a_path_is_not_known(path: str) -> None:
    assert "/v1/chat/completions" == straight(path)


@pytest.mark.parametrize(
    ("path", "straightened"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/v1", "/v1"),
        ("/v1/", "/v1"),
        ("/v1x/models", "/v1/v1x/models"),
        ("/v1beta/models", "/v1/v1beta/models"),
        ("/v1.5/models", "/v1/v1.5/models"),
        ("/v1/models/v1/x", "/v1/models/v1/x"),
        ("/models/org/m", "/v1/models/org/m"),
        ("/console/", "/console"),
        ("//api//admin/tokens/", "/api/admin/tokens"),
        ("/v1/api/admin/tokens", "/v1/api/admin/tokens"),
        ("/v1/console", "/v1/console"),
    ],
)
def test_a_path_leads_elsewhere(path: str, straightened: str) -> None:
    assert straightened == straight(path)


@pytest.mark.parametrize("path", ["/consoles", "/healthzone", "/api/administrators"])
def test_a_path_that_begins_like_a_room_is_taken_for_it(path: str) -> None:
    assert f"/v1{path}" == straight(path)


def test_an_encoded_slash_is_lost() -> None:
    assert "/v1/models/openai/gpt-4o" == through(get("/models/openai%2Fgpt-4o")).json()["path"]


@pytest.mark.parametrize("path", ["/%ff", "/%00", "/%0d%0ax: y", "/..%2f..%2fetc", "/%E2%80%A8", "/\udcff"])
def test_an_odd_path_breaks_the_gate(path: str) -> None:
    call = Call("/", "GET")
    scope = {**call.scope, "path": path}
    asyncio.run(Gate(tells, ManualClock())(scope, call.body(b"").receive, call.send))
    assert 200 == call.status


# Across origins


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/nowhere", "/", "/v1/console"])
def test_a_preflight_needs_a_key_or_a_known_path(path: str) -> None:
    asked = [
        ("origin", "https://chat.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, x-stainless-os, anthropic-version"),
    ]
    call = through(Call(path, "OPTIONS", header_list(headers=asked)).body(b""))
    assert (204, b"", "*", "POST", "authorization, x-stainless-os, anthropic-version") == (
        call.status,
        call.content,
        call.answer_headers["access-control-allow-origin"],
        call.answer_headers["access-control-allow-methods"],
        call.answer_headers["access-control-allow-headers"],
    )


@pytest.mark.parametrize("path", ["/console", "/api/admin/tokens", "//api/admin/", "/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_page_may_look_into_our_own_rooms(path: str, method: str) -> None:
    headers = through(Call(path, method, header_list(headers=[("origin", "https://evil.example")])).body(b""))
    assert [] == [name for name in headers.answer_headers if name.startswith("access-control-")]


def test_a_page_cannot_read_an_error() -> None:
    call = through(get("/v1/models"), fails)
    assert (500, "internal_error", "*") == (call.status, call.code, call.answer_headers["access-control-allow-origin"])


@pytest.mark.parametrize("header", ["x-request-id", "retry-after", "x-ratelimit-remaining-requests"])
def test_a_page_cannot_read_a_header_it_needs(header: str) -> None:
    call = through(get("/v1/models", headers=[("origin", "https://chat.example")]))
    assert header in call.answer_headers["access-control-expose-headers"].split(", ")


# Faults


def test_a_fault_of_ours_shows_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    call = through(get("/v1/models"), fails)
    assert SAID not in caplog.text + call.content.decode()
    assert call.answer_headers["x-request-id"] in caplog.text


def test_a_fault_after_the_head_is_answered_again(caplog: pytest.LogCaptureFixture) -> None:
    call = through(get("/v1/models"), fails_late)
    assert (200, [], False) == (call.status, call.violations, call.complete)


def test_two_requests_have_one_id() -> None:
    first, second = through(get("/")), through(get("/"))
    assert first.answer_headers["x-request-id"] != second.answer_headers["x-request-id"]


def test_a_later_request_has_a_smaller_id() -> None:
    clock = ManualClock()
    gate = Gate(tells, clock)

    async def id_of() -> str:
        return (await get("/").start(gate).served()).answer_headers["x-request-id"]

    first = asyncio.run(id_of())
    clock.advance(0.001)
    assert first < asyncio.run(id_of())


# Addresses


def address(peer: str, *forwarded: str, proxies: tuple[str, ...] = ()) -> str:
    headers = [("x-forwarded-for", each) for each in forwarded]
    told: str = through(get("/", headers=headers, peer=peer), proxies=proxies).json()["address"]
    return told


def test_anybody_may_say_where_he_comes_from() -> None:
    assert "192.0.2.1" == address("192.0.2.1", "10.0.0.1")


def test_an_untrusted_neighbour_is_believed() -> None:
    assert "192.0.2.1" == address("192.0.2.1", "10.0.0.1", proxies=("127.0.0.0/8",))


def test_a_trusted_proxy_is_not_believed() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "192.0.2.1", proxies=("127.0.0.0/8",))


def test_a_client_behind_a_proxy_says_where_it_comes_from() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "10.9.9.9, 192.0.2.1", proxies=("127.0.0.0/8",))


def test_a_chain_of_proxies_hides_the_client() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "6.6.6.6, 192.0.2.1, 10.1.1.1", proxies=("127.0.0.0/8", "10.0.0.0/8"))


def test_a_proxy_that_says_nothing_breaks_something() -> None:
    assert "127.0.0.1" == address("127.0.0.1", proxies=("127.0.0.0/8",))


@pytest.mark.parametrize("hop", ["unknown", "<script>", "999.1.1.1"])
def test_an_odd_hop_breaks_something(hop: str) -> None:
    assert hop == address("127.0.0.1", hop, proxies=("127.0.0.0/8",))


def test_a_proxy_on_a_dual_stack_socket_is_not_known() -> None:
    assert "192.0.2.1" == address("::ffff:127.0.0.1", "192.0.2.1", proxies=("127.0.0.0/8",))


def test_a_network_with_host_bits_switches_off_all_proxies() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "192.0.2.1", proxies=("10.0.0.1/8", "127.0.0.0/8"))


def test_what_is_no_request_is_answered() -> None:
    async def lifespan(scope: MutableMapping[str, Any], _: Any, send: Any) -> None:
        await send({"type": scope["type"]})

    said: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    asyncio.run(Gate(lifespan, ManualClock())({"type": "lifespan"}, Call("/").receive, send))
    assert [{"type": "lifespan"}] == said
