"""Requests that point at what was answered before, as OpenAI's clients send them unless they are told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.served.responses import PATH, TEXT, ask, asking, message, native_stream, response, streamed, text_of, whole
from tests.served.responses import healthy as healthy_native
from tests.served.responses.conftest import NATIVE, Serve
from tests.served.responses.test_tool_loops import SIGNATURE, claude, gemini
from tests.support.gateway import Gateway
from tests.support.rawclient import Answer
from tests.support.rawclient import request as raw_request
from tests.support.upstream.answers import (
    USAGE,
    chat_answer,
    chat_chunk,
    chat_chunks,
    chat_stream,
    error_answer,
    json_answer,
    sse,
)
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause, Script

HELLO: dict[str, Any] = {"role": "user", "content": "Hello"}
MORE: dict[str, Any] = {"role": "user", "content": "And then?"}
TOOL = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
CUSTOM = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
NAMES_STORE = "'store' set to false"
INCLUDE = ["reasoning.encrypted_content"]
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def healthy_gemini(received: Request) -> Script:
    if received.method == "GET":
        return json_answer(200, {"models": []})
    return gemini({"text": TEXT}, stream="stream" in received.path)


KINDS: dict[str, tuple[str, Any]] = {
    "chat": ("openai", None),
    "native": (NATIVE, healthy_native),
    "anthropic": ("anthropic", claude),
    "gemini": ("gemini", healthy_gemini),
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def model_of(serve: Serve, upstream: Upstream) -> Callable[[str], str]:
    """A model behind a kind of upstream."""

    def served(kind: str) -> str:
        provider, default = KINDS[kind]
        if default is not None:
            upstream.default = default
        name = {"anthropic": "claude-sonnet-5-5", "gemini": "gemini-3-pro"}.get(kind, "upstream-model")
        return serve((provider, upstream.url), upstream_model=name)

    return served


def turn(gateway: Gateway, model: str, *, stream: bool = False, **fields: Any) -> dict[str, Any]:
    """The response of an answer."""
    if stream:
        return streamed(gateway, model, **fields).response
    return whole(gateway, model, **fields)


def refused(gateway: Gateway, model: str, key: str | None = None, **fields: Any) -> tuple[int, str, bool]:
    """How a request is refused, and whether its client is told what to do instead."""
    answer = ask(gateway, model, key, **fields)
    assert "error" in answer.json(), answer.body
    return answer.status, answer.error["code"], NAMES_STORE in answer.error["message"]


LOST = (400, "previous_response_not_found", True)
LOST_ITEM = (400, "invalid_request", True)


def lost(gateway: Gateway, model: str, first: dict[str, Any], key: str | None = None) -> bool:
    """Whether neither a response nor an item of it is found."""
    told = [refused(gateway, model, key, previous_response_id=first["id"])]
    said = [item for item in first["output"] if item["type"] != "reasoning"]
    told += [refused(gateway, model, key, input=[*references([item]), MORE]) for item in said]
    return told == [LOST, *[LOST_ITEM] * len(said)]


def references(output: list[dict[str, Any]], *, short: bool = False) -> list[dict[str, Any]]:
    """The items of an output as clients point at them."""
    if short:
        return [{"id": item["id"]} for item in output]
    return [{"type": "item_reference", "id": item["id"]} for item in output]


@STREAMED
@EVERY_KIND
def test_a_request_that_points_at_an_answer_is_the_one_that_it_stands_for(
    gateway: Gateway, upstream: Upstream, model_of: Callable[[str], str], kind: str, stream: bool
) -> None:
    """All of it goes upstream, however a client says it; nobody there has to know an id of ours."""
    model = model_of(kind)
    tools = [TOOL if kind == "native" else CUSTOM]
    fields: dict[str, Any] = {"tools": tools, "include": INCLUDE}
    first = turn(gateway, model, stream=stream, input=[HELLO], **fields)
    called = [item["call_id"] for item in first["output"] if "call_id" in item]
    later = [*({"type": "custom_tool_call_output", "call_id": call, "output": "done"} for call in called), MORE]
    said: list[dict[str, Any]] = [
        {"input": [HELLO, *first["output"], *later], "store": False},
        {"input": later, "previous_response_id": first["id"]},
        {"input": [HELLO, *references(first["output"]), *later]},
        {"input": [HELLO, *references(first["output"], short=True), *later], "store": False},
    ]
    sent = []
    for each in said:
        assert "completed" == whole(gateway, model, **fields, **each)["status"]
        body = upstream.chats[-1].json()
        body.pop("store", None)
        sent.append(body)
    assert [sent[0]] * 4 == sent


@STREAMED
@EVERY_KIND
def test_a_conversation_goes_on_from_answer_to_answer(
    gateway: Gateway, upstream: Upstream, model_of: Callable[[str], str], kind: str, stream: bool
) -> None:
    model = model_of(kind)
    said: list[dict[str, Any]] = []
    previous = None
    for number in range(3):
        mine = {"role": "user", "content": f"Question {number}"}
        fields: dict[str, Any] = {"input": mine["content"], "previous_response_id": previous, "include": INCLUDE}
        answer = turn(gateway, model, stream=stream, **fields)
        assert (previous, True) == (answer.get("previous_response_id"), answer["store"])
        said += [mine, *answer["output"]]
        previous = answer["id"]
    last = upstream.chats[-1].json()
    turn(gateway, model, stream=stream, input=said[: len(said) - len(answer["output"])], store=False)
    inline = upstream.chats[-1].json()
    (name,) = {"input", "messages", "contents"} & last.keys()
    assert inline[name] == last[name]


def test_instructions_are_not_carried_over(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """As OpenAI documents it; what an item of the input tells the model is."""
    model = serve(upstream.url)
    told = {"role": "developer", "content": "Rhyme."}
    first = whole(gateway, model, instructions="Be brief.", input=[told, HELLO])
    whole(gateway, model, instructions="Be polite.", previous_response_id=first["id"], input="More")
    messages = upstream.chats[-1].json()["messages"]
    assert ["Be polite.\n\nRhyme.", "Hello", TEXT, "More"] == [entry["content"] for entry in messages]


def test_a_request_may_add_nothing_of_its_own(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model)
    body = {"model": model, "previous_response_id": first["id"]}
    assert 200 == gateway.post(body, PATH).status
    assert ["user", "assistant"] == [entry["role"] for entry in upstream.chats[-1].json()["messages"]]


def test_both_ways_of_pointing_go_together(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    first, other = whole(gateway, model), whole(gateway, model)
    whole(gateway, model, previous_response_id=first["id"], input=[*references(other["output"]), MORE])
    assert ["user", "assistant", "assistant", "user"] == [
        entry["role"] for entry in upstream.chats[-1].json()["messages"]
    ]


@STREAMED
def test_claudes_thinking_comes_back_with_an_item_that_is_pointed_at(
    gateway: Gateway, upstream: Upstream, model_of: Callable[[str], str], stream: bool
) -> None:
    """Also to a client that has not asked for `reasoning.encrypted_content`, and never sees it."""
    model = model_of("anthropic")
    first = turn(gateway, model, stream=stream, input=[HELLO], tools=[CUSTOM])
    assert ["reasoning", "custom_tool_call"] == [item["type"] for item in first["output"]]
    assert "encrypted_content" not in first["output"][0]
    result = {"type": "custom_tool_call_output", "call_id": first["output"][1]["call_id"], "output": "done"}
    whole(gateway, model, input=[HELLO, *references(first["output"]), result], tools=[CUSTOM])
    answer = upstream.chats[-1].json()["messages"][1]["content"]
    assert ["thinking", "tool_use"] == [block["type"] for block in answer]
    assert SIGNATURE == answer[0]["signature"]


def test_geminis_signature_comes_back_with_a_response_that_is_gone_on_from(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    call = {"functionCall": {"name": "apply_patch", "args": {"input": "*** Begin"}}, "thoughtSignature": SIGNATURE}
    upstream.default = gemini(call, stream=False)
    model = serve(("gemini", upstream.url), upstream_model="gemini-3-pro")
    first = whole(gateway, model, input=[HELLO], tools=[CUSTOM])
    (call_id,) = (item["call_id"] for item in first["output"] if "call_id" in item)
    result = {"type": "custom_tool_call_output", "call_id": call_id, "output": "done"}
    whole(gateway, model, previous_response_id=first["id"], input=[result], tools=[CUSTOM])
    (turned,) = (content for content in upstream.chats[-1].json()["contents"] if content["role"] == "model")
    assert [SIGNATURE] == [part.get("thoughtSignature") for part in turned["parts"]]


@STREAMED
def test_a_loop_of_tools_goes_round_by_references(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    calls = [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}]
    upstream.enqueue(sse(chat_chunk({"tool_calls": calls}), chat_chunk({}, "tool_calls")), chat_stream())
    model = serve(upstream.url)
    first = streamed(gateway, model, input=[HELLO], tools=[TOOL]).response
    result = {"type": "function_call_output", "call_id": "c1", "output": "seen"}
    if not stream:
        upstream.default = chat_answer()
    turn(gateway, model, stream=stream, input=[HELLO, *references(first["output"]), result], tools=[TOOL])
    _, call, answer = upstream.chats[-1].json()["messages"]
    assert ("c1", "c1", "seen") == (call["tool_calls"][0]["id"], answer["tool_call_id"], answer["content"])


@EVERY_KIND
def test_another_token_is_told_the_same_as_of_what_never_was(
    gateway: Gateway, model_of: Callable[[str], str], kind: str
) -> None:
    model = model_of(kind)
    first = whole(gateway, model)
    stranger = gateway.add_token()
    assert lost(gateway, model, first, stranger)
    assert LOST == refused(gateway, model, stranger, previous_response_id="resp_none")
    assert LOST_ITEM == refused(gateway, model, stranger, input=[{"type": "item_reference", "id": "msg_none"}])
    assert 200 == ask(gateway, model, previous_response_id=first["id"]).status


@EVERY_KIND
def test_an_answer_to_a_request_that_says_so_is_not_kept(
    gateway: Gateway, model_of: Callable[[str], str], kind: str
) -> None:
    model = model_of(kind)
    first = whole(gateway, model, store=False)
    assert lost(gateway, model, first)


def test_a_request_whose_own_answer_is_not_kept_may_point_at_one_that_is(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model)
    second = whole(gateway, model, previous_response_id=first["id"], store=False)
    assert (False, first["id"]) == (second["store"], second["previous_response_id"])
    assert lost(gateway, model, second)


@pytest.mark.parametrize("change", ["rotated", "deleted"])
def test_what_was_said_with_a_key_is_gone_with_it(
    gateway: Gateway, serve: Serve, upstream: Upstream, change: str
) -> None:
    model = serve(upstream.url)
    token = gateway.admin("POST", "/tokens", {"name": f"kept-{change}"}).json()
    first = ask(gateway, model, token["key"]).json()
    if change == "rotated":
        token = gateway.admin("POST", f"/tokens/kept-{change}/rotate", {}).json()
    else:
        assert gateway.admin("DELETE", f"/tokens/kept-{change}").status < 300
        token = gateway.admin("POST", "/tokens", {"name": f"kept-{change}"}).json()
    gateway.secrets.append(token["key"])
    assert lost(gateway, model, first, token["key"])


def test_after_a_restart_nothing_is_found_and_the_refusal_says_what_to_send(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model)
    gateway.restart()
    assert lost(gateway, model, first)
    assert TEXT == text_of(whole(gateway, model, input=[HELLO, *first["output"], MORE], store=False))


@pytest.mark.parametrize("kind", ["chat", "native"])
def test_a_stream_that_fails_midway_is_not_kept(gateway: Gateway, serve: Serve, upstream: Upstream, kind: str) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    failed = response("failed", error={"code": "server_error", "message": "died"})
    item = {"type": "response.output_item.done", "output_index": 0, "item": message()}
    delta = {"type": "response.output_text.delta", "item_id": "msg_up", "delta": "a", "output_index": 0}
    if kind == "native":
        upstream.default = native_stream(
            {"type": "response.created", "response": response("in_progress")},
            {"type": "response.output_item.added", "output_index": 0, "item": message(status="in_progress")},
            {**delta, "content_index": 0},
            item,
            Pause(0.1),
            {"type": "response.failed", "response": failed},
        )
    else:
        upstream.default = sse(*chat_chunks("some words")[:-2], Pause(0.1), broken, done=False)
    model = serve((KINDS[kind][0], upstream.url))
    answer = gateway.post({"model": model, "input": "Hi", "stream": True}, PATH)
    assert b"response.failed" in answer.body
    ids = {word for word in answer.body.decode().split('"') if word.startswith(("resp_", "msg_"))}
    assert 2 <= len(ids)
    for each in ids:
        gone: dict[str, Any] = {"input": [{"type": "item_reference", "id": each}]}
        if each.startswith("resp_"):
            gone = {"previous_response_id": each}
        assert 400 == ask(gateway, model, **gone).status


def test_an_answer_whose_client_left_is_not_kept(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(*chat_chunks("a few words that were said")[:-2], Pause(30), done=False)
    model = serve(upstream.url)
    with asking(gateway, model) as reading:
        first = next(reading.events()).data.decode()
        reading.connection.close()
    upstream.wait_closed()
    gateway.wait_status(5, in_flight=0, open_holds=0)
    (response_id,) = {word for word in first.split('"') if word.startswith("resp_")}
    assert LOST == refused(gateway, model, previous_response_id=response_id)


def test_an_operator_turns_it_off_and_on(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model)
    try:
        assert 200 == gateway.admin("PATCH", "/settings", {"keep_answers": "off"}).status
        assert lost(gateway, model, first)
        second = whole(gateway, model)
        assert second["store"] is False
    finally:
        assert 200 == gateway.admin("PATCH", "/settings", {"keep_answers": None}).status
    assert lost(gateway, model, first)
    assert lost(gateway, model, second)
    assert 200 == ask(gateway, model, previous_response_id=whole(gateway, model)["id"]).status


def delete(gateway: Gateway, response_id: str, key: str | None = None) -> Answer:
    return raw_request(gateway.url, "DELETE", f"{PATH}/{response_id}", gateway.headers(key))


def test_a_client_has_its_answer_forgotten(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model)
    stranger = delete(gateway, first["id"], gateway.add_token())
    assert (404, "not_found") == (stranger.status, stranger.error["code"])
    answer = delete(gateway, first["id"])
    assert (200, {"id": first["id"], "object": "response", "deleted": True}) == (answer.status, answer.json())
    assert lost(gateway, model, first)
    assert 404 == delete(gateway, first["id"]).status


def test_a_prompt_is_counted_with_all_that_it_points_at(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """By our own count, which is what a request is held for and what is charged where the upstream says nothing."""
    upstream.default = chat_stream(usage=None)
    model = serve(upstream.url)
    first = streamed(gateway, model, input="word " * 4_000).response
    streamed(gateway, model, input="And?", previous_response_id=first["id"])
    before, after = gateway.books.records(model)
    assert (True, "estimated") == (after.prompt_tokens > before.prompt_tokens > 2_000, after.usage_source)


def test_a_quota_is_held_for_all_that_a_small_request_points_at(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(upstream.url)
    key = gateway.add_token(quota="0.06")
    first = ask(gateway, model, key, input="word " * 4_000, max_output_tokens=16).json()
    assert USAGE["prompt_tokens"] == first["usage"]["input_tokens"]
    small = {"max_output_tokens": 16, "input": "And?"}
    for _ in range(2):
        assert 200 == ask(gateway, model, key, **small).status
    fields = {**small, "previous_response_id": first["id"]}
    longer = ask(gateway, model, key, **fields).json()
    again: list[dict[str, Any]] = [{"type": "item_reference", "id": longer["output"][0]["id"]}]
    assert 200 == ask(gateway, model, key, **{**small, "input": [*again, HELLO]}).status
    many = {**fields, "previous_response_id": longer["id"], "input": "word " * 1_500}
    assert 402 == ask(gateway, model, key, **many).status


def test_an_id_of_ours_reaches_no_upstream(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """OpenAI looks for an item by its id where it is told one."""
    upstream.default = healthy_native
    talker, native = serve(upstream.url), serve((NATIVE, upstream.url))
    calls = [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}]
    deltas: list[dict[str, Any]] = [{"reasoning_content": "Hm"}, {"content": "Let me look."}, {"tool_calls": calls}]
    upstream.enqueue(sse(*(chat_chunk(delta) for delta in deltas), chat_chunk({}, "tool_calls")))
    first = streamed(gateway, talker, input=[HELLO], tools=[TOOL]).response
    assert ["reasoning", "message", "function_call"] == [item["type"] for item in first["output"]]
    result = {"type": "function_call_output", "call_id": "c1", "output": "seen"}
    for fields in (
        {"previous_response_id": first["id"], "input": [result]},
        {"input": [HELLO, *references(first["output"]), result]},
        {"input": [HELLO, *first["output"], result], "store": False},
    ):
        whole(gateway, native, tools=[TOOL], **fields)
        sent = upstream.chats[-1]
        assert (True, False) == (
            sent.path.endswith("/responses"),
            first["id"].removeprefix("resp_") in str(sent.json()),
        )
        kinds = [item.get("type", "message") for item in sent.json()["input"]]
        assert ["message", "message", "function_call", "function_call_output"] == kinds


@STREAMED
def test_a_thought_that_its_provider_has_not_stored_is_left_out_after_one_refusal(
    gateway: Gateway, serve: Serve, upstream: Upstream, stream: bool
) -> None:
    """What a client has not had encrypted goes by its id: organisations without retention have none of it."""
    thought = {"id": "rs_0af1", "type": "reasoning", "summary": []}

    def unretained(received: Request) -> Script:
        if received.method == "GET":
            return json_answer(200, {"data": []})
        if any(item.get("type") == "reasoning" for item in received.json()["input"]):
            return error_answer(
                404, "Item with id 'rs_0af1' not found. Items are not persisted for Zero Data Retention."
            )
        if received.json().get("stream"):
            return healthy_native(received)
        return json_answer(200, response("completed", thought, message()))

    upstream.default = unretained
    model = serve((NATIVE, upstream.url))
    first = whole(gateway, model, input=[HELLO])
    answer = turn(gateway, model, stream=stream, previous_response_id=first["id"], input=[MORE])
    assert TEXT == text_of(answer)
    asked = [[item.get("type") for item in sent.json()["input"]] for sent in upstream.chats[1:]]
    assert [[None, "reasoning", "message", None], [None, "message", None]] == asked


@pytest.mark.parametrize("output", ["absent", "other ids"])
def test_items_are_found_by_the_ids_that_a_stream_told(
    gateway: Gateway, serve: Serve, upstream: Upstream, output: str
) -> None:
    """Some upstreams leave the output out of the last event, or give its items other ids there."""
    last = response("completed")
    if output == "other ids":
        last = response("completed", {**message(), "id": "msg_other"})
    upstream.default = native_stream(
        {"type": "response.created", "response": response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": message(status="in_progress")},
        {"type": "response.output_item.done", "output_index": 0, "item": message()},
        {"type": "response.completed", "response": last},
    )
    model = serve((NATIVE, upstream.url))
    assert 200 == gateway.post({"model": model, "input": "Hi", "stream": True}, PATH).status
    upstream.default = healthy_native
    for fields in ({"input": [*references([message()]), MORE]}, {"previous_response_id": "resp_up", "input": [MORE]}):
        whole(gateway, model, **fields)
        assert TEXT in str(upstream.chats[-1].json()["input"])


def test_a_conversation_that_points_is_summed_up_too(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    first = whole(gateway, model, input=[HELLO])
    answer = gateway.post({"model": model, "previous_response_id": first["id"], "input": [MORE]}, f"{PATH}/compact")
    assert (200, "response.compaction") == (answer.status, answer.json()["object"])
    said = [entry["content"] for entry in upstream.chats[-1].json()["messages"]]
    assert ["Hello", TEXT, "And then?"] == said[:3]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"previous_response_id": 3}, "previous_response_id"),
        ({"input": [{"type": "item_reference"}]}, "input[0].id"),
        ({"input": [HELLO, {"type": "item_reference", "id": "msg_none"}]}, "input[1]"),
    ],
)
def test_a_refusal_names_what_is_wrong(gateway: Gateway, fields: dict[str, Any], named: str) -> None:
    answer = ask(gateway, "demo", **fields)
    assert (400, True) == (answer.status, f"'{named}'" in answer.error["message"])


def test_reasoning_that_is_lost_is_done_without(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    whole(gateway, serve((NATIVE, native.url)), input=[HELLO, {"type": "item_reference", "id": "rs_none"}, message()])
    assert [None, "message"] == [item.get("type") for item in native.chats[-1].json()["input"]]
