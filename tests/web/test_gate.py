"""The gate: one path for every spelling, one address that can be believed, and doors that are closed to other pages."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import msgspec
import pytest

from aihub_lite.web.gate import Gate, canonical_path
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
        "/v1beta/openai/chat/completions",
        "/v1/v1beta/openai/chat/completions/",
    ],
)
def test_every_spelling_of_a_relay_path_is_the_same_path(path: str) -> None:
    assert "/v1/chat/completions" == canonical_path(path)


@pytest.mark.parametrize(
    ("path", "straightened"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/v1", "/v1"),
        ("/v1/", "/v1"),
        ("/v1x/models", "/v1/v1x/models"),
        ("/v1beta/models", "/v1/v1beta/models"),
        ("/v1beta/openai", "/v1"),
        ("/v1beta/openaid/models", "/v1/v1beta/openaid/models"),
        ("/v1beta/openai/console", "/v1/console"),
        ("/v1.5/models", "/v1/v1.5/models"),
        ("/v1/models/v1/x", "/v1/models/v1/x"),
        ("/models/org/m", "/v1/models/org/m"),
        ("/console/", "/console"),
        ("//api//admin/tokens/", "/api/admin/tokens"),
        ("/v1/api/admin/tokens", "/v1/api/admin/tokens"),
        ("/v1/console", "/v1/console"),
    ],
)
def test_a_path_has_one_canonical_form(path: str, straightened: str) -> None:
    assert straightened == canonical_path(path)


@pytest.mark.parametrize("path", ["/consoles", "/healthzone", "/api/administrators"])
def test_a_path_that_only_begins_like_an_own_path_is_a_relay_path(path: str) -> None:
    assert f"/v1{path}" == canonical_path(path)


def test_an_encoded_slash_is_a_slash_of_the_model() -> None:
    assert "/v1/models/openai/gpt-4o" == through(get("/models/openai%2Fgpt-4o")).json()["path"]


@pytest.mark.parametrize("path", ["/%ff", "/%00", "/%0d%0ax: y", "/..%2f..%2fetc", "/%E2%80%A8", "/\udcff"])
def test_an_odd_path_goes_through_the_gate(path: str) -> None:
    call = Call("/", "GET")
    scope = {**call.scope, "path": path}
    asyncio.run(Gate(tells, ManualClock())(scope, call.body(b"").receive, call.send))
    assert 200 == call.status


# Across origins


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/nowhere", "/", "/v1/console"])
def test_a_preflight_is_answered_without_a_key_on_every_path(path: str) -> None:
    headers = [
        ("origin", "https://chat.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, x-stainless-os, anthropic-version"),
    ]
    call = through(Call(path, "OPTIONS", header_list(headers=headers)).body(b""))
    assert (204, b"", "*", "POST", "authorization, x-stainless-os, anthropic-version") == (
        call.status,
        call.content,
        call.answer_headers["access-control-allow-origin"],
        call.answer_headers["access-control-allow-methods"],
        call.answer_headers["access-control-allow-headers"],
    )


@pytest.mark.parametrize("path", ["/console", "/api/admin/tokens", "//api/admin/", "/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_own_paths_are_closed_to_other_origins(path: str, method: str) -> None:
    headers = through(Call(path, method, header_list(headers=[("origin", "https://evil.example")])).body(b""))
    assert [] == [name for name in headers.answer_headers if name.startswith("access-control-")]


def test_a_page_of_another_origin_can_read_an_error() -> None:
    call = through(get("/v1/models"), fails)
    assert (500, "internal_error", "*") == (call.status, call.code, call.answer_headers["access-control-allow-origin"])


@pytest.mark.parametrize(
    "header", ["x-request-id", "retry-after", "x-ratelimit-remaining-requests", "x-aihub-dropped-params"]
)
def test_a_page_of_another_origin_can_read_the_headers_it_needs(header: str) -> None:
    call = through(get("/v1/models", headers=[("origin", "https://chat.example")]))
    assert header in call.answer_headers["access-control-expose-headers"].split(", ")


# Faults


def test_a_fault_of_ours_is_logged_and_answered_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    call = through(get("/v1/models"), fails)
    assert SAID not in caplog.text + call.content.decode()
    assert call.answer_headers["x-request-id"] in caplog.text


def test_a_fault_after_the_head_ends_the_answer_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    call = through(get("/v1/models"), fails_late)
    assert (200, [], False) == (call.status, call.violations, call.complete)


def test_two_requests_have_different_ids() -> None:
    first, second = through(get("/")), through(get("/"))
    assert first.answer_headers["x-request-id"] != second.answer_headers["x-request-id"]


def test_a_later_request_has_a_larger_id() -> None:
    clock = ManualClock()
    gate = Gate(tells, clock)

    async def id_of() -> str:
        return (await get("/").start(gate).served()).answer_headers["x-request-id"]

    first = asyncio.run(id_of())
    clock.advance(0.001)
    assert first < asyncio.run(id_of())


# Addresses


def address(peer: str, *forwarded: str, proxies: tuple[str, ...] = ()) -> str:
    headers = [("x-forwarded-for", value) for value in forwarded]
    text: str = through(get("/", headers=headers, peer=peer), proxies=proxies).json()["address"]
    return text


def test_without_trusted_proxies_the_address_is_the_sockets() -> None:
    assert "192.0.2.1" == address("192.0.2.1", "10.0.0.1")


def test_a_peer_that_is_no_trusted_proxy_is_not_believed() -> None:
    assert "192.0.2.1" == address("192.0.2.1", "10.0.0.1", proxies=("127.0.0.0/8",))


def test_a_trusted_proxy_names_the_clients_address() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "192.0.2.1", proxies=("127.0.0.0/8",))


def test_what_a_client_behind_a_proxy_says_itself_is_not_believed() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "10.9.9.9, 192.0.2.1", proxies=("127.0.0.0/8",))


def test_a_chain_of_trusted_proxies_leads_to_the_client() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "6.6.6.6, 192.0.2.1, 10.1.1.1", proxies=("127.0.0.0/8", "10.0.0.0/8"))


def test_a_proxy_that_names_no_client_is_the_address_itself() -> None:
    assert "127.0.0.1" == address("127.0.0.1", proxies=("127.0.0.0/8",))


@pytest.mark.parametrize("hop", ["unknown", "<script>", "999.1.1.1"])
def test_a_hop_that_is_no_address_is_kept_as_text(hop: str) -> None:
    assert hop == address("127.0.0.1", hop, proxies=("127.0.0.0/8",))


def test_a_proxy_on_a_dual_stack_socket_is_trusted() -> None:
    assert "192.0.2.1" == address("::ffff:127.0.0.1", "192.0.2.1", proxies=("127.0.0.0/8",))


@pytest.mark.parametrize("proxies", [("::ffff:127.0.0.0/104",), ("::ffff:7f00:1",)])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"])
def test_a_proxy_is_known_however_its_address_is_written(peer: str, proxies: tuple[str, ...]) -> None:
    assert "192.0.2.1" == address(peer, "::ffff:c000:201", proxies=proxies)


def test_a_network_with_host_bits_leaves_other_proxies_trusted() -> None:
    assert "192.0.2.1" == address("127.0.0.1", "192.0.2.1", proxies=("10.0.0.1/8", "127.0.0.0/8"))


def test_what_is_no_request_is_passed_on() -> None:
    async def lifespan(scope: MutableMapping[str, Any], _: Any, send: Any) -> None:
        await send({"type": scope["type"]})

    sent: list[Any] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Gate(lifespan, ManualClock())({"type": "lifespan"}, Call("/").receive, send))
    assert [{"type": "lifespan"}] == sent
