"""Bodies that break parsers, and requests that try to choose where the operator's key is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.served.messages import claude_message
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import CHAT, Gateway, chat_body
from tests.support.process_figures import cpu_seconds, main_thread_seconds
from tests.support.upstream.answers import body_answer, json_answer
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]
VALID = b'"messages":[{"role":"user","content":"hi"}]'
DEEP = 100_000
BROKEN: dict[str, bytes] = {
    "deep lists": b'{"model":"demo",%b,"x":%b%b}' % (VALID, b"[" * DEEP, b"]" * DEEP),
    "deep objects": b'{"model":"demo",%b,"x":%b1%b}' % (VALID, b'{"a":' * DEEP, b"}" * DEEP),
    "unclosed depth": b"[" * DEEP,
    "integer of a million digits": b'{"model":"demo",%b,"seed":%b}' % (VALID, b"9" * 10**6),
    "NaN": b'{"model":"demo",%b,"temperature":NaN}' % VALID,
    "Infinity": b'{"model":"demo",%b,"temperature":-Infinity}' % VALID,
    "lone surrogate": b'{"model":"demo","messages":[{"role":"user","content":"\\ud800"}]}',
    "bad UTF-8": b'{"model":"demo","messages":[{"role":"user","content":"\xff\xfe"}]}',
    "overlong UTF-8": b'{"model":"demo","messages":[{"role":"user","content":"\xc0\xaf"}]}',
    "BOM": b'\xef\xbb\xbf{"model":"demo",%b}' % VALID,
    "UTF-16": '{"model":"demo"}'.encode("utf-16"),
    "empty": b"",
    "blank": b" \n ",
    "top-level list": b'[{"model":"demo"}]',
    "top-level string": b'"model"',
    "top-level null": b"null",
    "two documents": b'{"model":"demo",%b}{}' % VALID,
    "trailing comma": b'{"model":"demo",%b,}' % VALID,
    "single quotes": b"{'model':'demo'}",
    "no model": b"{%b}" % VALID,
    "model is a number": b'{"model":1,%b}' % VALID,
    "model is empty": b'{"model":"",%b}' % VALID,
    "no messages": b'{"model":"demo"}',
    "messages are a string": b'{"model":"demo","messages":"hi"}',
    "messages are empty": b'{"model":"demo","messages":[]}',
    "a message is a string": b'{"model":"demo","messages":["hi"]}',
    "stream is a string": b'{"model":"demo",%b,"stream":"yes"}' % VALID,
    "max_tokens is negative": b'{"model":"demo",%b,"max_tokens":-1}' % VALID,
    "max_tokens is a string": b'{"model":"demo",%b,"max_tokens":"many"}' % VALID,
}


@pytest.mark.attack("T-37")
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_broken_body_is_refused_at_once_in_the_public_shape(gateway: Gateway, body: bytes) -> None:
    """T-37: 400 in the public shape, quickly, never 500. Nothing is waited for, so what it takes is processor time."""
    spent = cpu_seconds(gateway.process.pid)
    answer = gateway.post(body)
    assert (400, "invalid_request", "new_api_error") == (answer.status, answer.error["code"], answer.error["type"])
    assert answer.error["message"]
    assert cpu_seconds(gateway.process.pid) - spent < 1.0


@pytest.mark.attack("T-37")
def test_a_repeated_field_is_read_the_same_on_both_sides(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-37: what goes upstream is written anew, so both sides of the gateway read the same."""
    model = serve(upstream.url)
    body = b'{"model":"demo","model":"%b","user":"a",%b, "user" : "b"}' % (model.encode(), VALID)
    assert 200 == gateway.post(body).status
    sent = upstream.chats[0].body
    assert (1, 1) == (sent.count(b'"model":'), sent.count(b'"user":'))
    assert ("upstream-model", "b") == (upstream.chats[0].json()["model"], upstream.chats[0].json()["user"])


@pytest.mark.attack("T-37")
def test_unknown_fields_are_passed_on(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-37: what goes upstream is the same JSON, but for what the gateway sets."""
    extra = {"seed": 7, "x_new": {"a": [1.5, None, "ü\u2028"]}, "big": 2**53}
    body = chat_body(serve(upstream.url), **extra)
    gateway.post(body)
    assert {**body, "model": "upstream-model"} == upstream.chats[0].json()


@pytest.fixture
def thief() -> Iterator[Upstream]:
    """Where the operator's key must never arrive."""
    with Upstream() as listening:
        yield listening


@pytest.mark.attack("T-74")
@pytest.mark.parametrize("where", ["body", "nested", "headers", "query"])
def test_no_client_chooses_where_the_key_is_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, thief: Upstream, where: str
) -> None:
    """T-74: the channel's address is the only one that is asked."""
    model = serve(upstream.url)
    url = thief.url
    aims = {"api_base": url, "base_url": url, "api_key": "sk-theirs", "custom_llm_provider": "openai"}
    body = chat_body(model)
    headers = {}
    path = CHAT
    if where == "body":
        body.update(aims, extra_headers={"host": f"127.0.0.1:{thief.port}"}, api_version="1", organization="x")
    elif where == "nested":
        body["extra_body"] = body["litellm_params"] = dict(aims)
    elif where == "headers":
        names = ("x_portkey_custom_host", "x_portkey_base_url", "x_forwarded_host", "x_base_url", "helicone_target_url")
        headers = dict.fromkeys(names, url)
    else:
        path = f"{CHAT}?base_url={url}&api_base={url}&host=127.0.0.1:{thief.port}"
    assert 200 == gateway.post(body, path, **headers).status
    assert (1, []) == (len(upstream.chats), thief.connections)


@pytest.mark.attack("T-74")
def test_fields_that_aim_at_a_router_are_left_out(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-74: an upstream that is itself a gateway must not obey them either."""
    aims = ("api_base", "base_url", "api_key", "extra_headers", "custom_llm_provider")
    assert 200 == gateway.chat(serve(upstream.url), **dict.fromkeys(aims, "http://127.0.0.1:1")).status
    assert [] == [name for name in aims if name in upstream.chats[0].json()]


@pytest.mark.attack("T-74", "T-38")
def test_a_clients_headers_and_key_stay_here(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-74, T-38: the channel's key goes upstream, the token's does not, nor any header of the client's."""
    extra = {"cookie": "a=b", "x_portkey_api_key": "sk-x", "openai_organization": "org", "x_api_key": gateway.key}
    gateway.post(chat_body(serve(upstream.url)), **extra)
    (seen,) = upstream.chats
    assert (seen.header("authorization") or "").startswith(f"Bearer {KEY_CANARY}")
    assert gateway.key not in str(seen.headers) + seen.body.decode()
    assert [] == [
        name for name in ("cookie", "x-portkey-api-key", "openai-organization", "x-api-key") if seen.header(name)
    ]


@pytest.mark.attack("T-74", "T-16")
def test_a_redirect_is_not_followed(gateway: Gateway, serve: Serve, upstream: Upstream, thief: Upstream) -> None:
    """T-74: an upstream that redirects takes the key nowhere."""
    upstream.default = body_answer(302, b"", "text/plain", [("location", thief.url)])
    answer = gateway.chat(serve(upstream.url))
    assert (502, "upstream_error", []) == (answer.status, answer.error["code"], thief.connections)


@pytest.mark.attack("T-37")
def test_parsing_a_hostile_body_stalls_nobody(gateway: Gateway) -> None:
    """T-37: the gateway answers others at once while it refuses deep and long bodies: what all of them take of the
    event loop's thread is what anybody could have waited."""
    spent = main_thread_seconds(gateway.process.pid)
    for body in (BROKEN["deep objects"], BROKEN["integer of a million digits"]):
        gateway.post(body)
    assert 200 == gateway.chat("demo").status
    assert main_thread_seconds(gateway.process.pid) - spent < 1.0


@pytest.mark.attack("T-37")
def test_a_prompt_with_every_escape_arrives_as_it_was(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """T-37: canonical re-serialisation keeps text."""
    text = "".join(map(chr, range(1, 0x300))) + "\u2028\u2029\ufeff😀"
    body = chat_body(serve(upstream.url))
    body["messages"][0]["content"] = text
    gateway.post(msgspec.json.encode(body))
    assert text == upstream.chats[0].json()["messages"][0]["content"]


def test_a_field_that_no_header_can_name_costs_nobody_an_answer(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = json_answer(200, claude_message())
    model = gateway.add_channel(upstream.url, provider="anthropic")
    fields = {"seed": 1, "a\r\nx-evil: 1": 1, "\u00e9": 1, **{f"unknown{number}": 1 for number in range(1000)}}
    answer = gateway.post(chat_body(model, **fields))
    names = (answer.header("x-aihub-dropped-params") or "").split(",")
    assert (200, None, "seed", "?", 51) == (answer.status, answer.header("x-evil"), names[0], names[-1], len(names))
