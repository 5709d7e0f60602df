"""Completions from before chat, and fill-in-the-middle: streamed, metered and cut like chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from tests.served.endpoints import COMPLETIONS, ENVELOPE, FIM, WRITTEN, Endpoint
from tests.support import rawclient
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import Stream
from tests.support.upstream.answers import json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Hang

Serve = Callable[..., str]
both = pytest.mark.parametrize("endpoint", [COMPLETIONS, FIM], ids=["completions", "fim"])


def chunk(text: str, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {
        **ENVELOPE,
        "object": "text_completion",
        "choices": [{"index": index, "text": text, "finish_reason": finish}],
    }


def delta(text: str, finish: str | None = None) -> dict[str, Any]:
    """As Mistral streams fill-in-the-middle."""
    return {
        **ENVELOPE,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
    }


USAGE = {**ENVELOPE, "object": "text_completion", "choices": [], "usage": WRITTEN}
HEALTHY = [chunk("one "), chunk("two"), chunk("", "stop"), USAGE]


@contextmanager
def streaming(gateway: Gateway, endpoint: Endpoint, model: str, **more: Any) -> Iterator[Stream]:
    headers = gateway.headers()
    body = endpoint.body(model, stream=True, **more)
    with rawclient.stream(gateway.url, endpoint.path, headers, body) as stream:
        yield stream


def events_of(stream: Stream) -> list[Any]:
    payloads = rawclient.payloads(stream.events())
    return [payload.decode() if payload == b"[DONE]" else msgspec.json.decode(payload) for payload in payloads]


@both
def test_a_stream_ends_as_it_came_under_the_public_model(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(*HEALTHY)
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        *chunks, last = events_of(stream)
    assert ("[DONE]", ["one ", "two", ""]) == (last, [part["choices"][0]["text"] for part in chunks])
    assert {model} == {part["model"] for part in chunks}
    assert stream.clean
    assert "text/event-stream; charset=utf-8" == stream.head.header("content-type")


@both
@pytest.mark.parametrize("wants_usage", [True, False])
def test_usage_is_asked_for_upstream_and_shown_to_who_asked(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, wants_usage: bool
) -> None:
    upstream.default = sse(*HEALTHY)
    model = serve(upstream.url)
    with streaming(
        gateway, endpoint, model, **({"stream_options": {"include_usage": True}} if wants_usage else {})
    ) as stream:
        *chunks, _ = events_of(stream)
    assert {"include_usage": True} == upstream.chats[0].json()["stream_options"]
    totals = [part["usage"]["total_tokens"] for part in chunks if part.get("usage")]
    assert ([15] if wants_usage else []) == totals
    (record,) = gateway.books.records(model)
    assert ("upstream", 10, 5, True) == (
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
        bool(record.streamed),
    )


def test_deltas_of_fill_in_the_middle_are_counted(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(delta("a" * 20), delta("b" * 20, "stop"), done=False)
    model = serve(upstream.url)
    with streaming(gateway, FIM, model) as stream:
        *chunks, last = events_of(stream)
    (record,) = gateway.books.records(model)
    assert ("[DONE]", 2) == (last, len(chunks))
    assert ("ok", "estimated", 10) == (record.outcome, record.usage_source, record.completion_tokens)


@both
def test_a_stream_that_breaks_off_ends_in_an_error_and_is_charged(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("x" * 40), done=False, end=[Close()])
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        *_, last = events_of(stream)
    (record,) = gateway.books.records(model)
    assert "upstream_error" == last["error"]["code"]
    assert ("cut_off", "estimated", 10) == (record.outcome, record.usage_source, record.completion_tokens)
    assert record.charge_nano == record.prompt_tokens * 10_000 + 10 * 20_000


@both
def test_two_choices_are_over_when_both_are(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("a"), chunk("b", index=1), chunk("", "stop"), done=False, end=[Close()])
    with streaming(gateway, endpoint, serve(upstream.url), n=2) as stream:
        *_, last = events_of(stream)
    assert "upstream_error" == last["error"]["code"]


@both
def test_a_client_that_leaves_is_charged_for_its_text(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("x" * 40), done=False, end=[Hang()])
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        next(stream.events())
    upstream.wait_closed()
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    assert ("client_gone", 10) == (record.outcome, record.completion_tokens)


@both
def test_a_stream_that_never_begins_is_tried_elsewhere(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    with Upstream(sse({"error": {"message": "overloaded", "code": 503}}, done=False)) as broken:
        upstream.default = sse(*HEALTHY)
        with streaming(gateway, endpoint, serve(broken.url, upstream.url)) as stream:
            assert "[DONE]" == events_of(stream)[-1]


@both
def test_a_document_in_place_of_a_stream_is_streamed(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    answers = [endpoint.ask(gateway, model, stream=True) for _ in range(6)]
    assert [(200, True)] * 6 == [(answer.status, answer.body.endswith(b"data: [DONE]\n\n")) for answer in answers]
    assert 6 == len(upstream.chats)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"stream": "yes"}, "stream"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"stream": True, "stream_options": []}, "stream_options"),
    ],
    ids=str,
)
@both
def test_a_wrong_field_is_named_and_not_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, fields: dict[str, Any], word: str
) -> None:
    answer = endpoint.ask(gateway, serve(upstream.url), **fields)
    assert (400, True, []) == (answer.status, f"'{word}'" in answer.error["message"], upstream.chats)


@pytest.mark.parametrize(
    ("prompt", "held"),
    [("x" * 40, 10 + 20), (["x" * 40] * 3, 30 + 60), ([1, 2, 3], 3 + 20), ([[1, 2], [3]], 3 + 40)],
    ids=["text", "texts", "tokens", "lists of tokens"],
)
def test_a_prompt_is_held_for_at_the_price_that_it_may_cost(
    gateway: Gateway, serve: Serve, upstream: Upstream, prompt: object, held: int
) -> None:
    """1 USD per million of either: a thousand nano-USD a token; each prompt may be answered by 20 tokens."""
    model = serve(upstream.url, price={"input": "1", "output": "1"})
    upstream.default = COMPLETIONS.answer
    quota = f"{held * 1000 / 10**9:.9f}"
    short = f"{(held * 1000 - 1) / 10**9:.9f}"
    statuses = [
        COMPLETIONS.ask(gateway, model, key=gateway.add_token(quota=amount), prompt=prompt).status
        for amount in (short, quota)
    ]
    assert [402, 200] == statuses


def test_a_completion_without_usage_shows_what_was_booked(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = json_answer(
        200, {**ENVELOPE, "choices": [{"index": 0, "text": "x" * 40, "finish_reason": "stop"}]}
    )
    model = serve(upstream.url)
    answer = COMPLETIONS.ask(gateway, model, prompt="x" * 40)
    (record,) = gateway.books.records(model)
    assert (20, "estimated", 10, 10) == (
        answer.json()["usage"]["total_tokens"],
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
    )
