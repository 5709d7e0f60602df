"""What a client of Messages meets at the door, whoever stands behind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.web.app import create_app
from tests.served.messages import HELLO, PATH, TEXT, ask, asking, claude_message, request, streamed, whole
from tests.served.messages.conftest import Serve
from tests.support.asgi import post
from tests.support.checkers.messages import check_error
from tests.support.gateway import Gateway
from tests.support.inprocess import MODEL, open_house
from tests.support.process import SCALED
from tests.support.rawclient import request as raw_request
from tests.support.upstream.answers import (
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

COUNT = f"{PATH}/count_tokens"


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """A limit on bodies that a test can reach."""
    return {**SCALED, "max_body_bytes": 100_000}


def test_a_chat_upstreams_answer_is_a_message(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    for message in (whole(gateway, model), streamed(gateway, model)):
        assert (TEXT, model, "end_turn") == (message.text, message.model, message.stop_reason)
        assert (10, 5) == (message.usage["input_tokens"], message.usage["output_tokens"])
    first, second = gateway.books.records(model)
    assert ("messages", False, 200_000) == (first.surface, bool(first.row["streamed"]), first.cost_nano)
    assert (True, 200_000, "upstream") == (bool(second.row["streamed"]), second.cost_nano, second.usage_source)


def test_an_upstream_without_usage_leaves_the_client_an_estimate(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = chat_stream(usage=None)
    message = streamed(gateway, model := serve(upstream.url))
    (record,) = gateway.books.records(model)
    usage = (message.usage["input_tokens"], message.usage["output_tokens"])
    assert (record.prompt_tokens, record.completion_tokens) == usage
    assert ("estimated", True) == (record.usage_source, record.completion_tokens > 0)


def test_an_answer_bears_the_id_of_its_request(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url))
    assert answer.header("x-request-id") == answer.header("request-id")
    assert f"msg_{answer.header('request-id')}" == answer.json()["id"]


def refused(answer: Any, status: int, kind: str) -> dict[str, Any]:
    error = check_error(answer.body)
    assert (status, kind) == (answer.status, error["type"]), answer.body
    assert "application/json" == answer.header("content-type")
    return error


def test_a_wrong_key_is_an_authentication_error(gateway: Gateway) -> None:
    answer = gateway.post(request("demo"), PATH, "sk-wrong")
    refused(answer, 401, "authentication_error")
    assert answer.header("request-id") == answer.json()["request_id"]


def test_a_spent_quota_is_a_billing_error(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    answer = ask(gateway, serve(upstream.url), gateway.add_token(quota="0.000001"))
    assert "insufficient_user_quota" == refused(answer, 402, "billing_error")["code"]


def test_a_model_that_is_not_allowed_is_a_permission_error(gateway: Gateway) -> None:
    refused(ask(gateway, "demo", gateway.add_token(models=["other"])), 403, "permission_error")


def test_another_method_is_an_invalid_request_error(gateway: Gateway) -> None:
    refused(raw_request(gateway.url, "GET", PATH, gateway.headers()), 405, "invalid_request_error")


def test_a_body_that_is_too_large_is_a_request_too_large(gateway: Gateway) -> None:
    refused(gateway.post(b"x" * 100_001, PATH), 413, "request_too_large")


def test_a_limit_is_a_rate_limit_error_that_says_when_to_return(gateway: Gateway) -> None:
    key = gateway.add_token(rpm=1)
    ask(gateway, "demo", key)
    answer = ask(gateway, "demo", key)
    refused(answer, 429, "rate_limit_error")
    assert int(answer.header("retry-after") or 0) >= 1


def test_a_model_that_nobody_has_is_not_to_be_asked_for_again(gateway: Gateway) -> None:
    answer = ask(gateway, "no-such-model")
    assert "model_not_found" == refused(answer, 404, "not_found_error")["code"]
    assert "false" == answer.header("x-should-retry")


def test_a_request_without_a_limit_is_refused(gateway: Gateway) -> None:
    answer = gateway.post({"model": "demo", "messages": [HELLO]}, PATH)
    assert "max_tokens" in refused(answer, 400, "invalid_request_error")["message"]


def test_an_upstreams_refusal_of_a_long_prompt_says_so_in_anthropics_words(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = error_answer(400, "maximum context length is 9 tokens", "context_length_exceeded")
    error = refused(ask(gateway, serve(upstream.url)), 400, "invalid_request_error")
    assert ("context_length_exceeded", True) == (error["code"], error["message"].startswith("prompt is too long"))


def test_an_upstream_that_fails_is_an_api_error(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = error_answer(500, "broken")
    refused(ask(gateway, serve(upstream.url)), 502, "api_error")


def test_an_error_after_content_is_an_event(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    upstream.default = sse(*chat_chunks("some words")[:-2], Pause(0.1), broken, done=False)
    message = streamed(gateway, model := serve(upstream.url))
    assert message.error is not None
    assert ("some words", "api_error") == (message.text, message.error["type"])
    (record,) = gateway.books.records(model)
    assert "cut_off" == record.outcome


def test_a_failover_does_not_show(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """The first one has begun before it fails; nothing of it may be left in the second one's stream."""
    begun = chat_chunk({"role": "assistant", "content": ""})
    with Upstream(sse(begun, {"error": {"message": "died", "type": "server_error"}}, done=False)) as broken:
        message = streamed(gateway, serve(broken.url, upstream.url))
    assert ([{"type": "text", "text": TEXT}], 0) == (message.content, message.pings)


def test_what_was_left_out_is_told(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    answer = ask(gateway, serve(upstream.url), tools=[search], top_k=5)
    assert "tools.web_search_20250305,top_k" == answer.header("x-aihub-dropped-params")


def test_a_model_is_told_to_think_as_far_as_it_can(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    thinking: dict[str, Any] = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}
    whole(gateway, serve(upstream.url, upstream_model="gpt-4o"), **thinking)
    whole(gateway, serve(upstream.url, upstream_model="gpt-5"), **thinking)
    whole(gateway, serve(upstream.url, upstream_model="gpt-5"), thinking={"type": "disabled"})
    whole(gateway, serve(upstream.url, upstream_model="gpt-5.1"), thinking={"type": "disabled"})
    assert [None, "high", None, "none"] == [sent.json().get("reasoning_effort") for sent in upstream.chats]


def test_cache_marks_go_to_who_reads_them(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    marked = [{"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}]
    whole(gateway, serve(("openrouter", upstream.url)), system=marked)
    whole(gateway, serve(("deepseek", upstream.url)), system=marked)
    assert [marked, "long"] == [sent.json()["messages"][0]["content"] for sent in upstream.chats]


def test_thoughts_come_back_to_who_wants_them(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    call = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}
    thought = chat_chunk({"reasoning_content": "Hm"})
    finish = chat_chunk({}, "tool_calls")
    upstream.default = sse(thought, chat_chunk(call), finish, usage_chunk())
    model = serve(("deepseek", upstream.url))
    message = streamed(gateway, model, tools=[{"name": "f", "input_schema": {"type": "object"}}])
    assert ["thinking", "tool_use"] == [block["type"] for block in message.content]
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "done"}]}
    streamed(gateway, model, messages=[HELLO, {"role": "assistant", "content": message.content}, result])
    function = {"name": "f", "arguments": "{}"}
    assert [
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "Hm",
            "tool_calls": [{"id": "c", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c", "content": "done"},
    ] == upstream.chats[-1].json()["messages"][1:]


def test_thoughts_that_an_upstream_is_not_told_are_named_on_both_surfaces(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """A compatible server by its base URL is told them; Mistral refuses the field."""
    compatible = serve(upstream.url)
    mistral = serve(("mistral", upstream.url))
    thought = {"type": "thinking", "thinking": "Hm", "signature": ""}
    turn = {"role": "assistant", "content": [thought, {"type": "text", "text": "Hi"}]}
    said = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}

    named = []
    for model in (compatible, mistral):
        answers = [ask(gateway, model, messages=[HELLO, turn, HELLO])]
        answers.append(gateway.post({"model": model, "messages": [HELLO, said, HELLO]}))
        named += [answer.header("x-aihub-dropped-params") for answer in answers]

    assert [None, None, "messages.reasoning_content", "messages.reasoning_content"] == named
    bare = {"role": "assistant", "content": "Hi"}
    assert [said, said, bare, bare] == [sent.json()["messages"][1] for sent in upstream.chats]


def test_counting_tokens_costs_nothing(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    answer = gateway.post({"model": model, "messages": [{"role": "user", "content": "x" * 400}]}, COUNT)
    assert (200, {"input_tokens": 104}) == (answer.status, answer.json())
    assert ([], []) == (upstream.chats, gateway.books.records(model))


def test_bodies_to_count_take_a_place_as_requests_do(tmp_path: Path) -> None:
    async def story() -> tuple[int, str]:
        async with open_house(tmp_path / "data", create_app, max_in_flight=1) as house:
            _, key = await house.add_token()
            body = {"model": "demo", "messages": [HELLO]}
            with house.gateway.flights.slot():
                call = post(COUNT, key, body)
                await call.start(house.app).served()
            return call.status, check_error(b"".join(call.pieces))["type"]

    assert (503, "overloaded_error") == asyncio.run(story())


def test_counting_tokens_needs_a_key_and_keeps_to_its_limit(gateway: Gateway) -> None:
    body = {"model": "demo", "messages": [HELLO]}
    refused(gateway.post(body, COUNT, "sk-wrong"), 401, "authentication_error")
    key = gateway.add_token(rpm=1)
    assert 200 == gateway.post(body, COUNT, key).status
    refused(gateway.post(body, COUNT, key), 429, "rate_limit_error")
    refused(gateway.post({"model": "demo"}, COUNT), 400, "invalid_request_error")
    refused(gateway.post({**body, "model": "no-such"}, COUNT), 404, "not_found_error")


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("HEAD", "/api/hello"), ("GET", "/api/hello")])
def test_claude_code_finds_somebody_at_home(gateway: Gateway, method: str, path: str) -> None:
    answer = raw_request(gateway.url, method, path, {})
    assert (200, True) == (answer.status, len(answer.body) < 10)


def test_only_a_browser_is_sent_from_the_bare_address_to_a_page(gateway: Gateway) -> None:
    assert 404 == raw_request(gateway.url, "GET", "/", {"accept": "*/*"}).status
    assert 303 == raw_request(gateway.url, "GET", "/", {"accept": "text/html"}).status


@pytest.mark.parametrize("path", ["/api/event_logging/batch", "/api/event_logging/v2/batch"])
def test_what_claude_code_says_of_itself_is_taken_up_to_a_megabyte(gateway: Gateway, path: str) -> None:
    answer = gateway.post(b'{"events": []}', path, "")
    assert (200, b"{}") == (answer.status, answer.body)
    assert 413 == gateway.post(b"x" * (1024 * 1024 + 1), path, "").status


def test_claude_code_finds_models_in_anthropics_shape(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    headers = {**gateway.headers(), "anthropic-version": "2023-06-01"}
    page = raw_request(gateway.url, "GET", "/v1/models?limit=1000", headers).json()
    entry = next(listed for listed in page["data"] if listed["id"] == model)
    assert (False, page["data"][0]["id"], page["data"][-1]["id"]) == tuple(
        page[name] for name in ("has_more", "first_id", "last_id")
    )
    assert ("model", model) == (entry["type"], entry["display_name"])
    assert entry == raw_request(gateway.url, "GET", f"/v1/models/{model}", headers).json()
    plain = raw_request(gateway.url, "GET", f"/v1/models/{model}", gateway.headers()).json()
    assert {"type", "display_name", "created_at"} == entry.keys() - plain.keys()


def test_the_console_sees_claude_code(gateway: Gateway) -> None:
    token = gateway.admin("POST", "/tokens", {"name": "seen-by-console"}).json()
    gateway.post(request("demo"), PATH, token["key"], **{"user-agent": "claude-cli/2.1.330 (external, cli)"})
    seen = gateway.admin("GET", f"/tokens/{token['id']}/sighting").json()
    assert ("claude-cli/2.1.330", PATH, None) == (seen["client"], seen["path"], seen["error"])


def test_a_strict_operator_refuses_what_would_be_left_out(tmp_path: Path) -> None:
    async def story() -> tuple[int, bytes]:
        async with open_house(tmp_path / "data", create_app, strict=True) as house:
            await house.add_channel()
            _, key = await house.add_token()
            call = post(PATH, key, request(MODEL, tools=[{"type": "bash_20250124", "name": "bash"}]))
            await call.start(house.app).served()
            return call.status, b"".join(call.pieces)

    status, body = asyncio.run(story())
    assert (400, True) == (status, "tools.bash_20250124" in check_error(body)["message"])


def test_a_client_that_leaves_is_settled(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(*chat_chunks("a few words that were said")[:-2], Pause(30), done=False)
    model = serve(upstream.url)
    with asking(gateway, model) as reading:
        events = reading.events()
        for _ in range(5):
            next(events)
        reading.connection.close()
    upstream.wait_closed()
    gateway.wait_status(5, in_flight=0, open_holds=0)
    (record,) = gateway.books.records(model)
    assert ("client_gone", "estimated", True) == (record.outcome, record.usage_source, record.charge_nano > 0)


def test_nonsense_of_a_chat_upstream_is_no_message(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = json_answer(200, claude_message())
    refused(ask(gateway, serve(upstream.url)), 502, "api_error")


def test_a_prompt_too_long_for_perplexity_is_one_on_every_surface(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    """K18: Claude Code compacts a conversation only where it reads Anthropic's words."""
    error = {"message": "The total length of all messages is too long.", "type": "too_many_prompt_tokens", "code": 400}
    upstream.default = json_answer(400, {"error": error})
    model = serve(("openai", upstream.url))
    assert ask(gateway, model).json()["error"]["message"].startswith("prompt is too long: ")
    assert "context_length_exceeded" == gateway.chat(model).error["code"]
