"""What a client of Responses meets at the door, whoever stands behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.web.app import create_app
from tests.served.responses import PATH, TEXT, ask, asking, request, streamed, text_of, whole
from tests.served.responses.conftest import Serve
from tests.support.asgi import post
from tests.support.gateway import Gateway
from tests.support.inprocess import MODEL, open_house
from tests.support.rawclient import request as raw_request
from tests.support.upstream.answers import (
    chat_body,
    chat_chunk,
    chat_chunks,
    chat_stream,
    error_answer,
    json_answer,
    sse,
    usage_chunk,
)
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause

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


def test_a_chat_upstreams_answer_is_a_response(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    for response in (whole(gateway, model), streamed(gateway, model).response):
        assert (TEXT, model, "completed", True) == (
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
def test_every_spelling_of_the_path_is_answered(gateway: Gateway, serve: Serve, upstream: Upstream, path: str) -> None:
    assert 200 == gateway.post(request(serve(upstream.url)), path).status


def test_an_upstream_without_usage_leaves_the_client_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = chat_stream(usage=None)
    usage = streamed(gateway, model := serve(upstream.url)).response["usage"]
    (record,) = gateway.books.records(model)
    assert (record.prompt_tokens, record.completion_tokens) == (usage["input_tokens"], usage["output_tokens"])
    assert ("estimated", True) == (record.usage_source, record.completion_tokens > 0)


def test_an_answer_bears_the_id_of_its_request(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url))
    assert f"resp_{answer.header('x-request-id')}" == answer.json()["id"]


def test_codex_calls_its_tools_and_hears_their_outputs(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
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
    assert ["assistant", "tool", "tool", "tool"] == [entry["role"] for entry in after["messages"][-4:]]
    assert calls == [
        (entry["function"]["name"], entry["function"]["arguments"]) for entry in after["messages"][-4]["tool_calls"]
    ]


def test_what_codex_says_fits_a_strict_chat_template(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    streamed(gateway, serve(upstream.url), **CODEX)
    sent = upstream.chats[0].json()
    assert ["system", "user", "user"] == [message["role"] for message in sent["messages"]]
    assert [{"prompt_cache_key", "client_metadata", "store", "include"} & sent.keys()] == [set()]


def test_what_was_left_out_is_told(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url), tools=[{"type": "web_search"}, FUNCTION])
    assert "tools.web_search" == answer.header("x-aihub-dropped-params")


def test_claude_reads_a_file_by_its_url_and_a_refusal_names_the_input(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(("anthropic", upstream.url), upstream_model="claude-sonnet-4-5")
    pdf = {"type": "input_file", "file_url": "https://a.example/a.pdf"}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}

    ask(gateway, model, input=[{"role": "user", "content": [pdf]}])
    refused = ask(gateway, model, input=[{"role": "user", "content": [sound]}])

    document = {"type": "document", "source": {"type": "url", "url": "https://a.example/a.pdf"}}
    assert document in upstream.requests[-1].json()["messages"][0]["content"]
    assert (400, True) == (refused.status, refused.error["message"].startswith("'input' "))


def test_a_strict_operator_refuses_what_would_be_left_out(tmp_path: Path) -> None:
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
        ({"model": "no-such-model"}, 404, "model_not_found"),
    ],
)
def test_a_refusal_has_the_same_shape_as_on_chat(
    gateway: Gateway, fields: dict[str, Any], status: int, code: str
) -> None:
    for stream in (False, True):
        answer = gateway.post({**request("demo"), **fields, "stream": stream}, PATH)
        error = answer.json()["error"]
        assert (status, code, "new_api_error") == (answer.status, error["code"], error["type"])


def test_a_wrong_key_is_refused_with_the_same_code_as_on_chat(gateway: Gateway) -> None:
    assert (401, "invalid_api_key") == ((answer := ask(gateway, "demo", "sk-wrong")).status, answer.error["code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_1"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("GET", "/v1/responses/resp_1/input_items?limit=2"),
    ],
)
def test_who_asks_for_what_is_stored_is_told_that_nothing_is(gateway: Gateway, method: str, path: str) -> None:
    answer = raw_request(gateway.url, method, path, gateway.headers(), b"{}" if method == "POST" else None)
    assert (404, "not_found", True) == (answer.status, answer.error["code"], "not stored" in answer.error["message"])
    assert 401 == raw_request(gateway.url, method, path, {}).status


def test_another_method_is_a_405_that_names_the_right_one(gateway: Gateway) -> None:
    answer = raw_request(gateway.url, "GET", PATH, gateway.headers())
    assert (405, "POST", "method_not_allowed") == (answer.status, answer.header("allow"), answer.error["code"])


def test_an_upstreams_refusal_keeps_its_code(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = error_answer(400, "maximum context length is 9 tokens", "context_length_exceeded")
    answer = ask(gateway, serve(upstream.url))
    assert (400, "context_length_exceeded") == (answer.status, answer.error["code"])


def test_an_error_after_content_is_an_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    upstream.default = sse(*chat_chunks("some words")[:-2], Pause(0.1), broken, done=False)
    checked = streamed(gateway, model := serve(upstream.url))
    assert ("response.failed", "server_error") == (checked.kinds[-1], checked.response["error"]["code"])
    assert "response.output_text.delta" in checked.kinds
    (record,) = gateway.books.records(model)
    assert "cut_off" == record.outcome


def test_a_failover_does_not_show(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The first one has begun before it fails; nothing of it may be left in the second one's stream."""
    begun = chat_chunk({"role": "assistant", "content": ""})
    with Upstream(sse(begun, {"error": {"message": "died", "type": "server_error"}}, done=False)) as broken:
        checked = streamed(gateway, serve(broken.url, upstream.url))
    assert (TEXT, 1) == (text_of(checked.response), len(checked.output))


def test_a_client_that_leaves_is_settled(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
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


def test_the_console_sees_codex(gateway: Gateway) -> None:
    token = gateway.admin("POST", "/tokens", {"name": "seen-codex"}).json()
    gateway.post(request("demo"), PATH, token["key"], **{"user-agent": "codex_exec/0.169.0 (Linux)"})
    seen = gateway.admin("GET", f"/tokens/{token['id']}/sighting").json()
    assert ("codex_exec/0.169.0", PATH, None) == (seen["client"], seen["path"], seen["error"])


def test_codex_finds_an_empty_list_in_its_own_shape(gateway: Gateway) -> None:
    answer = raw_request(gateway.url, "GET", "/v1/models?client_version=0.169.0", gateway.headers())
    assert {"models": []} == msgspec.json.decode(answer.body)


def test_the_demo_calls_a_tool_of_codex(gateway: Gateway) -> None:
    assert ["exec_command"] == [item["name"] for item in streamed(gateway, "demo", **CODEX).output]


LEGACY = {"name": "f", "arguments": '{"a":1}'}


def test_a_legacy_call_in_a_whole_answer_is_a_function_call(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """K20: models that know `functions` alone answered nothing."""
    body = chat_body("")
    body["choices"][0] |= {"message": {"role": "assistant", "content": None, "function_call": LEGACY}}
    body["choices"][0]["finish_reason"] = "function_call"
    upstream.default = json_answer(200, body)
    (call,) = whole(gateway, serve(("openai", upstream.url)))["output"]
    assert ("function_call", "f", '{"a":1}', True) == (
        call["type"],
        call["name"],
        call["arguments"],
        bool(call["call_id"]),
    )


def test_a_legacy_call_in_a_stream_is_a_function_call(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(
        chat_chunk({"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ""}}),
        chat_chunk({"function_call": {"arguments": '{"a"'}}),
        chat_chunk({"function_call": {"arguments": ":1}"}}),
        chat_chunk({}, "function_call"),
    )
    (call,) = streamed(gateway, serve(("openai", upstream.url))).response["output"]
    assert ("function_call", "f", '{"a":1}') == (call["type"], call["name"], call["arguments"])


def test_a_context_of_reasoning_that_chat_cannot_say_is_named(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """K21."""
    answer = ask(gateway, serve(("openai", upstream.url)), reasoning={"effort": "low", "context": "auto"})
    assert (200, "reasoning.context") == (answer.status, answer.header("x-aihub-dropped-params"))
