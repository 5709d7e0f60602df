"""Anthropic behind and in front: what the client said and what it is told pass as they are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.messages import (
    HELLO,
    PATH,
    TEXT,
    ask,
    asking,
    claude_error,
    claude_events,
    claude_message,
    claude_stream,
    event_bytes,
    healthy,
    request,
    streamed,
    text_block,
    whole,
)
from tests.served.messages.conftest import Serve
from tests.support.checkers.messages import check_error
from tests.support.gateway import Gateway
from tests.support.rawclient import request as raw_request
from tests.support.upstream.answers import END_OF_BODY, error_answer, json_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause, Reset

WORDS: dict[str, Any] = {
    "system": [{"type": "text", "text": "x-anthropic-billing-header: a", "cache_control": {"type": "ephemeral"}}],
    "tools": [
        {"type": "web_search_20250305", "name": "web_search"},
        {"name": "f" * 100, "input_schema": {"type": "object"}, "eager_input_streaming": True},
    ],
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015"}]},
    "metadata": {"user_id": "user_a_session_b"},
    "of_next_year": {"null": None},
}


def test_every_word_of_the_clients_is_passed_on(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    model = serve(("anthropic", claude.url))
    assert TEXT == whole(gateway, model, **WORDS).text
    (sent,) = claude.chats
    assert (request("upstream-model", **WORDS), PATH) == (sent.json(), sent.path)


def test_headers_that_say_how_a_body_is_meant_are_passed_on(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    model = serve(("anthropic", claude.url))
    named = {"anthropic-version": "2026-10-21", "anthropic-beta": "a-2026-01-01,b-2026-01-01"}
    answer = gateway.post(request(model), f"{PATH}?beta=true", **named)
    assert 200 == answer.status
    ask(gateway, model)
    first, second = claude.chats
    assert named == {name: first.header(name) for name in named}
    assert ("2023-06-01", None) == (second.header("anthropic-version"), second.header("anthropic-beta"))
    assert gateway.key not in str(first.headers)


def test_betas_on_lines_of_their_own_are_passed_on_together(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    """As Anthropic's SDK for Go sends them."""
    lines = {"anthropic-beta": "a-2026-01-01", "Anthropic-Beta": "b-2026-01-01"}
    assert 200 == gateway.post(request(serve(("anthropic", claude.url))), PATH, **lines).status
    assert "a-2026-01-01,b-2026-01-01" == claude.chats[0].header("anthropic-beta")


def test_a_header_that_cannot_be_sent_is_refused_and_rests_no_channel(
    gateway: Gateway, serve: Serve, claude: Upstream
) -> None:
    model = serve(("anthropic", claude.url))
    for _ in range(6):
        answer = gateway.post(request(model), PATH, **{"anthropic-beta": "b\xfc"})
        assert (400, "invalid_request_error") == (answer.status, check_error(answer.body)["type"])
    assert TEXT == whole(gateway, model).text


def test_every_event_is_passed_on_but_for_the_models_name(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    model = serve(("anthropic", claude.url))
    expected = claude_events()
    expected[0]["message"]["model"] = model
    with asking(gateway, model) as reading:
        raw = b"".join(event.data for event in reading.events())
    lines = [line for line in raw.split(b"\n") if line.startswith(b"data: ")]
    assert [event_bytes(event).split(b"\n")[1].rstrip() for event in expected] == [line.rstrip() for line in lines]


def test_a_whole_answer_is_passed_on_but_for_the_models_name(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    message = claude_message({"type": "text", "text": "hi", "citations": None}, container={"id": "c"}, next_year=[1])
    claude.default = json_answer(200, message)
    answer = ask(gateway, model := serve(("anthropic", claude.url)))
    assert {**message, "model": model} == answer.json()


def test_a_native_answer_is_booked_for_its_usage(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 5, "output_tokens": 7}
    model = serve(("anthropic", claude.url))
    claude.default = json_answer(200, claude_message(usage=usage))
    assert usage == whole(gateway, model).usage
    claude.default = claude_stream()
    streamed(gateway, model, ours=False)
    first, second = gateway.books.records(model)
    counts = ("prompt_tokens", "cache_read_tokens", "cache_write_tokens", "completion_tokens")
    assert (35, 20, 5, 7) == tuple(getattr(first, name) for name in counts)
    assert (10, 0, 0, 5) == tuple(getattr(second, name) for name in counts)
    assert ("messages", "messages") == (first.surface, second.surface)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (413, "request_too_large"), (422, "invalid_request_error")],
)
def test_a_refusal_keeps_anthropics_own_words(
    gateway: Gateway, serve: Serve, claude: Upstream, status: int, kind: str
) -> None:
    claude.default = claude_error(status, kind, "max_tokens: too many")
    answer = ask(gateway, serve(("anthropic", claude.url)))
    error = check_error(answer.body)
    assert (status, kind, "max_tokens: too many") == (answer.status, error["type"], error["message"])


@pytest.mark.parametrize(("status", "kind"), [(401, "authentication_error"), (403, "permission_error")])
def test_a_fault_of_the_gateways_key_is_not_blamed_on_the_client(
    gateway: Gateway, serve: Serve, claude: Upstream, status: int, kind: str
) -> None:
    claude.default = claude_error(status, kind, "invalid x-api-key")
    answer = ask(gateway, serve(("anthropic", claude.url)))
    error = check_error(answer.body)
    assert (502, "api_error") == (answer.status, error["type"])
    assert "x-api-key" not in error["message"]


def test_asking_for_what_an_account_has_not_disables_no_key(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    model = serve(("anthropic", claude.url))
    claude.default = claude_error(403, "permission_error", "Your API key may not use fast mode.")
    assert 502 == ask(gateway, model, speed="fast").status
    claude.default = healthy
    assert TEXT == whole(gateway, model).text


def test_an_overloaded_account_is_stood_in_for(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    with Upstream() as other:
        model = serve(("anthropic", claude.url), other.url)
        claude.default = claude_error(529, "overloaded_error", "Overloaded")
        assert TEXT == streamed(gateway, model).text
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        claude.default = claude_stream(claude_events()[0], claude_events()[1], error)
        assert TEXT == streamed(gateway, model).text
        claude.default = claude_error(529, "overloaded_error", "Overloaded")
        assert TEXT == whole(gateway, model).text


def test_anthropic_stands_in_for_a_chat_upstream(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    with Upstream(error_answer(500, "broken")) as broken:
        model = serve(broken.url, ("anthropic", claude.url))
        assert TEXT == streamed(gateway, model, ours=False).text
        assert TEXT == whole(gateway, model).text


def test_an_error_after_content_is_told_and_charged_an_estimate(
    gateway: Gateway, serve: Serve, claude: Upstream
) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    claude.default = claude_stream(*claude_events()[:4], Pause(0.1), error)
    message = streamed(gateway, model := serve(("anthropic", claude.url)), ours=False)
    assert message.error is not None
    assert (TEXT, "api_error") == (message.text, message.error["type"])
    (record,) = gateway.books.records(model)
    assert ("cut_off", "estimated") == (record.outcome, record.usage_source)


@pytest.mark.parametrize("end", [Reset(), END_OF_BODY], ids=["reset", "clean"])
def test_half_a_stream_ends_in_an_error(gateway: Gateway, serve: Serve, claude: Upstream, end: Any) -> None:
    claude.default = claude_stream(*claude_events()[:4], Pause(0.1), end=(end,))
    message = streamed(gateway, serve(("anthropic", claude.url)), ours=False)
    assert message.error is not None


def test_a_stream_without_its_last_event_is_whole(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    claude.default = claude_stream(*claude_events()[:-1])
    assert "end_turn" == streamed(gateway, serve(("anthropic", claude.url)), ours=False).stop_reason


def test_thoughts_without_a_signature_are_kept_from_anthropic(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "text", "text": "Yes"},
    ]
    history = [HELLO, {"role": "assistant", "content": blocks}, HELLO]
    whole(gateway, serve(("anthropic", claude.url)), messages=history)
    assert [HELLO, {"role": "assistant", "content": blocks[1:]}, HELLO] == claude.chats[0].json()["messages"]


def test_what_only_anthropic_can_do_is_asked_of_nobody_else(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    uploaded = [{"role": "user", "content": [{"type": "container_upload", "file_id": "file_1"}]}]
    with Upstream() as other:
        model = serve(other.url, ("anthropic", claude.url))
        assert TEXT == whole(gateway, model, messages=uploaded).text
        assert [] == other.chats
        answer = ask(gateway, serve(other.url), messages=uploaded)
    assert (400, "messages[0].content[0]") == (answer.status, check_error(answer.body)["message"].split("'")[1])


def test_a_call_that_ran_at_anthropic_stays_in_the_answer(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    claude.default = claude_stream(
        *claude_events((ran, {"type": "input_json_delta", "partial_json": '{"query":"q"}'}), text_block())
    )
    message = streamed(gateway, serve(("anthropic", claude.url)), ours=False)
    assert [{**ran, "input": {"query": "q"}}, {"type": "text", "text": TEXT}] == message.content


def test_every_spelling_of_the_path_is_answered(gateway: Gateway, serve: Serve, claude: Upstream) -> None:
    model = serve(("anthropic", claude.url))
    for path in ("/messages", "/v1/v1/messages", "//v1//messages/", f"{PATH}?beta=true"):
        headers = {"x-api-key": gateway.key, "content-type": "application/json"}
        content = b'{"model":"%b","max_tokens":9,"messages":[{"role":"user","content":"x"}]}' % model.encode()
        answer = raw_request(gateway.url, "POST", path, headers, content)
        assert (200, "message") == (answer.status, answer.json()["type"]), path
