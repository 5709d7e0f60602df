"""What a client of Responses meets at the door, whoever stands behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.web.app import create_app
from tests.responses import PATH, TEXT, ask, asking, request, streamed, text_of, whole
from tests.responses.conftest import Serve
from tests.support.answers import chat_chunk, chat_chunks, chat_stream, error_answer, sse, usage_chunk
from tests.support.asgi import post
from tests.support.gateway import Gateway
from tests.support.inprocess import MODEL, open_house
from tests.support.rawclient import request as raw_request
from tests.support.scripted import Upstream
from tests.support.steps import Pause

FUNCTION = {"type": "function", "name": "look", "parameters": {"type": "object"}}
CODEX = {
    "instructions": "You are a coding agent.",
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"summary": "auto"},
    "prompt_cache_key": "thread-1",
    "client_metadata": {"x": "y"},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Sandboxed."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Here."}]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Collaborate."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it."}]},
    ],
    "tools": [
        {**FUNCTION, "name": "exec_command", "strict": False},
        {
            "type": "custom",
            "name": "apply_patch",
            "format": {"type": "grammar", "syntax": "lark", "definition": "s: x"},
        },
        {
            "type": "namespace",
            "name": "multi_agent_v1",
            "description": "Agents.",
            "tools": [{**FUNCTION, "name": "spawn"}],
        },
        {"type": "web_search"},
    ],
}
"""The shape of what Codex sends, in our words."""


def test_a_chat_upstreams_answer_is_no_response(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    for response in (whole(gateway, model), streamed(gateway, model).response):
        assert (TEXT, model, "completed", False) == (
            text_of(response),
            response["model"],
            response["status"],
            response["store"],
        )
        assert (10, 5) == (response["usage"]["input_tokens"], response["usage"]["output_tokens"])
    first, second = gateway.books.records(model)
    assert ("responses", False, 200_000) == (first.surface, bool(first.row["streamed"]), first.cost_nano)
    assert (True, 200_000, "upstream") == (bool(second.row["streamed"]), second.cost_nano, second.usage_source)


@pytest.mark.parametrize("path", ["/responses", "/v1/v1/responses", "//v1//responses/"])
def test_a_path_that_clients_make_leads_nowhere(gateway: Gateway, serve: Serve, upstream: Upstream, path: str) -> None:
    assert 200 == gateway.post(request(serve(upstream.url)), path).status


def test_an_upstream_without_usage_leaves_the_client_without(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = chat_stream(usage=None)
    told = streamed(gateway, model := serve(upstream.url)).response["usage"]
    (record,) = gateway.books.records(model)
    assert (record.prompt_tokens, record.completion_tokens) == (told["input_tokens"], told["output_tokens"])
    assert ("estimated", True) == (record.usage_source, record.completion_tokens > 0)


def test_an_answer_cannot_be_found_in_the_logs(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url))
    assert f"resp_{answer.header('x-request-id')}" == answer.json()["id"]


def test_codex_cannot_use_its_tools(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    calls = [
        ("exec_command", '{"cmd":"ls"}'),
        ("apply_patch", '{"input":"*** Begin"}'),
        ("multi_agent_v1__spawn", "{}"),
    ]
    deltas = [
        chat_chunk({"tool_calls": [{"index": index, "id": f"c{index}", "function": {"name": name, "arguments": text}}]})
        for index, (name, text) in enumerate(calls)
    ]
    upstream.enqueue(sse(*deltas, chat_chunk({}, "tool_calls"), usage_chunk()), chat_stream())
    model = serve(upstream.url)
    first = streamed(gateway, model, **CODEX).output
    assert [
        ("function_call", "exec_command", None),
        ("custom_tool_call", "apply_patch", None),
        ("function_call", "spawn", "multi_agent_v1"),
    ] == [(item["type"], item["name"], item.get("namespace")) for item in first]
    outputs = [
        {
            "type": f"{'custom_tool' if 'input' in item else 'function'}_call_output",
            "call_id": item["call_id"],
            "output": "ok",
        }
        for item in first
    ]
    codex: Any = CODEX
    history = {**CODEX, "input": [*codex["input"], *first, *outputs]}
    assert TEXT == text_of(streamed(gateway, model, **history).response)
    before, after = (sent.json() for sent in upstream.chats)
    assert before["messages"] == after["messages"][: len(before["messages"])]
    assert ["assistant", "tool", "tool", "tool"] == [each["role"] for each in after["messages"][-4:]]
    assert calls == [
        (each["function"]["name"], each["function"]["arguments"]) for each in after["messages"][-4]["tool_calls"]
    ]


def test_a_strict_template_refuses_what_codex_says(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    streamed(gateway, serve(upstream.url), **CODEX)
    sent = upstream.chats[0].json()
    assert ["system", "user", "user"] == [each["role"] for each in sent["messages"]]
    assert [{"prompt_cache_key", "client_metadata", "store", "include"} & sent.keys()] == [set()]


def test_what_was_left_out_is_not_told(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url), tools=[{"type": "web_search"}, FUNCTION])
    assert "tools.web_search" == answer.header("x-aihub-dropped-params")


def test_strict_operators_are_told_nothing(tmp_path: Path) -> None:
    async def story() -> tuple[int, bytes]:
        async with open_house(tmp_path / "data", create_app, strict=True) as house:
            await house.add_channel()
            _, key = await house.add_token()
            call = post(PATH, key, request(MODEL, tools=[{"type": "web_search"}]))
            await call.start(house.app).served()
            return call.status, call.content

    status, body = asyncio.run(story())
    assert (400, True) == (status, b"tools.web_search" in body)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"previous_response_id": "resp_1"}, 400, "previous_response_not_found"),
        ({"background": True}, 400, "invalid_request"),
        ({"input": 3}, 400, "invalid_request"),
        ({"model": "no-such-model"}, 503, "model_not_found"),
    ],
)
def test_a_refusal_has_another_shape_here(gateway: Gateway, fields: dict[str, Any], status: int, code: str) -> None:
    for stream in (False, True):
        answer = gateway.post({**request("demo"), **fields, "stream": stream}, PATH)
        error = answer.json()["error"]
        assert (status, code, "new_api_error") == (answer.status, error["code"], error["type"])


def test_a_wrong_key_has_another_shape_here(gateway: Gateway) -> None:
    assert (401, "invalid_api_key") == ((answer := ask(gateway, "demo", "sk-wrong")).status, answer.error["code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("GET", "/v1/responses/resp_1/input_items?limit=2"),
        ("POST", "/v1/responses/compact"),
        ("POST", "/responses/input_tokens"),
    ],
)
def test_who_asks_for_what_is_stored_is_not_told_that_nothing_is(gateway: Gateway, method: str, path: str) -> None:
    answer = raw_request(gateway.url, method, path, gateway.headers(), b"{}" if method == "POST" else None)
    assert (404, "not_found", True) == (answer.status, answer.error["code"], "not stored" in answer.error["message"])
    assert 401 == raw_request(gateway.url, method, path, {}).status


def test_another_method_is_a_page(gateway: Gateway) -> None:
    answer = raw_request(gateway.url, "GET", PATH, gateway.headers())
    assert (405, "POST", "method_not_allowed") == (answer.status, answer.header("allow"), answer.error["code"])


def test_an_upstreams_refusal_loses_its_words(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = error_answer(400, "maximum context length is 9 tokens", "context_length_exceeded")
    answer = ask(gateway, serve(upstream.url))
    assert (400, "context_length_exceeded") == (answer.status, answer.error["code"])


def test_an_error_after_content_is_no_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    upstream.default = sse(*chat_chunks("some words")[:-2], Pause(0.1), broken, done=False)
    checked = streamed(gateway, model := serve(upstream.url))
    assert ("response.failed", "server_error") == (checked.kinds[-1], checked.response["error"]["code"])
    assert "response.output_text.delta" in checked.kinds
    (record,) = gateway.books.records(model)
    assert "cut_off" == record.outcome


def test_a_failover_shows(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The first one has begun before it fails; nothing of it may be left in the second one's stream."""
    begun = chat_chunk({"role": "assistant", "content": ""})
    with Upstream(sse(begun, {"error": {"message": "died", "type": "server_error"}}, done=False)) as broken:
        checked = streamed(gateway, serve(broken.url, upstream.url))
    assert (TEXT, 1) == (text_of(checked.response), len(checked.output))


def test_a_client_that_leaves_is_not_settled(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(*chat_chunks("a few words that were said")[:-2], Pause(30), done=False)
    model = serve(upstream.url)
    with asking(gateway, model) as reading:
        events = reading.events()
        for _ in range(6):
            next(events)
        reading.connection.close()
    upstream.wait_closed()
    gateway.wait_status(5, in_flight=0, open_holds=0)
    (record,) = gateway.books.records(model)
    assert ("client_gone", "estimated", True) == (record.outcome, record.usage_source, record.charge_nano > 0)


def test_the_console_does_not_see_codex(gateway: Gateway) -> None:
    token = gateway.admin("POST", "/tokens", {"name": "seen-codex"}).json()
    gateway.post(request("demo"), PATH, token["key"], **{"user-agent": "codex_exec/0.169.0 (Linux)"})
    seen = gateway.admin("GET", f"/tokens/{token['id']}/sighting").json()
    assert ("codex_exec/0.169.0", PATH, None) == (seen["client"], seen["path"], seen["error"])


def test_codex_finds_a_list_that_it_cannot_read(gateway: Gateway) -> None:
    answer = raw_request(gateway.url, "GET", "/v1/models?client_version=0.169.0", gateway.headers())
    assert {"models": []} == msgspec.json.decode(answer.body)


def test_the_demo_cannot_answer_codex(gateway: Gateway) -> None:
    assert ["exec_command"] == [item["name"] for item in streamed(gateway, "demo", **CODEX).output]
