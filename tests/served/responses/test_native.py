"""Upstreams that speak Responses themselves: nothing is changed but the model, and nothing is lost without them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.upstream.providers import PROVIDERS
from tests.served.responses import (
    PATH,
    TEXT,
    ask,
    asking,
    message,
    native_events,
    native_stream,
    request,
    response,
    streamed,
    text_of,
    whole,
)
from tests.served.responses.conftest import NATIVE, Serve
from tests.support.gateway import Gateway
from tests.support.upstream.answers import body_answer, chat_body, chat_stream, error_answer, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause, Script

CUSTOM = {"type": "custom", "name": "apply_patch"}
HTML = body_answer(200, b"<html></html>", "text/html")


def without_responses(status: int = 404) -> Any:
    """An upstream that can only chat."""

    def answer(received: Request) -> Script:
        if received.method == "GET":
            return json_answer(200, {"data": []})
        if received.path.endswith("/responses"):
            return error_answer(status, "Not Found" if status < 500 else "Not Implemented")
        return chat_stream() if received.json().get("stream") else json_answer(200, chat_body())

    return answer


def test_a_request_is_passed_on_but_for_the_models_name(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    model = serve((NATIVE, native.url))
    fields = {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"], "provider": {"sort": "price"}}
    whole(gateway, model, **fields)
    (sent,) = native.chats
    assert ("/responses", {**request("upstream-model"), **fields}) == (sent.path[-10:], sent.json())


def test_an_answer_is_passed_on_and_booked_but_for_the_models_name(
    gateway: Gateway, serve: Serve, native: Upstream
) -> None:
    model = serve((NATIVE, native.url))
    assert {**response("completed", message()), "model": model} == whole(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("responses", 10, 5, 200_000, "upstream") == (
        record.surface,
        record.prompt_tokens,
        record.completion_tokens,
        record.cost_nano,
        record.usage_source,
    )


def test_a_stream_is_passed_on_and_booked_but_for_the_models_name(
    gateway: Gateway, serve: Serve, native: Upstream
) -> None:
    model = serve((NATIVE, native.url))
    expected = native_events()
    for event in expected:
        if "response" in event:
            event["response"]["model"] = model
    answer = gateway.post(request(model, stream=True), PATH)
    events = [msgspec.json.decode(line[6:]) for line in answer.body.split(b"\n") if line.startswith(b"data: ")]
    assert expected == events
    (record,) = gateway.books.records(model)
    assert (10, 5, "upstream", "ok") == (
        record.prompt_tokens,
        record.completion_tokens,
        record.usage_source,
        record.outcome,
    )


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_without_this_api_is_asked_by_chat(
    gateway: Gateway, serve: Serve, upstream: Upstream, status: int, stream: bool
) -> None:
    upstream.default = without_responses(status)
    model = serve((NATIVE, upstream.url))
    answer = streamed(gateway, model).response if stream else whole(gateway, model)
    paths = [sent.path.removeprefix("/v1") for sent in upstream.chats]
    assert ("hello", ["/responses", "/chat/completions"]) == (text_of(answer)[:5], paths)
    (record,) = gateway.books.records(model)
    assert ["absent", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_page_of_html_is_followed_by_chat(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    chat = without_responses()
    upstream.default = lambda received: HTML if received.path.endswith("/responses") else chat(received)
    assert "hello" == text_of(whole(gateway, serve((NATIVE, upstream.url))))[:5]


def test_a_missing_endpoint_rests_no_channel(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = without_responses()
    model = serve((NATIVE, upstream.url))
    for _ in range(4):
        whole(gateway, model)
    assert 8 == len(upstream.chats)


def test_what_is_wrong_with_a_request_is_not_tried_again_as_chat(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = error_answer(400, "that is too much")
    answer = ask(gateway, serve((NATIVE, upstream.url)))
    assert (400, "that is too much", 1) == (answer.status, answer.error["message"], len(upstream.chats))


def test_a_key_that_may_not_use_this_api_may_still_chat(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    chat = without_responses()
    refusal = error_answer(403, "You have insufficient permissions. Missing scopes: api.responses.write")
    upstream.default = lambda received: refusal if received.path.endswith("/responses") else chat(received)
    model = serve((NATIVE, upstream.url))
    for _ in range(2):
        assert "hello" == text_of(whole(gateway, model))[:5]


def test_a_tool_that_the_upstream_does_not_know_becomes_a_function(
    gateway: Gateway, serve: Serve, native: Upstream
) -> None:
    native.default = without_responses()
    whole(gateway, serve((NATIVE, native.url)), tools=[CUSTOM])
    (sent,) = native.chats
    assert "function" == sent.json()["tools"][0]["type"]


def test_a_stream_that_fails_at_first_is_stood_in_for(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    failed = response("failed", error={"code": "server_error", "message": "died"})
    events = [*native_events()[:4], {"type": "response.failed", "response": failed, "sequence_number": 4}]
    with Upstream(native_stream(*events)) as broken:
        checked = streamed(gateway, serve((NATIVE, broken.url), (NATIVE, native.url)))
    assert TEXT == text_of(checked.response)


def test_a_failure_of_the_upstream_is_no_answer(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    failed = response("failed", error={"code": "rate_limit_exceeded", "message": "slow down"})
    with Upstream(json_answer(200, failed)) as broken:
        assert TEXT == text_of(whole(gateway, serve((NATIVE, broken.url), (NATIVE, native.url))))


def test_a_failure_after_content_is_told(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    failed = response("failed", error={"code": "server_error", "message": "died"})
    last = {"type": "response.failed", "response": failed, "sequence_number": 5}
    native.default = native_stream(*native_events()[:5], Pause(0.1), last)
    checked = streamed(gateway, model := serve((NATIVE, native.url)))
    assert ("failed", "server_error") == (checked.response["status"], checked.response["error"]["code"])
    (record,) = gateway.books.records(model)
    assert ("cut_off", True) == (record.outcome, record.completion_tokens > 0)


def test_a_stream_that_breaks_off_is_a_failed_response(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    native.default = native_stream(*native_events()[:-1])
    checked = streamed(gateway, serve((NATIVE, native.url)))
    assert "failed" == checked.response["status"]


def test_a_failover_works_to_chat_and_from_it(
    gateway: Gateway, serve: Serve, native: Upstream, upstream: Upstream
) -> None:
    with Upstream(error_answer(500, "broken")) as broken, Upstream() as chat:
        first = serve((NATIVE, broken.url), chat.url)
        second = serve(broken.url, (NATIVE, native.url))
        for model in (first, second):
            assert "hello" == text_of(streamed(gateway, model).response)[:5]


def test_reasoning_that_was_sealed_here_stays_here(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    ours = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "aihub-v1.e30"}
    theirs = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAAA"}
    hello = {"role": "user", "content": "hi"}
    whole(gateway, serve((NATIVE, native.url)), input=[ours, theirs, hello])
    assert [theirs, hello] == native.chats[0].json()["input"]


def test_a_client_that_leaves_is_settled(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    native.default = native_stream(*native_events()[:5], Pause(30))
    model = serve((NATIVE, native.url))
    with asking(gateway, model) as reading:
        events = reading.events()
        for _ in range(5):
            next(events)
        reading.connection.close()
    native.wait_closed()
    gateway.wait_status(5, in_flight=0, open_holds=0)
    (record,) = gateway.books.records(model)
    assert ("client_gone", "estimated", True) == (record.outcome, record.usage_source, record.completion_tokens > 0)


OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("provider", "base_url", "kinds", "passed"),
    [
        ("openai", OPENAI, {"custom", "namespace", "of_next_year"}, True),
        ("openai", "http://127.0.0.1:8080/v1", set(), False),
        ("xai", "https://api.x.ai/v1", {"web_search"}, True),
        ("xai", "https://api.x.ai/v1", {"namespace"}, False),
        ("xai", "https://proxy.test/v1", set(), True),
        ("deepseek", "https://api.deepseek.com", {"custom"}, True),
        ("openrouter", "https://openrouter.ai/api/v1", {"custom"}, False),
        ("ollama", "http://127.0.0.1:11434/v1", set(), False),
        ("anthropic", "https://api.anthropic.com/v1", set(), False),
    ],
)
def test_an_upstream_is_asked_only_for_tools_that_it_knows(
    provider: str, base_url: str, kinds: set[str], passed: bool
) -> None:
    assert passed == PROVIDERS[provider].answers(frozenset(kinds), base_url)


CALL = {
    "id": "fc_up",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"at":"sky"}',
}


def test_a_response_in_place_of_a_stream_becomes_one(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    """It was asked again as chat, which the upstream billed once more."""
    model = serve((NATIVE, native.url))
    reasoning = {"id": "rs_up", "type": "reasoning", "summary": [], "encrypted_content": "c2VhbGVk"}
    native.default = json_answer(200, response("completed", reasoning, message(), CALL))
    seen = streamed(gateway, model)
    assert (1, TEXT) == (len(native.chats), text_of(seen.response))
    assert [reasoning, message(), CALL] == seen.output
    (record,) = gateway.books.records(model)
    assert (10, 5, "upstream") == (record.prompt_tokens, record.completion_tokens, record.usage_source)


def test_a_stream_in_place_of_a_response_becomes_one(gateway: Gateway, serve: Serve, native: Upstream) -> None:
    model = serve((NATIVE, native.url))
    native.default = native_stream()
    answer = whole(gateway, model)
    assert (1, TEXT) == (len(native.chats), text_of(answer))
    (record,) = gateway.books.records(model)
    assert (10, 5, "upstream") == (record.prompt_tokens, record.completion_tokens, record.usage_source)


BOOM = response("failed", error={"code": "server_error", "message": "boom"})


@pytest.mark.parametrize("end", [[], [{"type": "response.failed", "response": BOOM}]])
def test_a_stream_without_its_end_is_no_response(
    gateway: Gateway, serve: Serve, native: Upstream, end: list[dict[str, Any]]
) -> None:
    model = serve((NATIVE, native.url))
    native.default = native_stream(*native_events()[:4], *end)
    assert 502 == ask(gateway, model).status
